# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts share variables
#
# A cache of directories named by what went into them.
#
# An entry appears by a rename when it is whole and on the disk, so that a
# builder that is killed leaves nothing behind that looks like one. Builders
# of the same entry wait for each other. Who uses an entry holds a shared lock
# on it, which keeps the cleaner away; QEMU inherits the lock and keeps it for
# as long as it runs.

cache_root=${MYDEVICE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/mydevice}/lab

# The hash of stdin, short enough for a directory name.
cache_hash() {
	sha256sum | cut -c1-20
}

# cache_entry KIND KEY WHAT BUILDER [ARG...]: sets cache_path to the entry; if it
# is missing, BUILDER ARG... DIR makes it, announced as WHAT.
cache_entry() {
	local kind=$1 key=$2 what=$3 entry tmp lock rc

	shift 3
	mkdir -p "$cache_root/locks"
	entry=$cache_root/$kind-$key
	exec {lock}>>"$cache_root/locks/$kind-$key"
	flock -s $lock
	if [ ! -d "$entry" ]; then
		flock $lock
	fi
	if [ ! -d "$entry" ]; then
		lab_say "$what"
		rm -rf --one-file-system "$cache_root/.tmp.$kind-$key".*
		tmp=$(mktemp -d "$cache_root/.tmp.$kind-$key.XXXXXX")
		chmod 755 "$tmp"
		# errexit holds in a shell of its own, but not inside an "if"
		set +e
		(
			set -e
			"$@" "$tmp"
		)
		rc=$?
		set -e
		if [ $rc -ne 0 ]; then
			rm -rf --one-file-system "$tmp"
			lab_die "could not make the cache entry $kind-$key"
		fi
		sync "$tmp"/* "$tmp"
		mv -T "$tmp" "$entry"
		cache_prune "$kind" 4
	fi
	flock -s $lock
	touch "$entry"
	cache_path=$entry
}
cache_path=

# Keep the KEEP newest entries of KIND; what is in use stays in any case.
cache_prune() {
	local kind=$1 keep=$2 entry lock

	mkdir -p "$cache_root/locks"
	while read -r entry; do
		exec {lock}>>"$cache_root/locks/$entry"
		if flock -n $lock; then
			rm -rf --one-file-system "${cache_root:?}/$entry"
		fi
		exec {lock}>&-
	done < <(cd "$cache_root" && find . -maxdepth 1 -type d -name "$kind-*" -printf '%T@ %P\n' |
		sort -rn | tail -n +$((keep + 1)) | cut -d' ' -f2)
}
