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
for name in "${vm_guests[@]}"; do
	expect "file-both-ways-$name" send_file "$name"
done

# Programs that read again after the end of file finish, as on a FIFO, and none takes the
# next writer's session.
# shellcheck disable=SC2016 # words that the host expands
read_again_readers=(
	'python3 -c "import shutil, sys; shutil.copyfileobj(open(sys.argv[1], \"rb\"), sys.stdout.buffer)"'
	'python3 -c "import sys; sys.stdout.write(open(sys.argv[1]).read(1000000))"'
	'bash -c "while read -r line || [ -n \"\$line\" ]; do printf %s \"\$line\"; done <\$0"'
	'dd bs=64k iflag=fullblock status=none if='
	cat
)

read_again() {
	local name=$1 reader got i=0
	guest "$name" "for i in 1 2 3 4 5; do echo -n session\$i >/dev/mydevice/demo || exit; done" &
	for reader in "${read_again_readers[@]}"; do
		[[ $reader = *= ]] || reader+=' '
		i=$((i + 1))
		got=$(dom0 "timeout 60 $reader/dev/mydevice-back/$name/demo") &&
			[ "$got" = session$i ] && continue
		echo "session$i: got '$got' from $reader"
		kill $!
		return 1
	done
	wait $!
}
for name in a b; do
	expect "read-again-after-the-end-$name" read_again "$name"
done
