# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# checkpatch.pl, which Debian has in the kernel's source package only: the one
# file is taken out of it and cached.

checkpatch_fetch() {
	local package dir work
	package=$(apt-cache depends linux-source | sed -n 's/^ *Depends: *//p' | sed -n 1p)
	if [ -z "$package" ]; then
		echo "apt offers no linux-source package" >&2
		return 1
	fi
	dir=$cache/checkpatch-${package#linux-source-}
	if [ ! -x "$dir/checkpatch.pl" ]; then
		mkdir -p "$cache"
		work=$(mktemp -d "$cache/checkpatch.XXXXXX") || return
		(
			cd "$work" || exit
			apt-get -q -o APT::Sandbox::User=root -o Acquire::Retries=3 \
				download "$package" >&2 || exit
			mkdir scripts
			dpkg-deb --fsys-tarfile "$package"_*.deb |
				tar -x -O "./usr/src/$package.tar.xz" |
				tar -x -J -C scripts --strip-components=2 \
					"$package/scripts/checkpatch.pl" \
					"$package/scripts/spelling.txt" \
					"$package/scripts/const_structs.checkpatch"
		) && mv -T "$work/scripts" "$dir"
		rm -rf "$work"
	fi
	[ -x "$dir/checkpatch.pl" ] && echo "$dir/checkpatch.pl"
}
