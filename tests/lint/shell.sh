# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash

scripts() {
	files | while read -r file; do
		if grep -q -E '^#!.*[/ ](ba)?sh( |$)' < <(head -n 1 "$file"); then
			echo "$file"
		fi
	done
}

# What is sourced has variables of, and for, who sources it
sourced() {
	files '*.sh' | while read -r file; do
		grep -q '^#!' < <(head -n 1 "$file") || echo "$file"
	done
}

shellcheck_all() {
	local others=SC1090,SC1091,SC2034,SC2154,SC2317 status=0
	scripts | xargs -d '\n' grep -L -E '^\s*(\.|source) ' |
		xargs -d '\n' shellcheck || status=1
	scripts | xargs -d '\n' grep -l -E '^\s*(\.|source) ' |
		xargs -d '\n' shellcheck --external-sources --exclude="$others" || status=1
	sourced | xargs -d '\n' shellcheck --external-sources --exclude="$others" || status=1
	return $status
}

completions() {
	local status=0
	shellcheck --shell=bash daemon/completion/*.bash || status=1
	zsh --no-exec daemon/completion/_mydevicectl || status=1
	fish --no-execute daemon/completion/*.fish || status=1
	return $status
}

# Of all scripts, those that set pipefail or are sourced by one that does
pipes() {
	python3 tests/lint/pipes.py --samples tests/lint/pipes.samples || return
	{ scripts && sourced; } | xargs -d '\n' python3 tests/lint/pipes.py
}

lint_shell() {
	check pipes pipes
	check shellcheck shellcheck_all
	check completions completions
}
