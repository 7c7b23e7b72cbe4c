# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash

man_pages() {
	files 'daemon/man/*.[1-9]' 'kmod/man/*.[1-9]'
}

mandoc_all() {
	[ -n "$(man_pages)" ] || return
	man_pages | xargs -d '\n' mandoc -T lint -W warning
}

groff_all() {
	local page
	man_pages | while read -r page; do
		LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 \
			man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null |
			sed "s|^|$page: |"
	done
}

lint_man() {
	check man-mandoc silent mandoc_all
	check man-groff silent groff_all
}
