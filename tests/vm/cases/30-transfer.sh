# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# 64 MiB each way between domains, in calls of every size from 1 byte to 1 MiB.

for name in a b; do
	for way in to-host to-guest both; do
		expect "transfer-$name-$way" pass_bytes "$name" "$way" $((64 * MiB))
	done
	# every call of one byte: no size is only ever rounded up
	expect "transfer-$name-bytewise" pass_bytes "$name" both 20000 1
done

# A file, as a person would send it.
send_file() {
	local name=$1 sum
	head -c 3000001 /dev/urandom >"$vm_work/file"
	sum=$(sha256sum <"$vm_work/file")
	dom0 "cat /dev/mydevice-back/$name/demo >/tmp/file" &
	lab guest "$name" "cat >/dev/mydevice/demo" <"$vm_work/file" || return
	wait $! || return
	[ "$(dom0 'sha256sum </tmp/file')" = "$sum" ] || return
	guest "$name" "cat /dev/mydevice/demo >/tmp/file" &
	lab run "cat >/dev/mydevice-back/$name/demo" <"$vm_work/file" || return
	wait $! || return
	[ "$(guest "$name" 'sha256sum </tmp/file')" = "$sum" ]
}
for name in a b d; do
	expect "file-both-ways-$name" send_file "$name"
done
