# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the guest expands
#
# Every way to close a channel, with bytes in both rings that nobody has read yet:
# both readers get all of them, then the end; who has lost the device is told so,
# who has not goes on with the same descriptor; and the channel opens again.

close_bytes=100000
# The tools close a channel that they have attached: one that the guest asked for would
# be kept from it.
close_channel=demo
close_devid=0

# At each end: writes, waits to be told, reads to the end, polls, writes a word.
close_agent='exec 3<>$node || exit
	yes $side | head -c $bytes >&3; : >/tmp/close.written
	until test -e /tmp/close.go; do sleep 0.2; done
	{ cat <&3; echo $? >/tmp/close.ended; } | sha256sum >/tmp/close.got
	read -t 0 line <&3; read -t 0 line <&3
	if echo again >&3; then echo stayed; else echo gone; fi >/tmp/close.outcome 2>&1'

# close_at inside|outside COMMAND: in guest a or in dom0.
close_at() {
	case $1 in
	inside) guest a "$2" ;;
	outside) dom0 "$2" ;;
	esac
}

close_start() {
	local side node=/dev/mydevice/$close_channel
	for side in inside outside; do
		close_at $side 'rm -f /tmp/close.*' || return
		close_at $side "side=$side node=$node bytes=$close_bytes; $close_agent" \
			>"$vm_work/close-$side.log" 2>&1 &
		node=/dev/mydevice-back/a/$close_channel
	done
	eventually 20 close_at inside 'test -e /tmp/close.written' &&
		eventually 20 close_at outside 'test -e /tmp/close.written'
}

# close_read SIDE OTHER: all that the other had written, and the end, which is no error.
close_read() {
	close_at "$1" ': >/tmp/close.go' || return
	eventually 20 close_at "$1" 'test -s /tmp/close.got' || return
	close_at "$1" 'grep -x 0 /tmp/close.ended' || return
	[ "$(close_at "$1" 'cat /tmp/close.got')" = \
		"$(head -c $close_bytes < <(yes "$2") | sha256sum)" ]
}

# close_outcome SIDE stayed|gone. What the one who stayed has written waits for a reader.
close_outcome() {
	if [ "$2" = stayed ]; then
		local reader=outside node=/dev/mydevice-back/a/$close_channel
		[ "$1" = outside ] && reader=inside node=/dev/mydevice/$close_channel
		[ "$(close_at $reader "timeout 20 head -n 1 $node")" = again ] || return
	fi
	eventually 10 close_at "$1" "grep -x $2 /tmp/close.outcome" &&
		{ [ "$2" = stayed ] || close_at "$1" "grep 'No such device' /tmp/close.outcome"; }
}

# What mydevicectl status says of a channel whose backend has no driver.
close_unbound_is_told() {
	channels "guest == 'a' and name == '$close_channel' and driver is None and
		'the backend has closed and not begun again' in (waiting_for or '')"
}

# Connected, with a node on each end.
close_connected() {
	channels "guest == 'a' and name == '$close_channel' and
		frontend_state == backend_state == 'Connected' and
		driver == 'mydeviceback' and waiting_for is None" &&
		guest a test -c "/dev/mydevice/$close_channel" &&
		dom0 test -c "/dev/mydevice-back/a/$close_channel"
}

close_opens_again() {
	local rc=0
	guest a "echo to the host >/dev/mydevice/$close_channel" &
	[ "$(dom0 timeout 20 cat "/dev/mydevice-back/a/$close_channel")" = "to the host" ] || rc=1
	wait $! && return $rc
}

close_states() {
	local front=/local/domain/$close_id/device/mydevice/0
	[ "$(dom0 xenstore-read "$front/state" \
		"/local/domain/0/backend/mydevice/$close_id/0/state" | paste -sd /)" = "$1" ]
}

