# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the cases of tests/vm share; to be sourced.

vm_work=$PWD/build/vm
vm_logs_dir=$PWD/build/results/vm-logs
MiB=$((1 << 20))
vm_kinds=${VM_KINDS:-a:pv b:pvh d:pv:debian}
# their names
vm_guests=()
for kind in $vm_kinds; do
	vm_guests+=("${kind%%:*}")
done

lab() {
	tests/lab/lab --name "${VM_LAB:-check}" "$@"
}

dom0() {
	lab run "$@" </dev/null
}

# VM_GUESTS: the lab that the guests are from, if they are with another host now.
guest() {
	local name=$1
	shift
	VM_LAB=${VM_GUESTS:-${VM_LAB-}} lab guest "$name" "$@" </dev/null
}

# on dom0|GUEST CMD...
on() {
	local machine=$1
	shift
	case $machine in
	dom0) dom0 "$@" ;;
	*) guest "$machine" "$@" ;;
	esac
}

# What an operator does to a guest that runs.
guest_checkpoint() {
	dom0 "xl save -c $1 /tmp/$1.save 2>&1; status=\$?; rm /tmp/$1.save; exit \$status"
}

guest_pause() {
	dom0 "xl pause $1 && sleep 1 && xl unpause $1"
}

guest_restore() {
	dom0 "xl save $1 /tmp/$1.save 2>&1 && xl restore /tmp/$1.save 2>&1
		status=\$?; rm /tmp/$1.save; exit \$status"
}

# As with ssh to this very host.
guest_migrate() {
	dom0 "xl migrate -s '' $1 'xl migrate-receive' 2>&1"
}

# The packages as users get them, and programs that run in any guest.
vm_build() {
	local program libraries="-lxenstore -lxengnttab -lxenevtchn -lxentoolcore -lxentoollog"

	make -s debs || return
	mkdir -p "$vm_work/guest/usr/bin" || return
	tests/semantics/build "$vm_work/guest/usr/bin" || return
	for program in transfer intrude hostile shuttle traitor force hog hold; do
		# shellcheck disable=SC2086 # words
		gcc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -static -pthread \
			-o "$vm_work/guest/usr/bin/$program" "tests/vm/$program.c" \
			tests/vm/nodes.c -Iinclude $libraries || return
	done
	gcc -m32 -nostdlib -static -Wl,--build-id=none -Wl,-Ttext-segment=0x100000 \
		-o "$vm_work/still" tests/vm/still.S || return
	install -D -m 755 tests/vm/soaking/start "$vm_work/guest/etc/lab.d/soak" &&
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
		install -D -m 644 -t "$vm_work/guest/pairs" "$modules/"{probeonly,lockstep}front.ko &&
		vm_build_balky
}

# A device of a guest that refuses to be suspended, likewise.
vm_build_balky() {
	mkdir -p "$vm_work/tree/tests/vm" && cp -pru tests/vm/balky "$vm_work/tree/tests/vm/" &&
		(. tests/core/kernel.sh && kernel_find '' &&
			make -s -C "$kernel_headers" M="$vm_work/tree/tests/vm/balky" modules) \
			>"$vm_work/balky.log" 2>&1 &&
		install -m 644 -t "$vm_work/guest/pairs" "$vm_work/tree/tests/vm/balky/balky.ko"
}

