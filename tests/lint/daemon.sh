# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash

# Four kinds of reports that gcc 12 makes of correct code are left out: it takes what is in
# a structure that goes on for leaked, and values that a call sets if it succeeds for not set.
analyzer='-fanalyzer -Wno-analyzer-malloc-leak -Wno-analyzer-use-of-uninitialized-value
	-Wno-analyzer-null-argument -Wno-analyzer-null-dereference'

lint_daemon() {
	check daemon-werror make daemon BUILD=build/lint/werror CFLAGS='-O2 -g -Werror'
	check daemon-analyzer make daemon BUILD=build/lint/analyzer CC=gcc \
		CFLAGS="-O1 -g -Werror ${analyzer//[$'\n\t']/ }"
}
