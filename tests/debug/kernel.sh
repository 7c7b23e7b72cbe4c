# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts share variables
#
# Kernels for debugging, built from Debian's linux-source with the fragments of
# this directory; to be sourced from the top of the tree. Each is an entry of
# the lab's cache, named by what goes into it:
#
#	release, vmlinux, bzImage	the kernel
#	root/usr/lib/modules/RELEASE	its modules' directory
#	root/usr/src/linux-headers-RELEASE	what modules are built with
#	root/boot/config-RELEASE

# shellcheck source=tests/lab/lib/common.sh
. tests/lab/lib/common.sh
# shellcheck source=tests/lab/lib/cache.sh
. tests/lab/lib/cache.sh

debug_source=${DEBUG_SOURCE:-/usr/src/linux-source-6.1.tar.xz}
debug_jobs=${DEBUG_JOBS:-$(nproc)}

# The fragments of a kernel, in tests/debug/.
debug_fragments() {
	case $1 in
	kasan) echo base lockdep kasan ;;
	kcsan) echo base kcsan ;;
	xen) echo base lockdep xen ;;
	*) lab_die "there is no debug kernel '$1': kasan, kcsan or xen" ;;
	esac
}

debug_config() {
	local name

	for name in $(debug_fragments "$1"); do
		cat "tests/debug/$name.config" || return
	done
}

# debug_kernel NAME: sets debug_kernel to its directory, after building it if need be.
debug_kernel() {
	local key

	[ -r "$debug_source" ] || lab_die "there is no $debug_source: tests/deps debug"
	key=$({
		sha256sum <"$debug_source"
		gcc --version | sed -n 1p
		debug_config "$1"
		declare -f debug_build debug_configure debug_patch debug_headers
	} | cache_hash)
	cache_entry "kernel.$1" "$key" "building the $1 kernel (5 to 30 minutes)" \
		debug_build_logged "$1"
	debug_kernel=$cache_path
}

debug_build_logged() {
	local log=$2/build.log

	if ! debug_build "$@" </dev/null >"$log" 2>&1; then
		tail -n 30 "$log" >&2
		cp "$log" "$cache_root/failed-build.log"
		lab_warn "all of the log is in $cache_root/failed-build.log"
		return 1
	fi
}

# debug_build NAME DIR
debug_build() (
	set -e
	dir=$2
	tree=$PWD
	mkdir "$dir/source" "$dir/out"
	tar -C "$dir/source" --strip-components=1 -xf "$debug_source"
	debug_config "$1" >"$dir/fragments"
	debug_patch "$dir/source"
	debug_configure "$1" "$dir"
	nice -n 19 make -s -C "$dir/source" O="$dir/out" -j"$debug_jobs" bzImage modules
	make -s -C "$dir/out" kernelrelease >"$dir/release"
	cp "$dir/out/arch/x86/boot/bzImage" "$dir/bzImage"
	objcopy --strip-debug "$dir/out/vmlinux" "$dir/vmlinux"
	cp "$dir/out/System.map" "$dir/"
	debug_headers "$dir" "$(<"$dir/release")"
	rm -rf "$dir/source" "$dir/out"
)

# Each line of the fragments is kept, or the build is not what it says.
debug_configure() {
	local name=$1 dir=$2 line lost=0

	{
		cat "$dir/fragments"
		echo "CONFIG_LOCALVERSION=\"-$name\""
	} >"$dir/config"
	make -s -C "$dir/source" O="$dir/out" KCONFIG_ALLCONFIG="$dir/config" allnoconfig
	while read -r line; do
		case $line in
		CONFIG_*=n) ! grep -q "^${line%n}" "$dir/out/.config" || lost=1 ;;
		CONFIG_*) grep -qxF "$line" "$dir/out/.config" || lost=1 ;;
		*) continue ;;
		esac
		[ $lost -eq 0 ] || { echo "the configuration does not keep $line" && return 1; }
	done <"$dir/config"
}

# Two lines of the kernel are changed. DEBUG_KOBJECT_RELEASE delays each release by 1 to
# 4 s, which would make each module that is unloaded wait as long: 20 to 80 ms do.
# And lockdep stops at its first report, so one that is not ours hides all of ours:
# gntdev takes its lock in mmap() under mmap_lock, and copies to the program
# under its lock, which xenconsoled does before any guest runs.
debug_patch() {
	local file=$1/lib/kobject.c

	sed -i 's/^\tunsigned long delay = HZ + HZ \* /\tunsigned long delay = HZ \/ 50 + HZ \/ 50 * /' "$file"
	grep -q 'delay = HZ / 50' "$file"
	file=$1/drivers/xen/gntdev.c
	sed -i 's/^\tmutex_init(&priv->lock);$/&\n\tlockdep_set_novalidate_class(\&priv->lock);/' "$file"
	grep -q lockdep_set_novalidate_class "$file"
}

# What is needed to build modules, and only that. What make has built there runs
# on the machine that it was built on.
debug_headers() {
	local dir=$1 release=$2 headers=$1/root/usr/src/linux-headers-$2
	local modules=$1/root/usr/lib/modules/$2

	mkdir -p "$headers" "$modules"
	make -s -C "$dir/source" O="$dir/out" INSTALL_MOD_PATH="$dir/installed" modules_install
	cp "$dir/installed/lib/modules/$release/"modules.* "$modules/"
	rm -rf "$dir/installed"
	(
		cd "$dir/source"
		find . arch/x86 -maxdepth 1 -name 'Makefile*'
		find include scripts -type f -o -type l
		find arch/x86 -name Kbuild.platforms -o -name Platform
		find arch/x86/include -type f
	) | tar -C "$dir/source" -c -T - | tar -C "$headers" -x
	(
		cd "$dir/out"
		find arch/x86/include include scripts Module.symvers -type f
		[ ! -e tools/objtool/objtool ] || echo tools/objtool/objtool
	) | tar -C "$dir/out" -c -T - | tar -C "$headers" -x
	cp "$dir/out/.config" "$headers/.config"
	# by which DKMS knows a kernel
	install -D -m 644 "$dir/out/.config" "$dir/root/boot/config-$release"
	ln -s "/usr/src/linux-headers-$release" "$modules/build"
}
