# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts share variables
#
# Initial file systems for the kernel of $root: one that mounts a disk, and
# one that is the whole of a small guest.

# initramfs_modules DIR MODULE...: the modules and what they need, uncompressed,
# and the order to load them in DIR/lib/modules/order. A name that the kernel
# has built in, or does not have, is left out.
initramfs_modules() {
	local dir=$1 name path

	shift
	mkdir -p "$dir/lib/modules"
	for name; do
		in_root modprobe --set-version "$kver" --show-depends --ignore-install "$name" 2>/dev/null |
			awk '$1 == "insmod" { print $2 }' || :
	done | awk '!seen[$0]++' | while read -r path; do
		name=${path##*/}
		name=${name%.ko*}
		case $path in
		*.xz) xz -dc "$root/$path" ;;
		*.zst) zstd -dcq "$root/$path" ;;
		*) cat "$root/$path" ;;
		esac >"$dir/lib/modules/$name.ko"
		echo "$name"
	done >"$dir/lib/modules/order"
}

initramfs_skeleton() {
	mkdir -p "$1"/{bin,dev,etc,proc,root,run,sys,tmp,sysroot}
	cp "$root/bin/busybox" "$1/bin/busybox"
	ln -s busybox "$1/bin/sh"
}

# Not compressed: unpacking would cost more than reading.
initramfs_pack() {
	(cd "$1" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) >"$2"
}

# initramfs_root OUT
initramfs_root() {
	local dir

	dir=$(mktemp -d "$root/tmp/initramfs.XXXXXX")
	initramfs_skeleton "$dir"
	# the network cards, too: then they are there when systemd starts
	initramfs_modules "$dir" virtio_pci virtio_blk xen-blkfront ext4 crc32c-intel \
		crc32c_generic virtio_net xen-netfront
	install -m 755 "$lab_dir/boot/init" "$dir/init"
	initramfs_pack "$dir" "$1"
	rm -rf "$dir"
}

# initramfs_guest OUT
initramfs_guest() {
	local dir library

	dir=$(mktemp -d "$root/tmp/initramfs.XXXXXX")
	initramfs_skeleton "$dir"
	initramfs_modules "$dir" xen-netfront xen-evtchn xen-gntdev xen-gntalloc xenfs xen-privcmd \
		mydevice mydevicefront
	install -D "$root/usr/sbin/dropbear" "$dir/usr/sbin/dropbear"
	in_root ldd /usr/sbin/dropbear | grep -o '/[^ ]*' | while read -r library; do
		install -D "$root/$library" "$dir/$library"
	done
	mkdir -p "$dir/etc/dropbear"
	in_root dropbearkey -t ed25519 -f /tmp/hostkey >/dev/null 2>&1
	mv "$root/tmp/hostkey" "$dir/etc/dropbear/dropbear_ed25519_host_key"
	cp -R "$lab_dir/guest/." "$dir/"
	initramfs_pack "$dir" "$1"
	rm -rf "$dir"
}
