# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the guest expands
#
# Where the frontend gives up its rings: the backend has unmapped them by then, so that
# the guest has its memory back at once. Linux defers a grant that is still mapped, and
# frees ten of those in a second.

grants_channels=demo:1M,g1:1M,g2:1M,g3:1M,g4:1M,g5:1M,g6:1M,g7:1M
grants_kib=$((8 * (1 + 2 * 256) * 4))

grants_unload='cd /sys/bus/xen/drivers/mydevicefront && for device in mydevice-*; do
	echo $device >unbind; done; cd /'

grants_load() {
	guest "$1" "$grants_unload; rmmod mydevicefront &&
		insmod /lib/modules/mydevicefront.ko channels=$2"
}

grants_all_connected() {
	[ "$(channels "guest == '$1' and frontend_state == backend_state == 'Connected'" |
		wc -l)" -eq 8 ]
}

# The memory is back within two seconds, but for what the kernel keeps for each processor.
grants_are_given_back() {
	guest "$1" "free() { sed -n 's/^MemFree: *\([0-9]*\) kB/\1/p' /proc/meminfo; }
		deferred() { dmesg | grep -c 'deferring g.e.'; }
		[ -e /proc/dynamic_debug ] || mount -t debugfs none /sys/kernel/debug
		echo 'file grant-table.c +p' >/proc/dynamic_debug/control
		free=\$(free) deferred=\$(deferred)
		$grants_unload
		for i in 1 2 3 4; do
			sleep 0.5
			freed=\$((\$(free) - free))
			[ \$freed -lt $((grants_kib - 1024)) ] || break
		done
		deferred=\$((\$(deferred) - deferred))
		echo 'file grant-table.c -p' >/proc/dynamic_debug/control
		echo \"\$freed of $grants_kib KiB after \$i half seconds, \$deferred grants deferred\"
		[ \$freed -ge $((grants_kib - 1024)) ] && [ \$deferred -eq 0 ]"
}

# grants_with_silent_backend GUEST SCRIPT: run it in the guest while nobody drives the backend.
grants_with_silent_backend() {
	local id rc=0 backends=/sys/bus/xen-backend/drivers/mydeviceback
	id=$(domid "$1") && dom0 "echo mydevice-$id-0 >$backends/unbind &&
		xenstore-write /local/domain/0/backend/mydevice/$id/0/state 4" || return
	sleep 1
	guest "$1" "cd /sys/bus/xen/drivers/mydevicefront && start=\$(date +%s) && $2" || rc=1
	dom0 "echo mydevice-$id-0 >$backends/bind" &&
		guest "$1" 'echo mydevice-0 >/sys/bus/xen/drivers/mydevicefront/bind' || rc=1
	return $rc
}

# A backend that does not answer holds an unbind up for so long.
grants_wait_is_bounded() {
	grants_with_silent_backend "$1" 'echo mydevice-0 >unbind &&
		took=$(($(date +%s) - start)) && echo "$took s" && [ $took -ge 3 ] && [ $took -le 10 ]'
}

# A process that is killed does not wait, and the device stays bound.
grants_wait_is_killable() {
	grants_with_silent_backend "$1" 'exec 3>unbind && { echo mydevice-0 >&3 & } && pid=$! &&
		sleep 1 && [ -e mydevice-0 ] && kill -9 $pid && { wait $pid; [ $? -eq 137 ]; } &&
		took=$(($(date +%s) - start)) && echo "$took s" && [ $took -le 3 ] && sleep 1 &&
		[ -e mydevice-0 ] && echo mydevice-0 >unbind && [ ! -e mydevice-0 ]'
}

for grants_guest in a b; do
	if expect "grants-$grants_guest-loaded" grants_load $grants_guest $grants_channels; then
		expect "grants-$grants_guest-connected" eventually 60 grants_all_connected $grants_guest
		expect "grants-$grants_guest-given-back" grants_are_given_back $grants_guest
	fi
	expect "grants-$grants_guest-over" grants_load $grants_guest demo
	expect "grants-$grants_guest-over-connected" eventually 30 connected $grants_guest
done
expect grants-wait-is-bounded grants_wait_is_bounded a
expect grants-wait-over eventually 20 connected a
expect grants-wait-is-killable grants_wait_is_killable a
expect grants-wait-over-again eventually 20 connected a
