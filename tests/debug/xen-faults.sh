# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A case of tests/vm on a debug kernel: each allocation fails once while the drivers of
# a channel are bound, in the guest and in dom0; after that, the channel connects.

# faults_bind MACHINE DRIVER DEVICE
faults_bind() {
	local dir=/sys/bus/xen/drivers/$2
	[ "$1" = dom0 ] && dir=/sys/bus/xen-backend/drivers/$2
	lab push build/debug/faults "$([ "$1" = dom0 ] || echo "$1:")/tmp/faults" || return
	on "$1" "test -e /sys/kernel/debug/failslab || mount -t debugfs debug /sys/kernel/debug
		echo $3 >$dir/unbind && /tmp/faults write $dir/bind $3 $dir/unbind $3
		status=\$?; echo $3 >$dir/bind; exit \$status"
}

for name in a b; do
	expect "faults-bind-front-$name" faults_bind $name mydevicefront mydevice-0
	expect "faults-connected-after-front-$name" eventually 30 connected $name
	expect "faults-bind-back-$name" faults_bind dom0 mydeviceback "mydevice-$(domid $name)-0"
	expect "faults-connected-after-back-$name" eventually 30 connected $name
	expect "faults-transfer-$name" pass_bytes $name both "$MiB"
done
