# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the cases of tests/vm share; to be sourced.

vm_work=$PWD/build/vm
vm_logs_dir=$PWD/build/results/vm-logs
MiB=$((1 << 20))

lab() {
	tests/lab/lab --name "${VM_LAB:-check}" "$@"
}

dom0() {
	lab run "$@" </dev/null
}

guest() {
	local name=$1
	shift
	lab guest "$name" "$@" </dev/null
}

# The packages as users get them, and programs that run in any guest.
vm_build() {
	local program

	make -s debs || return
	mkdir -p "$vm_work/guest/usr/bin" || return
	tests/semantics/build "$vm_work/guest/usr/bin" || return
	for program in transfer intrude hostile; do
		gcc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -static -pthread \
			-o "$vm_work/guest/usr/bin/$program" "tests/vm/$program.c" \
			-Iinclude -lxenstore -lxengnttab -lxenevtchn -lxentoolcore -lxentoollog || return
	done
	vm_build_pairs
}

# Drivers of other device classes, for guests in /pairs.
vm_build_pairs() {
	local modules=$vm_work/tree/tests/vm/pairs

	if ! tests/vm/pairs/build "$vm_work/tree" >"$vm_work/pairs.log" 2>&1; then
		tail -n 20 "$vm_work/pairs.log"
		return 1
	fi
	install -D -m 644 -t "$vm_work/pairs" "$modules/"{probeonly,lockstep}back.ko &&
		install -D -m 644 -t "$vm_work/guest/pairs" "$modules/"{probeonly,lockstep}front.ko
}

vm_up() {
	LAB_GUEST_FILES=$vm_work/guest lab up "$@" || return
	for program in transfer semantics ioctl32; do
		lab push "$vm_work/guest/usr/bin/$program" "/usr/local/bin/$program" || return
	done
}

vm_logs() {
	local news

	if news=$(lab logs --check 2>&1); then
		report_pass logs-are-clean
	else
		echo "$news"
		report_fail logs-are-clean "a kernel or a daemon complained, see above"
	fi
}

vm_down() {
	lab down >/dev/null 2>&1
	rm -rf "$vm_logs_dir"
	mkdir -p "$(dirname "$vm_logs_dir")"
	cp -r "${LAB_DIR:-${MYDEVICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mydevice}/state/${VM_LAB:-check}}/logs" \
		"$vm_logs_dir" 2>/dev/null
}

# expect NAME CMD...: what it prints is the reason if it fails.
expect() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		report_pass "$name"
	else
		report_fail "$name" "exit status $?: $(tail -n 3 <<<"$output" | tr '\n' ' ')"
		return 1
	fi
}

# eventually SECONDS CMD...: until it succeeds; what it last printed if it does not.
eventually() {
	local until=$((SECONDS + $1)) output
	shift
	until output=$("$@" 2>&1); do
		if [ $SECONDS -ge $until ]; then
			echo "$output"
			return 1
		fi
		sleep 0.5
	done
}

# channels FILTER: of `mydevicectl list --json`, one line for each channel for
# which the Python expression FILTER is true: guest, domid, name and both states.
channels() {
	dom0 mydevicectl list --json | python3 -c '
import json, sys
found = [c for c in json.load(sys.stdin) if eval(f"({sys.argv[1]})", {}, c)]
for c in found:
    print(c["guest"], c["domid"], c["name"], c["frontend_state"], c["backend_state"])
sys.exit(not found)' "$1"
}

# connected GUEST: the guest's channel demo has both ends Connected.
connected() {
	channels "guest == '$1' and name == 'demo' and
		frontend_state == backend_state == 'Connected'"
}

domid() {
	dom0 xl domid "$1"
}

# pass_bytes GUEST to-host|to-guest|both BYTES [SIZE]: all of them arrive unharmed.
pass_bytes() {
	local name=$1 way=$2 host=receive inside=send rc=0
	shift 2
	case $way in
	to-guest) host=send inside=receive ;;
	both) host=both inside=both ;;
	esac
	guest "$name" timeout 600 transfer "$inside" /dev/mydevice/demo "$@" >"$vm_work/inside.log" 2>&1 &
	dom0 timeout 600 transfer "$host" "/dev/mydevice-back/$name/demo" "$@" || rc=1
	wait $! || rc=1
	cat "$vm_work/inside.log"
	return $rc
}
