# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A shuttle at each end of a guest's channel demo; to be sourced after lib.sh.

# Seconds from the end of a session, which is when a restored guest runs, until bytes
# flow again: the channel is given again, both drivers connect, udev makes the node,
# and a program opens it. An emulated host with other things to do takes as long for
# each guest that boots.
traffic_limit=15

# traffic_begin GUEST [PROGRAM]: bytes flow both ways, on a descriptor of the guest's.
traffic_begin() {
	traffic_inside "$@" && dom0 "rm -f /tmp/shuttle-$1.log" && traffic_outside "$1" &&
		eventually 10 traffic_session "$1" 0
}

# traffic_pause: milliseconds between calls, where the shuttle's own are not to be.
traffic_inside() {
	guest "$1" "${2:-shuttle} /dev/mydevice/demo ${traffic_pause-} >/tmp/shuttle.log 2>&1 &
		echo \$! >/tmp/shuttle.pid"
}

traffic_outside() {
	dom0 systemd-run -q --collect --unit="shuttle-$1" sh -c \
		"echo a program >>/tmp/shuttle-$1.log; exec shuttle /dev/mydevice-back/$1/demo ${traffic_pause-} >>/tmp/shuttle-$1.log 2>&1"
}

# traffic_session GUEST N: the guest's program is in its Nth session, in which bytes have
# gone both ways.
traffic_session() {
	guest "$1" "tail -n 1 /tmp/shuttle.log" | grep "^session $2 begins" >"$vm_work/session.log"
	cat "$vm_work/session.log" && [ -s "$vm_work/session.log" ]
}

# traffic_resumed GUEST N: in time
traffic_resumed() {
	eventually 20 traffic_session "$1" "$2" || return
	python3 - $traffic_limit "$vm_work/session.log" <<'END'
import sys
seconds = float(open(sys.argv[2]).read().split()[-2])
print(f"still for {seconds} s")
sys.exit(seconds > float(sys.argv[1]))
END
}

# traffic_delay GUEST: where the time went, after traffic_resumed: the guest's own count
# from its resume, the daemon's from the guest's request.
traffic_delay() {
	local said attached
	said=$(dom0 'journalctl -q -n 20 -o cat -u mydevice-attachd' |
		sed -n "s/^guest $1 .*: \(attached\|connected\).* \([0-9]*\) us after the request.*/\1 \2/p" |
		tail -n 2 | tr '\n' ' ')
	attached=$(sed -n 's/^attached \([0-9]*\) connected [0-9]* $/\1/p' <<<"$said")
	[ -n "$attached" ] || return
	echo "$attached" >>"$vm_work/attached.log"
	echo "$(sed 's/.*begins after/bytes flow after/' "$vm_work/session.log")," \
		"${said}us after the request"
}

# traffic_moved NAME GUEST: its move, and where the time went.
traffic_moved() {
	local delay
	if delay=$(traffic_delay "$2"); then
		report_pass "$1 ($delay)"
	else
		report_fail "$1" "the daemon did not say when it attached the channel again"
	fi
}

# traffic_attached_in_time: after moves, half of them within a second: the machine may have
# other things to do now and then.
traffic_attached_in_time() {
	python3 - "$vm_work/attached.log" <<'END'
import sys
times = sorted(int(line) for line in open(sys.argv[1]))
median = times[(len(times) - 1) // 2]
print(f"attached {median} us after the request, of {len(times)} from {times[0]} to {times[-1]}")
sys.exit(median > 1000000)
END
}

# traffic_goes_on GUEST N: bytes go both ways, in the same session as before.
traffic_goes_on() {
	# shellcheck disable=SC2016 # words that the guest expands
	guest "$1" 'cd "$(dirname "$(grep -lx demo /sys/class/mydevice/*/name)")/statistics" &&
		rx=$(cat rx_bytes) tx=$(cat tx_bytes) && sleep 2 &&
		echo "in $rx to $(cat rx_bytes), out $tx to $(cat tx_bytes)" &&
		test $(cat rx_bytes) -gt $rx && test $(cat tx_bytes) -gt $tx' &&
		traffic_session "$1" "$2"
}

# traffic_inside_over GUEST SESSIONS: in so many, on one descriptor.
traffic_inside_over() {
	local log=$vm_work/traffic-$1-inside.log
	# shellcheck disable=SC2016 # words that the guest expands
	guest "$1" 'kill $(cat /tmp/shuttle.pid); sleep 1; cat /tmp/shuttle.log' >"$log"
	cat "$log"
	grep -qx 'over: opened 1 times' "$log" && [ "$(grep -c begins "$log")" -eq "$2" ]
}

# traffic_outside_over GUEST: the host's programs, each of which opens as often as there
# is a device.
traffic_outside_over() {
	local log=$vm_work/traffic-$1-${VM_LAB:-check}.log
	dom0 "systemctl stop shuttle-$1; cat /tmp/shuttle-$1.log" >"$log"
	cat "$log"
	grep -q '^over' "$log" && [ "$(grep -c '^over' "$log")" -eq "$(grep -cx 'a program' "$log")" ]
}

# traffic_ledger GUEST: no end has seen anything wrong, and together they miss nothing.
traffic_ledger() {
	tests/vm/ledger.py "$vm_work/traffic-$1-"*.log && ! grep 'received 0 ' "$vm_work/traffic-$1-"*.log
}

# traffic_over GUEST SESSIONS: all in order. The guest's program ends first, and the host's
# reads to its end.
traffic_over() {
	rm -f "$vm_work/traffic-$1-"*.log
	traffic_inside_over "$1" "$2" && traffic_outside_over "$1" && traffic_ledger "$1"
}
