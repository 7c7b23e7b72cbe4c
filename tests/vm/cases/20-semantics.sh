# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The semantics of the files, with both ends of a channel in dom0: the nodes
# are written by hand, as a toolstack of somebody else's would.

loop_front=/local/domain/0/device/mydevice/4000
loop_back=/local/domain/0/backend/mydevice/0/4000

# loop_attach RING-SIZE
loop_attach() {
	dom0 "modprobe -a mydevicefront mydeviceback && xenstore-write \
		$loop_back/frontend $loop_front $loop_back/frontend-id 0 $loop_back/online 1 \
		$loop_back/name loop $loop_back/ring-size $1 $loop_back/state 1 \
		$loop_front/backend $loop_back $loop_front/backend-id 0 $loop_front/state 1"
	eventually 10 dom0 "test \$(xenstore-read $loop_front/state) = 4"
}

loop_detach() {
	dom0 "xenstore-write $loop_back/online 0 $loop_back/state 5"
	eventually 10 dom0 "test \$(xenstore-read $loop_back/state) = 6"
	dom0 "xenstore-rm $loop_front; xenstore-rm $loop_back"
	eventually 10 dom0 '! test -e /dev/mydevice-back/0-4000'
}

for size in 4096 262144 1048576; do
	expect "loop-attach-$size" loop_attach $size || continue
	while read -r verdict name; do
		case $verdict in
		PASS) report_pass "$name-ring-$size" ;;
		FAIL) report_fail "$name-ring-$size" "$detail" ;;
		*) detail="$verdict $name" ;;
		esac
	done < <(dom0 timeout 120 semantics /dev/mydevice/4000 /dev/mydevice-back/0-4000;
		[ $? -le 1 ] || echo "FAIL semantics-ended-early")
	expect "loop-detach-$size" loop_detach
done

# An open file outlives its device: the bytes, the end, then ENODEV.
outlive() {
	dom0 "exec 3<>/dev/mydevice/4000 4<>/dev/mydevice-back/0-4000 &&
		echo left behind >&3 &&
		xenstore-write $loop_back/online 0 $loop_back/state 5 && sleep 1 &&
		xenstore-rm $loop_front && xenstore-rm $loop_back && sleep 1 &&
		test ! -e /dev/mydevice-back/0-4000 &&
		read -r line <&4 && test \"\$line\" = 'left behind' &&
		! read -r line <&4 &&
		dd bs=1 count=1 <&4 2>&1 | grep 'No such device'"
}
expect loop-attach-again loop_attach 4096 &&
	expect file-outlives-the-device outlive
