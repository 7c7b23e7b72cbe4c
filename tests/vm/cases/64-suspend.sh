# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the guest expands
#
# A suspend that fails in the guest, because another device refuses: Linux resumes all
# devices as after a restore, but it is the same domain, and its sessions go on.

# One session. The guest's network does not survive this, so it has to know by itself.
suspend_fails() {
	local id got reader
	id=$(domid "$1") && guest "$1" 'insmod /pairs/balky.ko &&
		cat >/tmp/suspend <<\END
{
	echo before
	for i in $(seq 40); do
		dmesg | grep -q "dpm_suspend_end failed" && break
		sleep 0.5
	done
	sleep 2
	dmesg | grep -c "dpm_suspend_end failed"
	echo after
} >/dev/mydevice/demo
END
		sh /tmp/suspend >/dev/null 2>&1 </dev/null &' || return
	dom0 "timeout 40 cat /dev/mydevice-back/$1/demo" >"$vm_work/suspend.log" &
	reader=$!
	sleep 2
	dom0 xenstore-write "/local/domain/$id/control/shutdown" suspend
	wait $reader
	got=$(paste -sd , "$vm_work/suspend.log")
	echo "got: $got"
	[ "$got" = before,1,after ]
}

for suspend_guest in a b; do
	expect "suspend-$suspend_guest-fails" suspend_fails $suspend_guest
	# this one does not fail, and brings the network back
	expect "suspend-$suspend_guest-restore" guest_restore $suspend_guest
	expect "suspend-$suspend_guest-connected" eventually 30 connected $suspend_guest
	expect "suspend-$suspend_guest-over" guest $suspend_guest rmmod balky
	expect "suspend-$suspend_guest-bytes" pass_bytes $suspend_guest both $((1 * MiB))
done
