# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that dom0 expands
#
# The commands of docs/WRITING-A-DRIVER.md, as they stand there: from a copy of the project
# and an empty home directory to a device that works, in a guest "web" of this lab, which is
# up already and stays up. PAGE_DKMS=1 installs the DKMS package in dom0, too.

page_work=$(mktemp -d)

# page_block BLOCK: its commands, by a user whose home directory is new
page_block() {
	local commands
	commands=$(tests/vm/follow docs/WRITING-A-DRIVER.md "$1") || return
	(
		export MYDEVICE_CACHE=${MYDEVICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mydevice}
		export HOME=$page_work/home LAB_NAME=${VM_LAB:-check}
		# of all small guests, when they are rebooted
		export LAB_GUEST_FILES=$vm_work/guest
		cd "$page_work/clone" && bash -euo pipefail -c "$commands" </dev/null
	) >"$page_work/$1" 2>&1 || {
		cat "$page_work/$1"
		return 1
	}
}

# What a clone has, and the packages that were built a minute ago from the same sources.
page_clone() {
	local file
	mkdir -p "$page_work/home" "$page_work/clone/build" || return
	if git rev-parse --git-dir >/dev/null 2>&1; then
		git ls-files --cached --others --exclude-standard
	else
		find . -path ./build -prune -o -type f -print
	fi | while read -r file; do
		[ ! -e "$file" ] || echo "$file"
	done | tar -c -T - | tar -x -C "$page_work/clone" &&
		cp -r build/debs "$page_work/clone/build/"
}

page_works() {
	paste -sd ' ' "$page_work/attach"
	grep -E '^web .* hello +Connected +Connected' "$page_work/attach" &&
		[ "$(tail -n 2 "$page_work/attach")" = "hello from the host"$'\n'louder ]
}

# A change of the drivers, and what is loaded after it.
page_again() {
	(cd "$page_work/home" && sed -i 's/^MODULE_DESCRIPTION("/&Changed: /' hello/hello/*.c) &&
		page_block again &&
		[ "$(dom0 'modinfo -F description /root/helloback.ko' | cut -d : -f 1)" = Changed ]
}

# A program that writes all the time does not keep the driver from going.
page_unbind() {
	guest web 'cd /sys/bus/xen/devices/hello-3 || exit
		while :; do echo busy 2>/dev/null >say || :; done & writer=$!
		sleep 1
		timeout 10 sh -c "echo hello-3 >/sys/bus/xen/drivers/hellofront/unbind"
		status=$?
		kill $writer
		exit $status'
}

page_dkms() {
	local commands rc
	commands=$(tests/vm/follow docs/WRITING-A-DRIVER.md dkms) || return
	tar -C "$page_work/home" --exclude='*.ko' --exclude='*.o' -c hello |
		lab run 'rm -rf /root/hello && tar -C /root -x' &&
		dom0 "set -e; cd; $commands; modinfo -F filename hellofront helloback"
	rc=$?
	dom0 'dkms remove hello/1.0 --all; rm -rf /usr/src/hello-1.0 /root/hello'
	return $rc
}

page_end() {
	dom0 'rm -f /etc/mydevice/attachd.conf.d/hello.conf && systemctl reload mydevice-attachd &&
		xl destroy web' && eventually 15 dom0 '! xl list web' &&
		eventually 15 dom0 '! ls /sys/bus/xen-backend/devices | grep hello && rmmod helloback'
}

if expect page-clone page_clone; then
	expect page-packages page_block packages
	expect page-copy page_block copy
	if expect page-lab page_block lab && expect page-attach page_block attach; then
		expect page-works page_works
		expect page-again page_again
		expect page-unbind page_unbind
	fi
	[ -z "${PAGE_DKMS-}" ] || expect page-dkms page_dkms
	expect page-end page_end
fi
rm -rf "$page_work"