close_directories_are_gone() {
	local dirs="$close_id/device/mydevice|0/backend/mydevice/$close_id" nodes
	nodes=$(node_paths) || return
	! grep -E "^/local/domain/($dirs)/$close_devid(/|\$)" <<<"$nodes"
}

# Each way: what is done, what can be seen, and how it is undone.
close_by_tools() {
	dom0 mydevicectl detach a extra && close_directories_are_gone
}
undo_tools() {
	dom0 mydevicectl attach a extra
}

close_by_frontend() {
	tests/semantics/xen-control a 0 unbind front && eventually 10 close_states 6/6
}
undo_frontend() {
	tests/semantics/xen-control a 0 bind front
}

close_by_backend() {
	tests/semantics/xen-control a 0 unbind back && eventually 10 close_states 1/6 &&
		eventually 10 close_unbound_is_told
}
undo_backend() {
	tests/semantics/xen-control a 0 bind back
}

# The bus holds a driver's module as long as a device is bound to it. The frontend's
# requests go with it, so that attachd takes the device.
close_by_frontend-unload() {
	guest a 'cd /sys/bus/xen/drivers/mydevicefront && echo mydevice-0 >unbind && cd / &&
		rmmod mydevicefront' && eventually 10 close_directories_are_gone
}
undo_frontend-unload() {
	guest a 'insmod /lib/modules/mydevicefront.ko channels=demo'
}

close_by_backend-unload() {
	dom0 'cd /sys/bus/xen-backend/drivers/mydeviceback && for device in mydevice-*; do
			echo $device >unbind || exit; done; cd / && rmmod mydeviceback' &&
		eventually 10 close_states 1/6
}
undo_backend-unload() {
	dom0 modprobe mydeviceback && eventually 20 connected b && eventually 20 connected d
}

# As a driver does that has found an error. Both end closed, until one is bound again.
close_by_frontend-error() {
	dom0 xenstore-write "/local/domain/$close_id/device/mydevice/0/state" 5 &&
		eventually 10 close_states 6/6
}
undo_frontend-error() {
	undo_backend-error
}
close_by_backend-error() {
	dom0 xenstore-write "/local/domain/0/backend/mydevice/$close_id/0/state" 5 &&
		eventually 10 close_states 6/6
}
undo_backend-error() {
	tests/semantics/xen-control a 0 unbind back && tests/semantics/xen-control a 0 bind back
}

# close_walk WAY INSIDE OUTSIDE: what becomes of the descriptor in guest and host
close_walk() {
	local way=$1
	expect "close-$way-begins" close_start || return
	if ! expect "close-$way" "close_by_$way"; then
		# the next way begins where this one did
		"undo_$way" >/dev/null 2>&1
		return
	fi
	expect "close-$way-inside-reads-all" close_read inside outside
	expect "close-$way-outside-reads-all" close_read outside inside
	expect "close-$way-undone" "undo_$way"
	expect "close-$way-connected-again" eventually 20 close_connected
	expect "close-$way-inside-$2" close_outcome inside "$2"
	expect "close-$way-outside-$3" close_outcome outside "$3"
	expect "close-$way-opens-again" close_opens_again
}

close_id=$(domid a)
if ! close_before=$(holdings a) || ! close_inside_before=$(guest_holdings a); then
	report_fail close-holdings-can-be-listed
fi
close_walk frontend gone stayed
close_walk backend stayed gone
close_walk frontend-unload gone gone
close_walk backend-unload stayed gone
close_walk frontend-error stayed gone
close_walk backend-error stayed gone
expect close-host-is-left-with-nothing eventually 20 nothing_new "$close_before" a
expect close-guest-is-left-with-nothing eventually 20 guest_holds "$close_inside_before" a
# What is detached by hand is noted, until the guest is gone.
if expect close-extra-channel dom0 mydevicectl attach a extra; then
	close_channel=extra
	close_devid=4095
	expect close-extra-connected eventually 20 close_connected
	close_walk tools gone gone
	expect close-extra-detached dom0 mydevicectl detach a extra
fi
