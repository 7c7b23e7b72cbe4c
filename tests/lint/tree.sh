# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What holds for every file of the tree.

# Formats without comments have no licence line; debian/copyright covers them
without_spdx() {
	case $1 in
	debian/changelog | debian/copyright | debian/source/* | debian/*.dkms | *.json) ;;
	*) return 1 ;;
	esac
}

licence_of() {
	case $1 in
	include/uapi/*) echo 'MIT|GPL-2.0 WITH Linux-syscall-note' ;;
	include/*) echo 'MIT' ;;
	tests/vm/pairs/build | tests/vm/pairs/new | tests/vm/pairs/classes.conf) echo 'GPL-2.0-or-later' ;;
	kmod/* | tests/core/Kbuild | tests/core/*.c | tests/vm/pairs/*) echo 'GPL-2.0' ;;
	*) echo 'GPL-2.0-or-later' ;;
	esac
}

spdx() {
	local file found status=0
	while read -r file; do
		without_spdx "$file" && continue
		found=$(sed -n '1,5s/.*SPDX-License-Identifier: *//p' "$file" | sed -n 1p |
			sed 's/ *\(\*\/\|-->\) *$//')
		if ! [[ $found =~ ^($(licence_of "$file"))$ ]]; then
			echo "$file: licence '$found', expected $(licence_of "$file")"
			status=1
		fi
	done < <(files)
	return $status
}

versions() {
	local version changelog
	version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' dkms.conf)
	changelog=$(sed -n '1s/^mydevice (\(.*\)-[^-]*).*/\1/p' debian/changelog)
	echo "dkms.conf: $version, debian/changelog: $changelog"
	[ -n "$version" ] && [ "$version" = "$changelog" ] || return 1
	! files | grep -v -E '^(dkms.conf|debian/changelog|docs/.*|README.md)$' |
		xargs -d '\n' grep -n -F "$version"
}

# What would send readers to one mirror, or names one person's machine
places() {
	! files | xargs -d '\n' grep -n -E \
		'(deb|archive|snapshot|security|ftp[.a-z]*)[.]debian[.]org|/wor[k]/|/hom[e]/[a-z]'
}

# As the kernel has it, a message for people is not broken. Shell, with commands
# for other machines in quotes, gets some more.
columns() {
	local file limit
	files '*.[ch]' '*.sh' '*.mk' | while read -r file; do
		limit=100
		[ "${file##*.}" != sh ] || limit=120
		expand -t 8 "$file" | awk -v file="$file" -v limit=$limit '
			length > limit && !/^ *[a-z_]*\(?[a-z_, ]*".*"[,;)]*$/ {
				print file ":" NR ": " length " columns"
			}'
	done
}

blanks() {
	! files | grep -v '^debian/.*[.]patch$' | xargs -d '\n' grep -n -I -E '[ 	]+$'
}

# No file grows into two
lengths() {
	files '*.c' '*.h' | while read -r file; do
		if [ "$(wc -l <"$file")" -gt 600 ]; then
			echo "$file: $(wc -l <"$file") lines"
		fi
	done
}

# DKMS leaves a kernel out, or fails and stops apt: which ones is a promise
kernels() {
	local BUILD_EXCLUSIVE_KERNEL='' kernel status=0
	if [ "$(grep '^BUILD_EXCLUSIVE' dkms.conf)" != \
		"$(grep '^BUILD_EXCLUSIVE' tests/vm/pairs/dkms.conf)" ]; then
		echo "the example in tests/vm/pairs names other kernels"
		status=1
	fi
	eval "$(grep -m 1 '^BUILD_EXCLUSIVE_KERNEL=' dkms.conf)"
	for kernel in 5.10.0-46-amd64 5.10.0 6.1.0-56-amd64 6.1.0-56-rt-amd64 6.12.117+deb13-amd64 \
		6.12.95+deb12-amd64 7.2.13+deb14-amd64 7.2.13+deb14-cloud-amd64 \
		7.3.4+deb13-amd64; do
		if ! [[ $kernel =~ $BUILD_EXCLUSIVE_KERNEL ]]; then
			echo "$kernel is left out"
			status=1
		fi
	done
	for kernel in 4.19.0-27-amd64 5.1.0 5.9.0-1-amd64 7.20.1-amd64 8.0.0-1-amd64 15.10.0 ''; do
		if [[ $kernel =~ $BUILD_EXCLUSIVE_KERNEL ]]; then
			echo "$kernel would be built"
			status=1
		fi
	done
	return $status
}

lint_tree() {
	check spdx spdx
	check version versions
	check places silent places
	check columns silent columns
	check blanks silent blanks
	check lengths silent lengths
	check dkms-kernels kernels
}