vm_up() {
	LAB_GUEST_FILES=$vm_work/guest lab up "$@" || return
	for program in transfer semantics ioctl32 shuttle; do
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

# The kernels of a debug lab have kmemleak; what they lost while they booted is not ours.
vm_leaks_begin() {
	local machine

	for machine in dom0 "${vm_guests[@]}"; do
		on "$machine" 'test -e /sys/kernel/debug/kmemleak || mount -t debugfs debug /sys/kernel/debug
			cd /sys/kernel/debug && echo scan >kmemleak && echo clear >kmemleak' || return
	done
}

# leaks_of MACHINE: what our modules have lost; twice, because an object younger than
# 5 s is not reported, and one to which a stack still points only the second time.
leaks_of() {
	! on "$1" 'cd /sys/kernel/debug && echo scan >kmemleak && sleep 6 && echo scan >kmemleak &&
		cat kmemleak' | awk '/^unreferenced/ { if (ours) print text; text = ours = "" }
		{ text = text $0 "; " } / \[mydevice/ { ours = 1 } END { if (ours) print text }' | grep .
}

vm_leaks() {
	local machine

	[ -n "${LAB_KERNEL-}" ] || return 0
	for machine in dom0 "${vm_guests[@]}"; do
		expect "kmemleak-$machine" leaks_of "$machine"
	done
}

vm_down() {
	local cache=${MYDEVICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mydevice}

	lab down >/dev/null 2>&1
	rm -rf "$vm_logs_dir"
	mkdir -p "$(dirname "$vm_logs_dir")"
	cp -r "${LAB_DIR:-$cache/lab/state/${VM_LAB:-check}}/logs" "$vm_logs_dir" 2>/dev/null
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

# report_from NAME NUMBER: the results that a program prints, which are so many.
report_from() {
	local line seen=0
	while read -r line; do
		case $line in
		PASS*) report_pass "${line#PASS }" ;;
		FAIL*) report_fail "$(cut -d: -f1 <<<"${line#FAIL }")" "${line#*: }" ;;
		*) echo "$line" && continue ;;
		esac
		seen=$((seen + 1))
	done
	[ $seen -eq "$2" ] || report_fail "$1-ended-early" "$seen of $2 results"
}

# eventually SECONDS CMD...: until it succeeds; what it last printed if it does not. On
# slow kernels VM_SLOW multiplies the seconds.
eventually() {
	local until=$((SECONDS + $1 * ${VM_SLOW:-1})) output
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
sys.exit(0 if found else 4)' "$1"
}

# no_channels FILTER: the daemon has answered, and none is like that.
no_channels() {
	channels "$1"
	[ $? -eq 4 ]
}

# connected GUEST: the guest's channel demo has both ends Connected.
connected() {
	channels "guest == '$1' and name == 'demo' and
		frontend_state == backend_state == 'Connected'"
}

# What xenstore-utils brings, into a guest whose image does not have it.
push_xenstore() {
	# shellcheck disable=SC2016 # for dom0's shell
	lab run 'cd / && tar -ch usr/bin/xenstore* \
		$(ldd /usr/bin/xenstore | sed -n "s|.*=> /\([^ ]*/libxen[^ ]*\) .*|\1|p")' </dev/null |
		lab guest "$1" 'tar -C / -x && ldconfig'
}

domid() {
	dom0 xl domid "$1"
}

# is_another GUEST DOMID: it runs, and not as that domain any more.
is_another() {
	local new
	new=$(domid "$1") && [ "$new" != "$2" ]
}

# The paths of all nodes in XenStore.
node_paths() {
	dom0 "set -o pipefail; xenstore-ls -f / | sed 's/ = .*//'"
}

# How much of the host's log is the kernel's and attachd's.
log_lines() {
	dom0 'set -o pipefail; journalctl -q -b -o cat _TRANSPORT=kernel + \
		_SYSTEMD_UNIT=mydevice-attachd.service | wc -l'
}

# logged_less_than LINES BEFORE: since then.
logged_less_than() {
	local now
	now=$(log_lines) && echo "$((now - $2)) lines" && [ $((now - $2)) -lt "$1" ]
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

# holdings [GUEST...]: what dom0 holds that a guest could leave behind, a line each:
# event channels as Xen and as the kernel name them, nodes, memory mappings by their
# maker. Numbers that another bind would change are left out, and the guests that are
# named are called so, whatever their ids are. Its kernel notes errors in XenStore and
# takes none back, and the toolstack makes the directory of its backends for the first
# guest and keeps it. A grant that stays mapped would keep a domain from going, so who
# asks for this looks at that, too.
holdings() {
	local name script=
	for name; do
		script+="s#(/|Domain |vif)$(domid "$name")([^0-9]|\$)#\1<$name>\2#;"
	done
	dom0 "set -o pipefail
		{
			/usr/lib/xen-*/bin/lsevtchn 0 | sed 's/^ *[0-9]*: /port /; s/, Port .*//'
			sed -n 's/.*xen-dyn/irq/p' /proc/interrupts
			xenstore-ls -f / | sed 's/ = .*//' | grep -E '/backend|^/mydevice' |
				grep -vE '^/local/domain/0/(error/|backend\$)'
			awk '\$3 ~ /^xenbus/ { print \"mapping\", \$2, \$3 }' /proc/vmallocinfo
		} | sed -E '$script' | LC_ALL=C sort"
}

# nothing_new BEFORE [GUEST...]: of what dom0 holds now all was held before. What was
# still on its way out then, from an earlier case, may be gone.
nothing_new() {
	local before=$1 now
	shift
	now=$(holdings "$@") || return
	! LC_ALL=C comm -13 <(echo "$before") <(echo "$now") | grep .
}

# guest_holdings GUEST: likewise what the guest itself holds for its channels, of which
# one is connected, and all of its event channels. Its kernel notes errors in XenStore
# and takes none back.
guest_holdings() {
	local id
	id=$(domid "$1") && dom0 "set -o pipefail
		{
			/usr/lib/xen-*/bin/lsevtchn $id | sed 's/^ *[0-9]*: /port /; s/, Port .*//'
			xenstore-ls -f /local/domain/$id | sed 's/ = .*//; s#^[^ ]*/$id/##' |
				grep -E '^(data|device)/mydevice'
		} | LC_ALL=C sort" && guest "$1" "sed -n 's/.*xen-dyn/irq/p' /proc/interrupts | sort
		sed -n 's/.* \([0-9]* myd_[a-z_]*\).*/mapping \1/p' /proc/vmallocinfo | sort | grep ."
}

# guest_holds BEFORE GUEST: no more and no less than then.
guest_holds() {
	diff <(echo "$1") <(guest_holdings "$2")
}
