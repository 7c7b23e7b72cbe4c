# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash

# planted FILE LINE PATTERN: is LINE at the end of FILE reported like this?
planted() {
	local tree=$results/planted said
	rm -rf "$tree"
	mkdir -p "$tree"
	cp -r daemon docs "$tree"
	echo "$2" >>"$tree/$1"
	said=$(python3 tests/lint/layers.py --tree "$tree")
	rm -rf "$tree"
	echo "$said"
	grep -qE "$3" <<<"$said"
}

lint_layers() {
	check layers-build make daemon
	check layers python3 tests/lint/layers.py --objects build/daemon
	check layers-planted-upwards planted daemon/base/number.c '#include "engine/orders.h"' \
		'^daemon/base/number.c:[0-9]+ includes "engine/orders.h": base/ may not use engine/'
	check layers-planted-cycle planted daemon/engine/verify.h '#include "engine/device-turn.h"' \
		'^2 files use each other in a cycle: engine/device-turn -> engine/verify -> engine/dev'
	check layers-planted-drawing planted daemon/engine/shun.c '#include "engine/queue.h"' \
		'the drawing of daemon/ is not of these files'
}
