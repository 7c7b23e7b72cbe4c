# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts share variables
#
# The kernel of a root directory. Xen and xl unpack a bzImage themselves, but
# under emulation that takes longer than the whole rest of a guest's boot.

# A kernel that is none of Debian's: its modules' directory, and the headers with
# which DKMS builds ours.
kernel_add() {
	if [ -n "${LAB_KERNEL-}" ]; then
		cp -R "$LAB_KERNEL/root/." "$root/"
	fi
}

# That one, or the newest kernel in $root.
kernel_version() {
	if [ -n "${LAB_KERNEL-}" ]; then
		cat "$LAB_KERNEL/release"
		return
	fi
	find "$root/lib/modules" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -V | tail -n 1
}

# Newer releases keep it with its modules.
kernel_file() {
	local file

	for file in "$root/boot/vmlinuz-$kver" "$root/usr/lib/modules/$kver/vmlinuz"; do
		[ ! -e "$file" ] || break
	done
	printf '%s' "$file"
}

# kernel_field FILE OFFSET BYTES: an integer of the setup header.
kernel_field() {
	od -An -j "$2" -N "$3" -t "u$3" "$1" | tr -d ' '
}

# kernel_elf OUT: the kernel $kver.
kernel_elf() {
	if [ -n "${LAB_KERNEL-}" ]; then
		cp "$LAB_KERNEL/vmlinux" "$1"
	else
		kernel_extract "$(kernel_file)" "$1"
	fi
}

# kernel_extract BZIMAGE OUT: the ELF inside, which the boot protocol says
# begins payload_offset after the sectors of the setup code.
kernel_extract() {
	local sectors offset length magic unpack

	sectors=$(kernel_field "$1" $((0x1f1)) 1)
	offset=$(((sectors + 1) * 512 + $(kernel_field "$1" $((0x248)) 4)))
	length=$(kernel_field "$1" $((0x24c)) 4)
	magic=$(od -An -j "$offset" -N 4 -t x1 "$1" | tr -d ' ')
	case $magic in
	fd377a58) unpack=(xz -dc --single-stream) ;;
	28b52ffd) unpack=(zstd -dcq) ;;
	1f8b*) unpack=(gzip -dc) ;;
	*)
		echo "$1: the payload begins with $magic, which is neither xz, zstd nor gzip"
		return 1
		;;
	esac
	# behind the stream stands its length unpacked; xz and zstd see it as
	# junk and complain, so the length and the magic are what is checked
	head -c $((offset + length)) "$1" | tail -c "$length" | "${unpack[@]}" >"$2" 2>/dev/null || :
	if [ "$(stat -c %s "$2")" -ne "$(kernel_field "$1" $((offset + length - 4)) 4)" ] ||
		[ "$(kernel_field "$2" 0 4)" != $((0x464c457f)) ]; then
		echo "$1: no whole ELF came out of it"
		return 1
	fi
}
