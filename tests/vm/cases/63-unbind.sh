# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Drivers that are unbound while xenwatch removes their devices, for UNBIND_SECONDS:
# xenwatch goes on serving all domains. attachd would write the nodes itself.

unbind_begins() {
	lab push tests/vm/unbind.py /root/unbind.py &&
		dom0 "systemctl stop mydevice-attachd && modprobe -a mydevicefront mydeviceback"
}

# unbind_repairs GUEST: its channel, in whatever state the loop has left it. The frontend
# may have offered rings before its state was written over: it begins again when the
# backend has closed.
unbind_repairs() {
	local id
	id=$(domid "$1") && dom0 "back=/local/domain/0/backend/mydevice/$id/0
		bus=/sys/bus/xen-backend device=mydevice-$id-0
		xenstore-write \$back/online 1 /local/domain/$id/device/mydevice/0/state 1
		test -e \$bus/devices/\$device || xenstore-write \$back/state 1
		sleep 1
		! test -e \$bus/devices/\$device/driver || echo \$device >\$bus/drivers/mydeviceback/unbind
		sleep 1
		echo \$device >\$bus/drivers/mydeviceback/bind"
}

unbind_over() {
	unbind_repairs a && unbind_repairs b && dom0 "systemctl start mydevice-attachd" &&
		eventually 30 connected a && eventually 30 connected b
}

# The modules seem to be outdated, and cannot be removed.
unbind_reload_recovers() {
	# shellcheck disable=SC2016 # for the host
	dom0 'mkdir -p /root/shim && cd /root/shim && printf "#!/bin/sh\necho other\n" >modinfo &&
		printf "#!/bin/sh\nexit 1\n" >rmmod && chmod +x modinfo rmmod &&
		PATH=/root/shim:$PATH mydevice-reload 2>&1; test $? -eq 1' &&
		eventually 30 connected a && eventually 30 connected b
}

unbind_before=$(holdings) || report_fail unbind-holdings-can-be-listed "$unbind_before"
if expect unbind-begins unbind_begins; then
	expect unbind-xenwatch-answers dom0 "timeout $((${UNBIND_SECONDS:-40} + 130)) \
		python3 -B /root/unbind.py ${UNBIND_SECONDS:-40} $(domid a) $(domid b)"
	if expect unbind-over unbind_over; then
		expect unbind-frontend-goes dom0 "udevadm settle --timeout=120; rmmod mydevicefront"
		expect unbind-reload-recovers unbind_reload_recovers
		for name in a b; do
			expect "unbind-transfer-$name" pass_bytes $name both $((1 * MiB))
		done
		expect unbind-nothing-is-left eventually 20 nothing_new "$unbind_before"
	fi
fi
