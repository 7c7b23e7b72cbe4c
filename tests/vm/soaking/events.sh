# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the guest expands
#
# What can happen to a channel: event_NAME GUEST CHANNEL does it, and returns when it is
# done, whether or not bytes flow again. To be sourced after lib.sh.

# A line each: the event, whom it happens to, whether programs in the guest keep their
# descriptors, and the types of guest that can have it.
#	guest: this guest and no other
#	host: all guests
#	daemon: attachd, so that no session ends; it may happen together with any other
soak_events='
detach			guest	new	any
frontend-rebind		guest	new	any
frontend-reload		guest	new	any
backend-rebind		guest	kept	any
backend-reload		host	kept	any
reboot			guest	new	any
create			guest	new	any
restore			guest	kept	any
migrate			guest	kept	pvh
checkpoint		guest	kept	any
pause			guest	kept	any
set			guest	kept	any
close-inside		guest	new	any
close-outside		guest	kept	any
end-inside		guest	new	any
end-outside		guest	new	any
daemon-restart		daemon	kept	any
daemon-kill		daemon	kept	any
daemon-reload		daemon	kept	any
daemon-upgrade		daemon	kept	any
'

# The tools take what they have given: one that the guest asks for would be kept from it.
# The daemon may be gone before it has answered, and knows of its orders when it is back.
event_detach() {
	eventually 120 dom0 "mydevicectl detach $1 extra || {
			list=\$(mydevicectl list $1) && ! echo \"\$list\" | grep -w extra; }" &&
		event_attach "$1"
}

event_attach() {
	eventually 120 dom0 "mydevicectl attach $1 extra || mydevicectl list $1 | grep -w extra"
}

event_frontend-rebind() {
	local device=mydevice-0
	# the id that the daemon gives what nobody has asked for
	[ "$2" = demo ] || device=mydevice-4095
	guest "$1" "cd /sys/bus/xen/drivers/mydevicefront && echo $device >unbind &&
		echo $device >bind"
}

event_frontend-reload() {
	guest "$1" 'cd /sys/bus/xen/drivers/mydevicefront && for device in mydevice-*; do
			echo $device >unbind || exit; done; cd / && rmmod mydevicefront &&
		insmod /lib/modules/mydevicefront.ko channels=demo'
}

event_backend-rebind() {
	dom0 "cd /sys/bus/xen-backend/drivers/mydeviceback &&
		device=mydevice-\$(basename \$(readlink /dev/mydevice-back/$1/$2)) &&
		echo \$device >unbind && echo \$device >bind"
}

event_backend-reload() {
	dom0 'cd /sys/bus/xen-backend/drivers/mydeviceback && for device in mydevice-*; do
			echo $device >unbind || exit; done; cd / && rmmod mydeviceback &&
		modprobe mydeviceback'
}

# event_another GUEST CMD...: it makes another domain of the guest, if there is one
event_another() {
	local name=$1 old
	shift
	old=$(domid "$name") || old=none
	"$@" && eventually 600 is_another "$name" "$old" &&
		eventually 120 dom0 "! xl list $old"
}

# watched GUEST: by the xl that would create it again after a reboot. That takes a
# checkpoint for the domain's end.
watched() {
	dom0 "log=\$(grep -l '(domid $(domid "$1")) to die' /var/log/xen/xl-*) &&
		! tail -q -n 1 \$log | grep Exiting"
}

event_reboot() {
	if watched "$1"; then
		event_another "$1" dom0 "xl reboot $1 2>&1"
	else
		dom0 "xl reboot $1 2>&1" && eventually 300 dom0 "xl list $1 | grep -e ---s" &&
			event_create "$1"
	fi
}

# Its UUID is a new one, so it is new to the daemon, too.
event_create() {
	event_another "$1" dom0 "xl destroy $1 2>&1; xl create -q /etc/xen/lab/$1.cfg 2>&1" &&
		event_attach "$1"
}

event_restore() {
	event_another "$1" guest_restore "$1"
}

event_migrate() {
	event_another "$1" guest_migrate "$1"
}

event_checkpoint() {
	guest_checkpoint "$1"
}

event_pause() {
	guest_pause "$1"
}

# Held to a rate, then to nothing at all, and let go.
event_set() {
	local setting
	for setting in rate-bytes=16K paused=yes 'paused=no rate-bytes=0'; do
		eventually 120 dom0 "mydevicectl set $1 $2 $setting" && sleep 1 || return
	done
}

event_close-inside() {
	guest "$1" "kill -USR2 \$(cat /run/$2)"
}

event_close-outside() {
	dom0 "systemctl kill -s USR2 shuttle-$1-$2"
}

event_end-inside() {
	guest "$1" "kill -USR1 \$(cat /run/$2)"
}

event_end-outside() {
	dom0 "systemctl kill -s USR1 shuttle-$1-$2"
}

event_daemon-restart() {
	dom0 systemctl restart mydevice-attachd
}

# systemd starts it again; a unit that fails too often in a short time it would not.
event_daemon-kill() {
	dom0 'systemctl kill -s KILL mydevice-attachd; sleep 1
		systemctl reset-failed mydevice-attachd; systemctl start mydevice-attachd'
}

event_daemon-reload() {
	dom0 systemctl reload mydevice-attachd
}

event_daemon-upgrade() {
	dom0 'dpkg -i --force-confold /root/attachd.deb 2>&1'
}
