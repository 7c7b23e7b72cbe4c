# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the guest expands
#
# A suspend that fails in the guest, because another device refuses: Linux resumes those
# devices that were frozen already as after a restore, but it is the same domain, and its
# sessions go on.

# Devices are frozen in the order in which they came, the last one first.
suspend_begin() {
	guest "$1" 'cd /sys/bus/xen/drivers/mydevicefront && for device in mydevice-*; do
			echo $device >unbind; done; cd / && rmmod mydevicefront' &&
		eventually 20 no_channels "guest == '$1' and name == 'demo'" &&
		guest "$1" 'insmod /pairs/balky.ko &&
			insmod /lib/modules/mydevicefront.ko channels=demo' &&
		eventually 20 connected "$1"
}

# One session, from before to after.
suspend_fails() {
	local id got reader writer
	id=$(domid "$1") || return
	dom0 "timeout 40 cat /dev/mydevice-back/$1/demo" >"$vm_work/suspend.log" &
	reader=$!
	guest "$1" '{ echo before
		for i in $(seq 20); do [ ! -e /tmp/suspended ] || break; sleep 1; done
		echo after; } >/dev/mydevice/demo' &
	writer=$!
	sleep 2
	dom0 xenstore-write "/local/domain/$id/control/shutdown" suspend
	eventually 10 guest "$1" 'dmesg | grep "dpm_suspend_start -16"' &&
		guest "$1" 'sleep 1; touch /tmp/suspended'
	wait $writer $reader
	got=$(paste -sd , "$vm_work/suspend.log")
	echo "got: $got"
	[ "$got" = before,after ]
}

for suspend_guest in a b; do
	if expect "suspend-$suspend_guest-begin" suspend_begin $suspend_guest; then
		expect "suspend-$suspend_guest-fails" suspend_fails $suspend_guest
		expect "suspend-$suspend_guest-connected" eventually 20 connected $suspend_guest
		expect "suspend-$suspend_guest-bytes" pass_bytes $suspend_guest both $((1 * MiB))
	fi
	expect "suspend-$suspend_guest-over" guest $suspend_guest 'rm -f /tmp/suspended; rmmod balky'
done
expect suspend-restore guest_restore a
expect suspend-restored eventually 30 connected a
