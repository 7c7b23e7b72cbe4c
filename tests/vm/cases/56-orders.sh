# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A channel comes in every order: its nodes first and then both modules, by udev and
# the alias of each; its backend first; its frontend first. Each for a channel that goes
# straight to Connected, as a network's, and for one that waits for its hotplug script,
# as a disk's. Guest d, which is a Debian, and dom0 have the same udev.

orders_conf=/etc/mydevice/attachd.conf.d/orders.conf
orders_script=/etc/xen/scripts/orders

orders_begin() {
	dom0 "printf '%s\n' '[Device block]' Script=$orders_script >$orders_conf &&
		printf '%s\n' '#!/bin/sh' 'echo \$1 >>/run/orders' >$orders_script &&
		chmod 755 $orders_script && mydevice-attachd --check && systemctl reload mydevice-attachd"
}

# orders_unload MACHINE MODULE: the core as well
orders_unload() {
	on "$1" "cd /sys/bus/xen*/drivers/$2 && for device in mydevice-*; do
			! test -e \$device || echo \$device >unbind || exit
		done; cd / && rmmod $2 mydevice && ! lsmod | grep -w ^mydevice"
}

# orders_hold MACHINE MODULE: its udev hears of nothing until it is let go
orders_hold() {
	orders_unload "$1" "$2" && on "$1" "udevadm control --stop-exec-queue"
}

orders_let_go() {
	on "$1" "udevadm control --start-exec-queue" &&
		eventually 30 on "$1" "test -d /sys/module/$2"
}

# orders_come_to NAME FRONTEND BACKEND
orders_come_to() {
	eventually 30 channels "guest == 'd' and name == '$1' and frontend_state == '$2' and
		backend_state == '$3'" || { dom0 mydevicectl list d && return 1; }
}

# Both ends can be used.
orders_connects() {
	local rc=0
	orders_come_to "$1" Connected Connected || return
	eventually 10 dom0 test -c "/dev/mydevice-back/d/$1" || return
	eventually 10 guest d test -c "/dev/mydevice/$1" || return
	guest d "timeout 20 sh -c 'echo to the host && head -n 1 >&2' <>/dev/mydevice/$1 >&0" \
		2>"$vm_work/orders.log" &
	[ "$(dom0 "timeout 20 sh -c 'head -n 1 && echo to the guest >&0' \
		<>/dev/mydevice-back/d/$1")" = "to the host" ] || rc=1
	wait $! && grep -x "to the guest" "$vm_work/orders.log" && return $rc
}

orders_detach() {
	dom0 "mydevicectl detach d $1 && ! mydevicectl status d $1"
}

orders_loaded() {
	dom0 test -d /sys/module/mydeviceback && guest d test -d /sys/module/mydevicefront
}

# As often as a device came.
orders_script_ran() {
	[ "$(dom0 'grep -c add /run/orders')" -eq 3 ] && [ "$(dom0 'grep -c remove /run/orders')" -eq 3 ]
}

orders_end() {
	dom0 "rm $orders_conf $orders_script /run/orders && systemctl reload mydevice-attachd" &&
		for name in a b d; do
			eventually 30 connected $name || return
		done
}

if expect orders-begin orders_begin; then
	for name in net block; do
		expect "orders-$name-frontend-goes" orders_unload d mydevicefront
		expect "orders-$name-backend-goes" orders_unload dom0 mydeviceback
		expect "orders-$name-comes-first" dom0 mydevicectl attach d $name
		expect "orders-$name-udev-loads-both" eventually 30 orders_loaded
		expect "orders-$name-connects-after-both" orders_connects $name
		expect "orders-$name-goes-after-both" orders_detach $name

		expect "orders-$name-backend-comes" eval "orders_hold d mydevicefront &&
			dom0 mydevicectl attach d $name && orders_come_to $name Initialising InitWait"
		expect "orders-$name-frontend-follows" orders_let_go d mydevicefront
		expect "orders-$name-connects-after-backend" orders_connects $name
		expect "orders-$name-goes-after-backend" orders_detach $name

		expect "orders-$name-frontend-comes" eval "orders_hold dom0 mydeviceback &&
			dom0 mydevicectl attach d $name && orders_come_to $name Initialising Initialising &&
			eventually 10 guest d test -c /dev/mydevice/$name"
		expect "orders-$name-backend-follows" orders_let_go dom0 mydeviceback
		expect "orders-$name-connects-after-frontend" orders_connects $name
		expect "orders-$name-goes-after-frontend" orders_detach $name
	done
	expect orders-script-ran-each-time eventually 20 orders_script_ran
	expect orders-over orders_end
fi
