# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the other end expands
#
# Settings that change while a channel is connected: rates as they were set, a pause,
# thresholds, the node's owner, under traffic of which no byte is lost; and what is
# no setting, or not the guest's to set.

live_backend() {
	echo "/local/domain/0/backend/mydevice/$(domid "$1")/0"
}

live_set() {
	local name=$1
	shift
	dom0 mydevicectl set "$name" demo "$@"
}

# live_moves GUEST SECONDS LEAST MOST [messages]: of the bytes that the host reads, and of
# those that it writes, so many go by in a second.
live_moves() {
	local what=${5:-bytes}
	dom0 "python3 -c '
import sys, time
def sample():
    return [int(open(f\"/sys/class/mydevice/mydevice-back!$(domid "$1")-0/statistics/{way}_$what\").read())
            for way in (\"rx\", \"tx\")], time.monotonic()
first, begun = sample()
time.sleep($2)
last, ended = sample()
rates = [(after - before) / (ended - begun) for before, after in zip(first, last)]
print(\"read, written:\", *map(round, rates), \"$what a second\")
sys.exit(not all($3 <= rate <= $4 for rate in rates))'"
}

live_is() {
	channels "guest == '$1' and name == 'demo' and settings == $2"
}

live_paused() {
	live_set "$1" paused=yes && live_moves "$1" 1 0 0
}

# A pause that comes with a higher rate leaves no moment of that rate.
live_at_once() {
	live_set "$1" paused=no rate-bytes=16K && sleep 0.5 && dom0 "
		cd '/sys/class/mydevice/mydevice-back!$(domid "$1")-0/statistics' && rx=\$(cat rx_bytes) &&
		mydevicectl set $1 demo rate-bytes=0 paused=yes && sleep 1 && rx=\$((\$(cat rx_bytes) - rx)) &&
		echo \$rx bytes && [ \$rx -gt 0 ] && [ \$rx -lt 49152 ]"
}

live_tuned() {
	live_set "$1" paused=no rate-bytes=128K read-wake=4K write-wake=2K spin-usec=never &&
		sleep 0.5 && live_moves "$1" 4 $((MiB * 95 / 800)) $((MiB * 105 / 800))
}

live_messages() {
	live_set "$1" rate-bytes=0 rate-messages=100 && sleep 0.5 && live_moves "$1" 4 95 105 messages
}

live_lifted() {
	live_set "$1" rate-messages=0 read-wake= write-wake=0 spin-usec= && live_is "$1" '{}'
}

# live_wakes GUEST STATUS: a program that sleeps in a read, while 1000 bytes come
live_wakes() {
	local rc=0
	guest "$1" '{ sleep 3; head -c 1000 /dev/zero; sleep 5; } >/dev/mydevice/demo' &
	dom0 "timeout 6 dd bs=64K count=1 </dev/mydevice-back/$1/demo >/dev/null 2>&1
		test \$? -eq $2" || rc=1
	wait $! && return $rc
}

live_threshold() {
	live_set "$1" read-wake=4K && live_wakes "$1" 124 && live_set "$1" read-wake= && live_wakes "$1" 0
}

# live_room GUEST STATUS: a program that polls for room, once 4 KiB of a full ring are read
live_room() {
	local rc=0
	guest "$1" 'exec 3</dev/mydevice/demo; sleep 4; dd bs=4096 count=1 <&3 >/dev/null 2>&1; sleep 8' &
	dom0 "timeout 30 python3 -c '
import os, select, sys
fd = os.open(\"/dev/mydevice-back/$1/demo\", os.O_WRONLY | os.O_NONBLOCK)
room = select.poll()
room.register(fd, select.POLLOUT)
room.poll(20000)
try:
    while True:
        os.write(fd, bytes(65536))
except BlockingIOError:
    pass
sys.exit(not any(events & select.POLLOUT for _, events in room.poll(6000)))'
		test \$? -eq $2" || rc=1
	wait $! && return $rc
}

live_room_threshold() {
	live_set "$1" write-wake=4K && live_room "$1" 0 && live_set "$1" write-wake= && live_room "$1" 1
}

# live_spins GUEST SETTING LEAST MOST: of 300 answers so many come while the call spins
live_spins() {
	local rc=0
	live_set "$1" "spin-usec=$2" || return
	guest "$1" 'exec 3<>/dev/mydevice/demo; cat <&3 >&3' &
	dom0 "timeout 60 python3 -c '
import os, sys
def spins():
    with open(\"/sys/class/mydevice/mydevice-back!$(domid "$1")-0/statistics/rx_spins\") as file:
        return int(file.read())
fd, before = os.open(\"/dev/mydevice-back/$1/demo\", os.O_RDWR), spins()
for _ in range(300):
    os.write(fd, b\"x\")
    os.read(fd, 1)
spun = spins() - before
print(spun, \"of 300\")
sys.exit(not $3 <= spun <= $4)'" || rc=1
	wait $! && return $rc
}

live_spinning() {
	live_spins "$1" 10000 1 300 && live_spins "$1" never 0 0 && live_set "$1" spin-usec=
}

# All that was written has come, as it was written: the traffic's STATUS says so.
live_came() {
	cat "$vm_work/live.log"
	return "$1"
}

# The kernel says so, once for each, and what held goes on.
live_junk() {
	local backend said
	backend=$(live_backend a)
	live_set a paused=yes || return
	dom0 "for value in junk '' -1 2 01x 18446744073709551616; do
		xenstore-write $backend/paused \"\$value\" $backend/rate-bytes 68719476737; done" || return
	live_moves_nothing a || return
	said=$(dom0 "dmesg | grep -c '/paused is no number from 0 to 1: it stays at 1'")
	echo "$said lines"
	[ "$said" -ge 5 ] && dom0 xenstore-rm "$backend/rate-bytes" "$backend/paused" &&
		live_set a paused=no rate-bytes=0 && pass_bytes a both 100000
}

# What the guest writes is not read while the channel is paused, and then it is.
live_moves_nothing() {
	local rc=0
	guest "$1" 'timeout 20 sh -c "echo held >/dev/mydevice/demo"' &
	dom0 "exec 3<>/dev/mydevice-back/$1/demo
		timeout 2 head -c 1 <&3; test \$? -eq 124 && mydevicectl set $1 demo paused=no &&
		timeout 20 head -n 1 <&3 | grep -x held && mydevicectl set $1 demo paused=yes" || rc=1
	wait $! && return $rc
}

live_refused() {
	local said
	said=$(dom0 'for word in speed=1 rate-bytes=fast rate-bytes=65G paused=2 node-mode=0777 \
		node-user=a/b; do mydevicectl set a demo $word && exit 1; done 2>&1
		mydevicectl set a demo paused 2>&1; test $? -eq 2 || exit 1
		mydevicectl set a nothing paused=yes 2>&1; test $? -eq 4') || return
	echo "$said"
	[ "$(grep -c expected <<<"$said")" -eq 7 ] && live_is a '{}'
}

live_node() {
	[ "$(dom0 stat -L -c '%a %U:%G' /dev/mydevice-back/a/demo)" = "$1" ]
}

# The guest may look; nothing there is its own to change.
live_intrude() {
	local backend
	backend=$(live_backend b)
	live_set b rate-bytes=1M rate-messages=1K paused=yes &&
		guest b intrude "$backend/rate-bytes" "$backend/paused" "$backend/rate-messages" &&
		live_set b rate-bytes= rate-messages= paused=
}

# They stand in XenStore, whoever comes and goes.
live_stays() {
	live_set a paused=yes && dom0 systemctl restart mydevice-attachd &&
		tests/semantics/xen-control a 0 unbind back && tests/semantics/xen-control a 0 bind back &&
		eventually 20 live_is a "{'paused': 1}" && live_moves_nothing a &&
		live_set a paused=no && pass_bytes a both 100000
}

for name in a b; do
	expect "live-set-$name" live_set "$name" rate-bytes=256K
	pass_bytes "$name" both $((8 * MiB)) 2048 >"$vm_work/live.log" 2>&1 &
	live_traffic=$!
	sleep 1
	expect "live-rate-$name" live_moves "$name" 4 $((MiB * 95 / 400)) $((MiB * 105 / 400))
	expect "live-pause-$name" live_paused "$name"
	expect "live-status-$name" live_is "$name" "{'rate-bytes': $((MiB / 4)), 'paused': 1}"
	expect "live-at-once-$name" live_at_once "$name"
	expect "live-tuned-$name" live_tuned "$name"
	expect "live-messages-$name" live_messages "$name"
	expect "live-lifted-$name" live_lifted "$name"
	wait $live_traffic
	expect "live-traffic-$name" live_came $?
	expect "live-threshold-$name" live_threshold "$name"
done
# of this end alone, whoever the other is
expect live-room-threshold live_room_threshold a
expect live-spinning live_spinning a
expect live-junk live_junk
expect live-refused live_refused
expect live-node-set live_set a node-user=daemon node-group=adm node-mode=0640
expect live-node-is-set eventually 10 live_node '640 daemon:adm'
expect live-node-taken-back live_set a node-user= node-group= node-mode=
expect live-node-is-as-it-was eventually 10 live_node '660 root:mydevice'
expect live-guest-cannot-write live_intrude
expect live-stays live_stays
expect live-over pass_bytes b both $((1 * MiB))
