# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts share variables
#
# A booted host, saved in its own disk: QEMU's savevm. Each lab goes on from a
# copy, so any number of them may.
#
#	snapshot-KEY   disk0.qcow2 with the memory in it, disk1.qcow2, ...

# snapshot_key DISKS IMAGE-ENTRY...
snapshot_key() {
	local entry disks=$1

	shift
	{
		declare -f snapshot_make host_settle
		$qemu_binary --version | sed -n 1p
		qemu_shape "$disks"
		for entry; do
			cat "$entry/id"
		done
		# what a processor named "host" means
		! qemu_has_kvm || grep -m 2 -E '^(model name|flags)' /proc/cpuinfo
	} | cache_hash
}

# Saves the running host and ends it: the cache's builder. Its disks are
# those of the entry from now on.
snapshot_make() {
	local dir=${*: -1} index

	qemu_monitor 'savevm booted'
	qemu_command quit >/dev/null
	lab_wait 20 qemu_gone
	for ((index = 0; index < host_disks; index++)); do
		mv "$lab_state/disk$index.qcow2" "$dir/"
	done
}

# snapshot_resume ENTRY: a host of our own that goes on from there.
snapshot_resume() {
	local index

	for ((index = 0; index < host_disks; index++)); do
		cp --reflink=auto "$1/disk$index.qcow2" "$lab_state/"
	done
	# stopped, so that nothing runs before the memory is there
	qemu_start "$host_disks" -S
	qemu_monitor 'loadvm booted'
	qemu_command cont >/dev/null
}
