# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Reports what "semantics run" prints; to be sourced after tests/report.sh.

# semantics_report PREFIX: from stdin; the lines before a FAIL are its reason.
# The last line says how many rows there were: without it the program died.
semantics_report() {
	local prefix=$1 verdict name rest why='' ended=no

	while read -r verdict name rest; do
		case $verdict in
		PASS) report_pass "$prefix/${name#semantics-}" ;;
		FAIL) report_fail "$prefix/${name#semantics-}" "${why:-$rest}" ;;
		semantics:) ended=yes ;;
		*)
			why+="${why:+; }$verdict $name $rest"
			continue
			;;
		esac
		why=
	done
	[ $ended = yes ] || report_fail "$prefix" "ended early${why:+: $why}"
}
