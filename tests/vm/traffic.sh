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
		"exec shuttle /dev/mydevice-back/$1/demo ${traffic_pause-} >>/tmp/shuttle-$1.log 2>&1"
}

# traffic_session GUEST N: the guest's program is in its Nth session, with a byte moved.
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
	echo "$(sed 's/.*begins after/bytes flow after/' "$vm_work/session.log")," \
		"$(dom0 'journalctl -q -n 20 -o cat -u mydevice-attachd' |
			sed -n "s/^guest $1 .*: \(attached\|connected\).* \([0-9]*\) us after the request.*/\1 \2/p" |
			tail -n 2 | tr '\n' ' ')us after the request"
}

# traffic_goes_on GUEST N: bytes arrive, of the same session as before.
traffic_goes_on() {
	# shellcheck disable=SC2016 # words that the guest expands
	guest "$1" 'cd /sys/class/mydevice/*/statistics && was=$(cat rx_bytes) && sleep 1 &&
		echo "$was, $(cat rx_bytes)" && test $(cat rx_bytes) -gt $was' &&
		traffic_session "$1" "$2"
}

# traffic_over GUEST SESSIONS: both found all in order, the guest's on one descriptor.
traffic_over() {
	# shellcheck disable=SC2016 # words that the guest expands
	guest "$1" 'kill $(cat /tmp/shuttle.pid); sleep 1; cat /tmp/shuttle.log' \
		>"$vm_work/inside.log"
	cat "$vm_work/inside.log"
	traffic_outside_over "$1" && ! grep WRONG "$vm_work/inside.log" &&
		grep -qx 'over: opened 1 times' "$vm_work/inside.log" &&
		[ "$(grep -c begins "$vm_work/inside.log")" -eq "$2" ]
}

# traffic_outside_over GUEST: the host's, which opens as often as there is a device.
traffic_outside_over() {
	dom0 "systemctl stop shuttle-$1; cat /tmp/shuttle-$1.log" >"$vm_work/outside.log"
	! grep WRONG "$vm_work/outside.log" && grep -q '^over' "$vm_work/outside.log"
}
