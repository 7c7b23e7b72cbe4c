# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Results of a test layer, one line each; to be sourced.
#
#	. tests/report.sh
#	report_pass NAME
#	report_fail NAME [WHY]
#	report_skip NAME WHY
#	report_end		# the closing line; false if anything failed
#
# A layer that ran nothing proved nothing, so report_end counts it as failed.

report_passed=0
report_failed=0
report_skipped=0

report_pass() {
	report_passed=$((report_passed + 1))
	printf 'PASS %s\n' "$1"
}

report_fail() {
	report_failed=$((report_failed + 1))
	printf 'FAIL %s: %s\n' "$1" "${2:-no reason given}"
}

report_skip() {
	report_skipped=$((report_skipped + 1))
	printf 'SKIP %s: %s\n' "$1" "${2:-no reason given}"
}

report_end() {
	[ $((report_passed + report_failed + report_skipped)) -gt 0 ] ||
		report_fail "${0##*/}" "nothing was tested"
	printf '%d passed, %d failed, %d skipped\n' \
		"$report_passed" "$report_failed" "$report_skipped"
	[ "$report_failed" -eq 0 ]
}
