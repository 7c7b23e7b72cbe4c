# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash

# DESIGN's bound for the sandbox, in tenths
exposure_max=10

# The program is not installed here, so the copy that is judged runs another
unit_copy() {
	mkdir -p build/lint/units
	sed -E 's|^(Exec[A-Za-z]*=[-+!:@]*)/usr/s?bin/mydevice[a-z-]*|\1/bin/true|' "systemd/$1" \
		>"build/lint/units/$1"
	echo "build/lint/units/$1"
}

units() {
	files 'systemd/*.service' 'systemd/*.socket' 'systemd/*.timer' | sed 's|.*/||'
}

verify_units() {
	local unit
	units | grep -q . || return
	units | while read -r unit; do
		systemd-analyze verify --man=no --recursive-errors=no "$(unit_copy "$unit")"
	done
}

security() {
	systemd-analyze security --offline=true --threshold=$exposure_max \
		"$(unit_copy mydevice-attachd.service)"
}

lint_systemd() {
	check systemd-verify silent verify_units
	check systemd-security security
	sed -n 's/^.*\(Overall exposure level.*\)/    \1/p' "$results/systemd-security.log"
	check sysusers systemd-sysusers --root="$PWD/build/lint" --dry-run \
		"$PWD/systemd/sysusers.d/mydevice.conf"
}
