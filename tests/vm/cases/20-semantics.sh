# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The semantics of the files between domains: one end in a PV guest, then in a PVH guest,
# the other in dom0, with bytes and with packets. What is the same for both is shown with
# bytes and in the PV guest, whose calls go another way; in the PVH guest it is the same
# code as without Xen, where tests/core/run has all of it.

. tests/semantics/report.sh

# semantics_wish GUEST CHANNELS: the guest's driver is loaded again, with them.
semantics_wish() {
	# shellcheck disable=SC2016 # for the guest
	guest "$1" 'cd /sys/bus/xen/drivers/mydevicefront &&
		for device in mydevice-*; do echo $device >unbind; done' &&
		guest "$1" "rmmod mydevicefront && insmod /lib/modules/mydevicefront.ko channels=$2"
}

# semantics_there GUEST NAME: connected, with a node on each end
semantics_there() {
	channels "guest == '$1' and name == '$2' and
		frontend_state == backend_state == 'Connected'" &&
		guest "$1" test -c "/dev/mydevice/$2" && dom0 test -c "/dev/mydevice-back/$1/$2"
}

# semantics_rows GUEST NAME DEVID [--own]
semantics_rows() {
	local lab="tests/lab/lab --name ${VM_LAB:-check}" name=$1 channel=$2 devid=$3
	shift 3

	timeout 600 "$vm_work/guest/usr/bin/semantics" run --moment 100 --slow "${VM_SLOW:-1}" --tools "cat dd" \
		--front "$lab guest $name semantics agent /dev/mydevice/$channel" \
		--back "$lab run semantics agent /dev/mydevice-back/$name/$channel" \
		--control "tests/semantics/xen-control $name $devid" "$@"
}

# One guest after the other: they would share dom0's files and traces.
for name in a b; do
	expect "semantics-wish-$name" semantics_wish $name demo,bytes:stream:64K,calls:packet:64K
	expect "semantics-bytes-$name" eventually 30 semantics_there $name bytes
	expect "semantics-calls-$name" eventually 30 semantics_there $name calls
	case $name in
	a) semantics_report a/bytes < <(semantics_rows a bytes 1) ;;
	b) semantics_report b/bytes < <(semantics_rows b bytes 1 --own) ;;
	esac
	semantics_report "$name/calls" < <(semantics_rows "$name" calls 2 --own)
	expect "semantics-over-$name" semantics_wish $name demo
	expect "semantics-demo-again-$name" eventually 30 connected $name
done

# Both ends in dom0, the nodes written by hand, as a toolstack of somebody else's would.
loop_front=/local/domain/0/device/mydevice/4000
loop_back=/local/domain/0/backend/mydevice/0/4000

loop_attach() {
	dom0 "modprobe -a mydevicefront mydeviceback && xenstore-write \
		$loop_back/frontend $loop_front $loop_back/frontend-id 0 $loop_back/online 1 \
		$loop_back/name loop $loop_back/ring-size 4096 $loop_back/state 1 \
		$loop_front/backend $loop_back $loop_front/backend-id 0 $loop_front/state 1"
	eventually 10 dom0 "test \$(xenstore-read $loop_front/state) = 4"
}

# An open file outlives its device: the bytes, the end, then, after a poll, ENODEV.
outlive() {
	dom0 "exec 3<>/dev/mydevice/4000 4<>/dev/mydevice-back/0-4000 &&
		echo left behind >&3 &&
		xenstore-write $loop_back/online 0 $loop_back/state 5 && sleep 1 &&
		xenstore-rm $loop_front && xenstore-rm $loop_back && sleep 1 &&
		test ! -e /dev/mydevice-back/0-4000 &&
		read -r line <&4 && test \"\$line\" = 'left behind' &&
		! read -r line <&4 && { read -t 0 line <&4; read -t 0 line <&4; true; } &&
		dd bs=1 count=1 <&4 2>&1 | grep 'No such device'"
}

# A device may go while its driver takes it.
loop_hurries() {
	lab push tests/vm/hurry.py /root/hurry.py && dom0 python3 /root/hurry.py 100
}
expect loop-attach loop_attach &&
	expect file-outlives-the-device outlive
expect loop-hurries loop_hurries
# udev may still have events of those, for each of which it would load the driver
expect loop-frontend-goes dom0 "udevadm settle --timeout=120 && rmmod mydevicefront"
