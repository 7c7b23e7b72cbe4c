# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A guest that reboots is another domain, and has its channel again.

reboots() {
	local name=$1 old new nodes
	old=$(domid "$name")
	dom0 xl reboot -F "$name" || dom0 xl reboot "$name" || return
	eventually 120 is_another "$name" "$old" || return
	eventually 90 connected "$name" || return
	new=$(domid "$name")
	[ "$new" != "$old" ] || return
	nodes=$(node_paths) || return
	grep -F "/backend/mydevice/$new/" <<<"$nodes" >/dev/null &&
		! grep -E "/(backend/mydevice|mydevice/.*)/$old(/|\$)" <<<"$nodes"
}
for name in a b; do
	expect "reboot-$name" reboots "$name"
	expect "transfer-after-reboot-$name" pass_bytes "$name" both $((1 * MiB))
done
