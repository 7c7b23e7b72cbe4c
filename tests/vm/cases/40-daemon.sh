# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# attachd may die at any time: nothing that is connected notices.

nodes() {
	dom0 "xenstore-ls -fp /local/domain/0/backend/mydevice
		xenstore-ls -fp /local/domain/$(domid a)/device/mydevice"
}

killed_under_traffic() {
	local before after old rc=0
	before=$(nodes)
	old=$(dom0 systemctl show -P MainPID mydevice-attachd)
	pass_bytes a both $((16 * MiB)) &
	sleep 1
	dom0 kill -9 "$old" || rc=1
	wait $! || rc=1
	eventually 30 dom0 systemctl -q is-active mydevice-attachd || rc=1
	[ "$(dom0 systemctl show -P MainPID mydevice-attachd)" != "$old" ] || rc=1
	eventually 20 connected a || rc=1
	after=$(nodes)
	diff <(echo "$before") <(echo "$after") || rc=1
	return $rc
}
expect daemon-killed-under-traffic killed_under_traffic
expect traffic-after-the-kill pass_bytes a both $((1 * MiB))
