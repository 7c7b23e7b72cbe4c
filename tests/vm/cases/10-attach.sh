# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A guest that boots has its channel, with the permissions it should have.

for name in "${vm_guests[@]}"; do
	expect "attach-on-boot-$name" eventually 60 connected "$name"
	expect "host-node-$name" eventually 10 dom0 test -c "/dev/mydevice-back/$name/demo"
	expect "guest-node-$name" eventually 10 guest "$name" test -c /dev/mydevice/demo
done

node_mode() {
	[ "$(dom0 stat -L -c '%a %U:%G' /dev/mydevice-back/a/demo)" = "660 root:mydevice" ]
}
expect host-node-is-for-the-group node_mode

# permissions PATH WANTED: as xenstore-ls prints them
permissions() {
	dom0 xenstore-ls -fp "$(dirname "$1")" | grep -F "$1 = " | grep -F "($2)"
}
id=$(domid a)
expect frontend-permissions permissions "/local/domain/$id/device/mydevice/0" "n$id,r0"
expect backend-permissions permissions "/local/domain/0/backend/mydevice/$id/0" "n0,r$id"

# A guest writes nothing of its backend's, of another guest's, of attachd's.
other=$(domid b)
expect guest-is-refused-what-is-not-its-own guest a intrude \
	"/local/domain/0/backend/mydevice/$id/0" "/local/domain/0/backend/mydevice/$id/0/state" \
	"/local/domain/0/backend/mydevice/$id" "/local/domain/0/backend/mydevice/$other/0/online" \
	"/local/domain/$other/device/mydevice/0/state" "/local/domain/$other/data/mydevice/0/name" \
	"/local/domain/$id/device" /mydevice "/mydevice/$id" "/mydevice/$id/mydevice@demo"
expect guest-stays-connected-after-that connected a

# ring size as the policy has it, both ways
ring_size() {
	[ "$(dom0 "cat '/sys/class/mydevice/mydevice-back!$id-0/ring_size'")" = "262144 262144" ]
}
expect ring-size-is-the-policys ring_size
