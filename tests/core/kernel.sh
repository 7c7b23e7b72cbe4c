# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # for who sources it
#
# The kernel whose headers the modules are built with, as a file that QEMU boots:
# Debian's, or the debug kernel in the directory CORE_KERNEL (tests/debug/kernel).

# shellcheck source=tests/lab/image/kernel.sh
. tests/lab/image/kernel.sh

# kernel_find LINE: this machine's if that is empty, or of a line of tests/matrix, whose root
# then is in kernel_root.
kernel_find() {
	kernel_root=
	if [ -n "${CORE_KERNEL-}" ]; then
		KDIR=$CORE_KERNEL/root/usr/src/linux-headers-$(<"$CORE_KERNEL/release")
	fi
	kernel_headers=${KDIR:-$(printf '%s\n' /lib/modules/*/build | sort -V | tail -n 1)}
	if [ -n "$1" ]; then
		kernel_root=$(tests/matrix/chroot "$1") || return
		kernel_headers=$(echo "$kernel_root"/usr/src/linux-headers-*-amd64)
	fi
	kernel_release=$(sed -n 's/^.define UTS_RELEASE "\(.*\)"$/\1/p' \
		"$kernel_headers/include/generated/utsrelease.h")
}

# Of the line's own archive, if it is not this machine's.
kernel_download() {
	local options=(-q -o APT::Sandbox::User=root -o Acquire::Retries=3)

	if [ -n "$kernel_root" ]; then
		mkdir -p lists/partial cache/archives/partial
		options+=(-o "Dir::Etc::SourceList=$kernel_root/etc/apt/sources.list"
			-o "Dir::Etc::SourceParts=$kernel_root/etc/apt/sources.list.d"
			-o "Dir::State::Lists=$PWD/lists" -o "Dir::Cache=$PWD/cache"
			-o 'Acquire::Check-Valid-Until=false' -o 'Acquire::Languages=none')
		apt-get "${options[@]}" update || return
	fi
	apt-get "${options[@]}" download "linux-image-$kernel_release"
}

# Installed, or taken out of Debian's package, which is not installed for that:
# a build machine may boot another kernel, or be a container.
kernel_image() {
	local out=$1 work

	if [ -z "$kernel_root" ] && [ -r "/boot/vmlinuz-$kernel_release" ]; then
		cp "/boot/vmlinuz-$kernel_release" "$out"
		return
	fi
	work=$(mktemp -d) || return
	(
		cd "$work" || exit
		kernel_download >&2 || exit
		dpkg-deb --fsys-tarfile linux-image-*.deb |
			tar -x -O --wildcards '*/vmlinuz*' >"$out"
	)
	set -- $?
	rm -rf "$work"
	return "$1"
}

# core_kernel: sets kernel_file to it, which stays in the cache. A debug kernel is
# booted as a bzImage: with KASAN, it crashes where PVH enters it, before its shadow
# memory is set up.
core_kernel() {
	local cache=${MYDEVICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mydevice}/core tmp

	if [ -n "${CORE_KERNEL-}" ]; then
		kernel_file=$CORE_KERNEL/bzImage
		return
	fi
	kernel_file=$cache/vmlinux-$kernel_release
	[ ! -s "$kernel_file" ] || return 0
	tmp=$kernel_file.$$
	mkdir -p "$cache" && kernel_image "$tmp.bz" && kernel_extract "$tmp.bz" "$tmp" &&
		mv "$tmp" "$kernel_file"
	set -- $?
	rm -f "$tmp" "$tmp.bz"
	return "$1"
}
