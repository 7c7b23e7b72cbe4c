# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the guest expands
#
# A frontend that lies, in the Debian guest in place of its driver, against a
# host in which a program keeps reading. Each lie is refused or survived, the
# other guests do not notice, and the guest's own driver connects again.

hostile_request=/local/domain/$(domid d)/data/mydevice/0

# As our driver would ask, but by hand. The driver's file is put aside, because
# udev loads it again as soon as the device appears.
hostile_begin() {
	guest d 'mv "$(modinfo -n mydevicefront)" /root/mydevicefront.ko &&
		echo mydevice-0 >/sys/bus/xen/drivers/mydevicefront/unbind &&
		rmmod mydevicefront && modprobe -a xen-gntalloc xen-evtchn' || return
	eventually 20 dom0 '! test -e /dev/mydevice-back/d/demo' || return
	lab push "$vm_work/guest/usr/bin/hostile" d:/root/hostile || return
	dom0 "xenstore-write $hostile_request/name demo && xenstore-write $hostile_request/request 1" ||
		return
	eventually 20 dom0 test -e /dev/mydevice-back/d/demo && sleep 1 &&
		guest d '! lsmod | grep -w mydevicefront'
}

if expect hostile-begins hostile_begin; then
	# Handshakes that are right cost the host most: it takes some at once, then one in a
	# second. Meanwhile another guest's own takes about as long as before.
	hostile_handshakes_are_few() {
		local count
		count=$(sed -n 's/ handshakes$//p' "$vm_work/hostile.log")
		cat "$vm_work/hostile.log"
		[ "$count" -ge 5 ] && [ "$count" -le 33 ]
	}
	# Prints the seconds.
	hostile_other_attaches() {
		local began=$SECONDS
		guest a 'cd /sys/bus/xen/drivers/mydevicefront && echo mydevice-0 >unbind &&
			echo mydevice-0 >bind' && eventually 60 connected a >&2 || return
		echo $((SECONDS - began))
	}
	hostile_other_attaches_as_before() {
		local took
		took=$(hostile_other_attaches) || return
		echo "$took s, without other handshakes $1 s"
		[ "$took" -le $((2 * $1 + 5)) ]
	}
	hostile_undisturbed=$(hostile_other_attaches)
	guest d timeout 60 /root/hostile 0 20 >"$vm_work/hostile.log" 2>&1 &
	hostile_job=$!
	sleep 5
	expect hostile-handshakes-others-attach hostile_other_attaches_as_before "$hostile_undisturbed"
	wait $hostile_job
	expect hostile-handshakes-are-few hostile_handshakes_are_few

	hostile_lines=$(log_lines) hostile_since=$SECONDS
	dom0 systemd-run -q --unit=hostile-reader bash -c \
		'while sleep 0.05; do timeout 30 cat /dev/mydevice-back/d/demo; done >/dev/null 2>&1'
	report_from hostile 22 < <(guest d timeout 300 /root/hostile 0 2>&1)
	# A line is worth some hundred of a guest's lies. Of mappings that fail, two in a second
	# are tried, and each has two lines.
	expect hostile-floods-no-log logged_less_than $((200 + 3 * (SECONDS - hostile_since))) \
		"$hostile_lines"
	expect hostile-others-unharmed pass_bytes a both $((1 * MiB))
	dom0 systemctl stop hostile-reader

	hostile_over() {
		dom0 "xenstore-rm $hostile_request"
		eventually 20 dom0 '! test -e /dev/mydevice-back/d/demo' || return
		guest d 'mv /root/mydevicefront.ko "/lib/modules/$(uname -r)/updates/dkms/" &&
			modprobe mydevicefront' && eventually 30 connected d
	}
	expect hostile-over-driver-connects hostile_over
fi
