# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash

# shellcheck source=tests/lint/checkpatch.sh
. tests/lint/checkpatch.sh

# Headers outside of kmod/ serve other systems too, so they have no u32 or BIT();
# trace events are laid out as everybody lays them out; xenbus names its states in
# CamelCase. checkpatch leaves a file where it runs.
checkpatch() {
	local script file ignore top=$PWD status=0
	script=$(checkpatch_fetch) || return
	mkdir -p "$results/checkpatch/include"
	while read -r file; do
		ignore=CAMELCASE
		case $file in
		include/*) ignore+=,PREFER_KERNEL_TYPES,BIT_MACRO ;;
		*/trace.h) ignore+=,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT,SPACING ;;
		esac
		(cd "$results/checkpatch" && "$script" --no-tree --root=. --strict --terse \
			--no-summary --show-types --max-line-length=100 --ignore "$ignore" \
			--file "$top/$file") | sed "s|^$top/||" || status=1
	done < <(files 'kmod/*.[ch]' 'include/*.h' 'tests/core/*.c' 'tests/vm/pairs/*.[ch]')
	return $status
}

# Of the kernel's own headers it says a lot, and that is not ours to mend
sparse() {
	local log=$results/sparse-build.log
	rm -rf build/kmod/sparse
	if ! { make -C kmod OUT="$PWD/build/kmod/sparse" C=2 &&
		tests/vm/pairs/build "$PWD/build/kmod/sparse" C=2; } >"$log" 2>&1; then
		tail -n 20 "$log"
		return 1
	fi
	if ! grep -q CHECK "$log"; then
		echo "sparse did not run"
		return 1
	fi
	! grep -E '(kmod|pairs)/.*: (warning|error):|include/(mydevice|xen/io/mydevice)' "$log"
}

# A driver begun as WRITING-A-DRIVER.md tells, in an empty directory: it builds without a
# warning, with our header of rings, and stays away from names that are taken
example() (
	top=$PWD
	work=$(mktemp -d) || exit
	trap 'rm -rf "$work"' EXIT
	export HOME=$work/home KCFLAGS=-Werror
	mkdir -p "$HOME" "$work/clone"
	files | tar -c -T - | tar -x -C "$work/clone" || exit
	cd "$work/clone" || exit
	commands=$(tests/vm/follow docs/WRITING-A-DRIVER.md copy) && bash -euxc "$commands" || exit
	rm -rf "$work/clone"
	cd "$HOME/hello" || exit
	for name in front back; do
		sed -i '0,/^#include/s//#include <mydevice\/ring.h>\n&/' "hello/$name.c"
	done
	./build && test -s hellofront.ko && test -s helloback.ko || exit
	if grep -riE "lockstep|probeonly" --include='*' . --exclude='*.ko' --exclude='.*' \
		--exclude='*.[oa]' --exclude='*.mod*'; then
		echo "these were not renamed"
		exit 1
	fi
	./build clean && ! find . -name '*.ko' | grep . || exit
	for name in vif mydevice Hello ../x ''; do
		if "$top/tests/vm/pairs/new" "$name" "$work/other"; then
			echo "'$name' was taken for the name of a class"
			exit 1
		fi
	done
	! "$top/tests/vm/pairs/new" other "$HOME/hello" || exit
	awk '/^<!-- follow: [a-z]+ -->$/ { followed = 1; next }
		/^    / && !followed { print FILENAME ":" NR ": no test follows this command"; bad = 1 }
		/^[^ ]/ { followed = 0 }
		END { exit bad }' "$top/docs/WRITING-A-DRIVER.md"
)

lint_kernel() {
	check example example
	check checkpatch checkpatch
	check modules-w1 make -C kmod W=1 WERROR=1
	check pairs-w1 tests/vm/pairs/build "$PWD/build/kmod/pairs"
	check sparse sparse
}
