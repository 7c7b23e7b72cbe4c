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

# live_moves GUEST SECONDS LEAST MOST: of the bytes that the host reads, and of those
# that it writes, so many go by in a second.
live_moves() {
	dom0 "python3 -c '
import sys, time
def sample():
    return [int(open(f\"/sys/class/mydevice/mydevice-back!$(domid "$1")-0/statistics/{way}_bytes\").read())
            for way in (\"rx\", \"tx\")], time.monotonic()
first, begun = sample()
time.sleep($2)
last, ended = sample()
rates = [(after - before) / (ended - begun) for before, after in zip(first, last)]
print(\"read, written:\", *map(round, rates), \"bytes a second\")
sys.exit(not all($3 <= rate <= $4 for rate in rates))'"
}

live_is() {
	channels "guest == '$1' and name == 'demo' and settings == $2"
}

live_paused() {
	live_set "$1" paused=yes && live_moves "$1" 1 0 0
}

live_tuned() {
	live_set "$1" paused=no rate-bytes=128K read-wake=4K write-wake=2K spin-usec=never &&
		sleep 0.5 && live_moves "$1" 4 $((MiB * 95 / 800)) $((MiB * 105 / 800))
}

live_lifted() {
	live_set "$1" rate-bytes=0 read-wake= write-wake=0 spin-usec= && live_is "$1" '{}'
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

# What the guest writes is not read.
live_moves_nothing() {
	local rc=0
	guest "$1" 'timeout 4 sh -c "echo held >/dev/mydevice/demo"' &
	dom0 "timeout 2 head -c 1 /dev/mydevice-back/$1/demo; test \$? -eq 124" || rc=1
	wait $! || :
	return $rc
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
	pass_bytes "$name" both $((8 * MiB)) >"$vm_work/live.log" 2>&1 &
	live_traffic=$!
	sleep 1
	expect "live-rate-$name" live_moves "$name" 4 $((MiB * 95 / 400)) $((MiB * 105 / 400))
	expect "live-pause-$name" live_paused "$name"
	expect "live-status-$name" live_is "$name" "{'rate-bytes': $((MiB / 4)), 'paused': 1}"
	expect "live-tuned-$name" live_tuned "$name"
	expect "live-lifted-$name" live_lifted "$name"
	wait $live_traffic
	expect "live-traffic-$name" live_came $?
done
expect live-junk live_junk
expect live-refused live_refused
expect live-node-set live_set a node-user=daemon node-group=adm node-mode=0640
expect live-node-is-set eventually 10 live_node '640 daemon:adm'
expect live-node-taken-back live_set a node-user= node-group= node-mode=
expect live-node-is-as-it-was eventually 10 live_node '660 root:mydevice'
expect live-guest-cannot-write live_intrude
expect live-stays live_stays
expect live-over pass_bytes b both $((1 * MiB))
