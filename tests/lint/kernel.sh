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

lint_kernel() {
	check checkpatch checkpatch
	check modules-w1 make -C kmod W=1 WERROR=1
	check pairs-w1 tests/vm/pairs/build "$PWD/build/kmod/pairs"
	check sparse sparse
}
