# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash

lint_daemon() {
	check daemon-werror make daemon DAEMON_BUILD=build/lint/werror CFLAGS='-O2 -g -Werror'
	check daemon-analyzer make daemon DAEMON_BUILD=build/lint/analyzer CC=gcc \
		CFLAGS='-O1 -g -Werror -fanalyzer'
}
