# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A guest that reboots is another domain, and has its channel again.

is_another() {
	[ "$(dom0 xl domid "$1")" != "$2" ]
}

reboots() {
	local name=$1 old new
	old=$(domid "$name")
	dom0 xl reboot -F "$name" || dom0 xl reboot "$name" || return
	eventually 120 is_another "$name" "$old" || return
	eventually 90 connected "$name" || return
	new=$(domid "$name")
	[ "$new" != "$old" ] || return
	! dom0 "xenstore-ls -f /local/domain/0/backend/mydevice /mydevice 2>/dev/null" | grep -F "/$old/"
}
for name in a b; do
	expect "reboot-$name" reboots "$name"
	expect "transfer-after-reboot-$name" pass_bytes "$name" both $((1 * MiB))
done
