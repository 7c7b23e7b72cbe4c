# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A guest destroyed in mid-transfer: its reader in the host is woken, and no
# grant, event channel, node or domain stays behind.

destroyed_in_transfer() {
	local name=$1 id start rc
	id=$(domid "$name") || return
	guest "$name" transfer send /dev/mydevice/demo $((1 << 40)) >/dev/null 2>&1 &
	dom0 "timeout 60 transfer receive /dev/mydevice-back/$name/demo $((1 << 40)) 2>&1
		echo ended \$?
		cat /proc/uptime" >"$vm_work/reader.log" &
	start=$!
	sleep 3
	dom0 "xl destroy $name; cat /proc/uptime" >"$vm_work/destroy.log" || return
	wait "$start"
	cat "$vm_work/reader.log" "$vm_work/destroy.log"
	grep -q 'end of file' "$vm_work/reader.log" && grep -q 'ended 1' "$vm_work/reader.log" || return
	# the reader is woken within 1 s of the guest's end
	python3 - "$vm_work/reader.log" "$vm_work/destroy.log" <<'END' || return
import sys
reader, destroy = (float(open(f).read().split()[-2]) for f in sys.argv[1:])
print(f"the reader ended {reader - destroy:+.2f} s after xl destroy did")
sys.exit(reader - destroy > 1)
END
	eventually 15 dom0 "! xenstore-ls -f / | grep -E '/mydevice/(.*/)?$id(/|\$| )'" || return
	eventually 15 dom0 "! xl list $id" || return
	eventually 10 dom0 "! test -e /dev/mydevice-back/$name"
}

destroy_before=$(holdings) || report_fail holdings-can-be-listed "$destroy_before"
# shellcheck disable=SC2016 # for eval
if expect guest-c-comes eval 'LAB_GUEST_FILES=$vm_work/guest lab up --guest c:pv &&
	eventually 60 connected c'; then
	expect holdings-show-guest-c eval '! nothing_new "$destroy_before" >"$vm_work/held.log" &&
		grep -q "^irq.* mydeviceback" "$vm_work/held.log" &&
		grep -q "^mapping" "$vm_work/held.log" && grep -q "^/mydevice/" "$vm_work/held.log"'
	expect destroyed-in-transfer destroyed_in_transfer c
fi
expect nothing-is-left eventually 20 nothing_new "$destroy_before"
