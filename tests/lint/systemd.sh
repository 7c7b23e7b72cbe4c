# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash

# as systemd-analyze security counts, in tenths
exposure_max=10

# The program is not installed here, so the copy that is judged runs another; a
# drop-in's directory comes along
unit_copy() {
	local copy
	[[ $1 =~ ([^/]*[.]d/)?[^/]*$ ]]
	copy=build/lint/units/${BASH_REMATCH[0]}
	mkdir -p "$(dirname "$copy")"
	sed -E 's#^(Exec[A-Za-z]*=[-+!:@]*)/usr/(s?bin|lib/udev)/[a-z-]+#\1/bin/true#' \
		"$1" >"$copy"
	echo "$copy"
}

units() {
	files 'systemd/*.service' 'systemd/*.socket' 'systemd/*.timer'
}

verify_unit() {
	systemd-analyze verify --man=no --recursive-errors=no "$1"
}

# A template that runs nothing by itself is judged with the examples that do
verify_units() {
	local unit
	[ -n "$(units)" ] || return
	units | while read -r unit; do
		unit=$(unit_copy "$unit")
		! grep -q '^ExecStart=' "$unit" || verify_unit "$unit"
	done
	files 'systemd/*.d/*.conf' | grep service | while read -r unit; do
		unit=$(unit_copy "$unit")
		verify_unit "${unit%.d/*}"
	done
}

security() {
	systemd-analyze security --offline=true --threshold=$exposure_max \
		"$(unit_copy systemd/mydevice-attachd.service)"
}

# Every message that bears an id is explained, and in the manual too
catalog() {
	local id status=0 root=$PWD/build/lint/catalog
	mkdir -p "$root/usr/lib/systemd/catalog" "$root/var/lib/systemd/catalog"
	cp systemd/mydevice-attachd.catalog "$root/usr/lib/systemd/catalog/"
	journalctl --root="$root" --update-catalog || return
	while read -r id; do
		if ! grep -q '^Subject: .' < <(journalctl --root="$root" --dump-catalog "$id"); then
			echo "$id is not in the catalog"
			status=1
		fi
		if ! grep -q "$id" daemon/man/mydevice-attachd.8; then
			echo "$id is not in mydevice-attachd(8)"
			status=1
		fi
	done < <(sed -n 's/^#define MSG_.* "\([0-9a-f]*\)"$/\1/p' daemon/base/messages.h)
	return $status
}

lint_systemd() {
	check catalog catalog
	check systemd-verify silent verify_units
	check systemd-security security
	sed -n 's/^.*\(Overall exposure level.*\)/    \1/p' "$results/systemd-security.log"
	check sysusers systemd-sysusers --root="$PWD/build/lint" --dry-run \
		"$PWD/systemd/sysusers.d/mydevice.conf"
}
