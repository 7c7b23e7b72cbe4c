# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Every pair of states in docs/PROTOCOL.md: forced upon attachd by two guests that stand
# still, upon the frontend while the backend is unbound, and upon the backend while its
# guest stands still. attachd takes its time under emulation: here it is one long diagonal
# of its tables but those of a domain that serves and dies, with STATES_STRIDE=1, as in make
# check-long, all of them.

states_domid=$(domid a)
states_front=/local/domain/$states_domid/device/mydevice/0
states_back=/local/domain/0/backend/mydevice/$states_domid/0
states_device=mydevice-$states_domid-0
states_control='cd /sys/bus/xen-backend/drivers/mydeviceback && echo'

states_still() {
	lab push "$vm_work/still" /root/still && dom0 "cat >/root/still.cfg <<END
type = \"pvh\"
kernel = \"/root/still\"
memory = 8
vcpus = 1
on_poweroff = \"preserve\"
on_reboot = \"preserve\"
on_crash = \"preserve\"
END"
}

# Guest a stands still for longer than its watchdog would believe.
states_frontend_begins() {
	guest a 'echo 0 >/proc/sys/kernel/watchdog' &&
		lab push "$vm_work/guest/usr/bin/force" /usr/local/bin/force &&
		lab push docs/PROTOCOL.md /root/PROTOCOL.md &&
		dom0 "systemctl stop mydevice-attachd && $states_control $states_device >unbind"
}

states_backend_begins() {
	dom0 "xl pause a &&
		xenstore-write $states_back/online 1 $states_back/state 1 $states_front/state 1 &&
		$states_control $states_device >bind"
}

states_over() {
	dom0 "xenstore-write $states_back/online 1 $states_front/state 1
		test -e /sys/bus/xen-backend/devices/$states_device || xenstore-write $states_back/state 1
		xl unpause a; systemctl start mydevice-attachd" &&
		eventually 30 connected a && guest a 'echo 1 >/proc/sys/kernel/watchdog'
}

if expect states-still states_still; then
	states_results=13
	[ "${STATES_STRIDE-}" != 1 ] || states_results=23
	report_from states-attachd $states_results < <(python3 -B tests/vm/walk.py "${VM_LAB:-check}" \
		"${STATES_STRIDE:-11}" 2>&1)
fi
if expect states-frontend-begins states_frontend_begins; then
	report_from states-frontend 8 < <(dom0 "force /root/PROTOCOL.md frontend $states_domid 2>&1")
	if expect states-backend-begins states_backend_begins; then
		report_from states-backend 8 < <(dom0 "force /root/PROTOCOL.md backend $states_domid 2>&1")
	fi
	expect states-over states_over
	expect states-transfer pass_bytes a both $((1 * MiB))
fi
