# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts share variables
#
# What every part of the lab uses: messages, bounds on waiting, directories.

lab_started=$EPOCHREALTIME

# Seconds since this command began, with one decimal.
lab_elapsed() {
	local us=$((${EPOCHREALTIME/./} - ${lab_started/./}))

	printf '%d.%d' $((us / 1000000)) $((us / 100000 % 10))
}

# Progress goes to stderr: stdout belongs to the command that is run.
lab_say() {
	printf '[%6ss] %s\n' "$(lab_elapsed)" "$*" >&2
}

lab_warn() {
	printf 'lab: %s\n' "$*" >&2
}

lab_die() {
	lab_warn "$@"
	exit 1
}

# lab_wait SECONDS CMD...: until CMD succeeds; false when the time is over.
# CMD returns 2 to say that waiting on is in vain.
lab_wait() {
	local deadline=$((SECONDS + $1)) rc

	shift
	while :; do
		rc=0
		"$@" || rc=$?
		[ $rc -ne 0 ] || return 0
		[ $rc -ne 2 ] || return 2
		[ $SECONDS -lt $deadline ] || return 1
		sleep 0.3
	done
}

# Words quoted so that a shell on the other side reads them unchanged. One
# word alone is taken as a line for that shell.
lab_quote() {
	if [ $# -eq 1 ]; then
		printf '%s' "$1"
	else
		printf '%q ' "$@"
	fi
}

# A positive whole number, or the end.
lab_number() {
	[[ $2 =~ ^[1-9][0-9]{0,5}$ ]] || lab_die "$1 is a number, not '$2'"
}

# Programs that have to be there.
lab_need() {
	local program missing=()

	for program; do
		command -v "$program" >/dev/null || missing+=("$program")
	done
	[ ${#missing[@]} -eq 0 ] || lab_die "missing: ${missing[*]}; 'tests/deps lab' installs them"
}

# For what goes on in the background: locks and pipes of ours are not its own.
lab_close_fds() {
	local fd

	for fd in /proc/self/fd/*; do
		fd=${fd##*/}
		[ "$fd" -le 2 ] || eval "exec $fd>&-"
	done
}
