# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts share variables
#
# The disks that the lab boots, in layers, each a cache entry:
#
#	system-KEY   rootfs.tar: Debian with a kernel, a compiler and DKMS
#	host-KEY     rootfs.tar: the same with Xen
#	dom0-KEY     the host's disk: with our packages and the lab's own files
#	domu-KEY     the disk of a Debian guest: system with our guest packages
#
# so that new packages of ours redo the last step only. image/rootfs does the
# work, in namespaces of its own.

image_suite=${LAB_SUITE:-bookworm}

# A kernel for dom0 and all guests instead of Debian's: a directory as
# tests/debug/kernel makes it.
export LAB_KERNEL=${LAB_KERNEL-}

image_packages=(
	systemd-sysv udev dbus kmod iproute2 procps openssh-server less
	linux-image-amd64 linux-headers-amd64 dkms gcc make libc6-dev xz-utils
	busybox-static
	# what our packages depend on, so that they install without a mirror
	libsystemd0
	# what a guest's channels are put to, in tests
	qemu-guest-agent socat
)

image_host_packages=(
	xen-system-amd64 xenstore-utils bridge-utils dropbear-bin
)

# Our packages: the newest build, or any other directory.
image_debs_dir() {
	printf '%s' "${LAB_DEBS:-$lab_tree/build/debs/$image_suite}"
}

# The packages for one end, the others left out.
image_debs() {
	local omit deb

	case $1 in
	dom0) omit='mydevice-guest_*' ;;
	domu) omit='mydevice-attachd_*' ;;
	esac
	for deb in "$(image_debs_dir)"/*.deb; do
		# shellcheck disable=SC2254 # patterns they are
		case ${deb##*/} in
		$omit | *-dbgsym_* | '*.deb') ;;
		*) printf '%s\n' "$deb" ;;
		esac
	done
}

# The hash of the files below the paths, which are relative to the lab.
image_recipe_hash() {
	(cd "$lab_dir" && find "$@" -type f | LC_ALL=C sort | tr '\n' '\0' | xargs -0 sha256sum) |
		cache_hash
}

# image_rootfs ARG...: image/rootfs where it may be root and mount.
image_rootfs() {
	local -a ns=(unshare --mount --pid --fork --kill-child --mount-proc)

	if [ "$(id -u)" -ne 0 ]; then
		ns+=(--user --map-root-user --map-auto)
	fi
	"${ns[@]}" "$lab_dir/image/rootfs" "$@"
}

# The system layer: sets image_system to its entry.
image_system() {
	local key

	case $image_suite in
	bullseye | bookworm | trixie | sid) ;;
	*) lab_die "there is no suite '$image_suite': bullseye, bookworm, trixie or sid" ;;
	esac
	key=$(printf '%s\n' system "$image_suite" "${image_packages[@]}" \
		"$(declare -f image_make_system)" | cache_hash)
	cache_entry system "$key" \
		"making Debian $image_suite with a kernel and a compiler (1-3 minutes)" image_make_system
	image_system=$cache_path
}

image_make_system() {
	local log=$1/build.log list

	# bullseye has polkit's daemon under its former name
	case $image_suite in
	bullseye) list=policykit-1 ;;
	*) list=polkitd ;;
	esac
	list+=$(printf ',%s' "${image_packages[@]}")
	image_logged "$log" mmdebstrap --quiet --variant=minbase --skip=cleanup/apt/lists \
		--aptopt='APT::Install-Recommends "false"' \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--aptopt='Acquire::Retries "3"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-include=/usr/share/doc/mydevice-*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/gpu/*' \
		--dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/media/*' \
		--dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/staging/*' \
		--dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/net/wireless/*' \
		--dpkgopt='path-exclude=/lib/modules/*/kernel/sound/*' \
		--include="$list" "$image_suite" "$1/rootfs.tar"
}

# The host layer: sets image_host to its entry.
image_host() {
	local key

	image_system
	key=$(printf '%s\n' host "${image_system##*/}" "${image_host_packages[@]}" \
		"$(image_recipe_hash image/rootfs)" | cache_hash)
	cache_entry host "$key" "adding Xen to it" image_make_host
	image_host=$cache_path
}

image_make_host() {
	image_logged "$1/build.log" image_rootfs extend "$image_system/rootfs.tar" \
		"$1/rootfs.tar" "${image_host_packages[@]}"
}

# image_disk dom0|domu: sets image_path to the entry with the disk.
image_disk() {
	local end=$1 below key
	local -a debs

	if [ "$end" = dom0 ]; then
		image_host
		below=$image_host
	else
		image_system
		below=$image_system
	fi
	mapfile -t debs < <(image_debs "$end")
	key=$({
		printf '%s\n' "$end" "${below##*/}" "${LAB_KERNEL##*/}"
		image_recipe_hash image boot guest "$end"
		[ ${#debs[@]} -eq 0 ] || cat "${debs[@]}"
	} | cache_hash)
	cache_entry "$end" "$key" \
		"making the disk for $end, $(image_describe "${debs[@]}")" \
		image_make_disk "$end" "$below" "${debs[@]}"
	image_path=$cache_path
}

image_describe() {
	if [ $# -eq 0 ]; then
		printf 'without our packages (none in %s)' "$(image_debs_dir)"
	else
		printf 'with %s' "$(printf '%s\n' "${@##*/}" | cut -d_ -f1,2 | tr '\n' ' ')"
	fi
}

# image_make_disk END BELOW [DEB...] DIR
image_make_disk() {
	local end=$1 below=$2 dir=${*: -1}

	image_logged "$dir/build.log" image_rootfs "$end" "$below/rootfs.tar" "$dir" \
		"${@:3:$#-3}"
	# two builds of the same recipe differ in their bytes: a snapshot that
	# stands on this disk has to know which of them it was
	od -An -N8 -tx8 /dev/urandom | tr -d ' ' >"$dir/id"
}

# Quiet, but for a failure. The log stays in the entry.
image_logged() {
	local log=$1

	shift
	if ! "$@" </dev/null >>"$log" 2>&1; then
		tail -n 30 "$log" >&2
		cp "$log" "$cache_root/failed-build.log"
		lab_warn "making an image failed, all of the log is in $cache_root/failed-build.log"
		return 1
	fi
}
