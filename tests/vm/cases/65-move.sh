# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the guest expands
#
# Guests that are paused, checkpointed, saved, restored and migrated, with traffic
# both ways all the time: the guest's descriptor survives, no session gets what
# belongs to another, and neither end is left with anything. Each guest moves in each
# of its ways, or MOVE_ROUNDS times, in one way after another. Linux 6.1 loses 1.4 MB
# in a guest each time, with our modules and without, and its ssh keeps a process for
# each: after 25 times 128 MB are used up.

# Debian's Xen is built without shadow paging, which the live migration of a PV guest
# needs: it fails, and the guest goes on. tests/vm/hosts has the way to another host.
declare -A move_ways=([a]="restore" [b]="restore migrate")
declare -A move_before move_inside_before

move_migrate_fails() {
	local said
	said=$(! guest_migrate "$1") || return
	grep 'Failed to enable logdirty' <<<"$said"
}

# move_to_another HOW GUEST N: into another domain, and the Nth session.
move_to_another() {
	local how=$1 name=$2 old
	old=$(domid "$name")
	if ! "guest_$how" "$name" >"$vm_work/$how-$name.log"; then
		cat "$vm_work/$how-$name.log"
		return 1
	fi
	[ "$(domid "$name")" != "$old" ] || return
	eventually 10 dom0 "! xl list $old" && traffic_resumed "$name" "$3"
}

# The bus of a guest writes Closing for a device that it could not resume, even if its
# nodes are there by then. That is a matter of milliseconds: here we write it, while the
# guest is paused.
move_meets_closing() {
	local id front back rc=0
	dom0 "mydevicectl attach $1 late && xl save $1 /tmp/$1.save 2>&1 && xl restore -p /tmp/$1.save 2>&1
		status=\$?; rm /tmp/$1.save; exit \$status" || return
	id=$(domid "$1")
	front=/local/domain/$id/device/mydevice/4095/state
	back=/local/domain/0/backend/mydevice/$id/4095/state
	eventually 20 dom0 "xenstore-read $back | grep -x 2" &&
		dom0 "xenstore-write $front 5" && eventually 20 dom0 "xenstore-read $back | grep -x 5" || rc=1
	dom0 "xl unpause $1" && [ $rc -eq 0 ] && eventually 30 channels "guest == '$1' and
		name == 'late' and frontend_state == backend_state == 'Connected'" || rc=1
	dom0 "mydevicectl detach $1 late" && eventually 30 connected "$1" && return $rc
}

# An id may be another channel's when the guest goes on: in the host that it has come to,
# or here, where one is taken and the other given while it stands still. Who has the first
# one open is told that it is gone, and gets nothing of the other's.
move_meets_another() {
	local rc=0 writer
	dom0 mydevicectl attach "$1" one && eventually 30 guest "$1" test -c /dev/mydevice/one || return
	guest "$1" 'cat /dev/mydevice/one >/tmp/one 2>&1 & echo $! >/tmp/one.pid'
	dom0 "xl pause $1 && mydevicectl detach --force $1 one && sleep 1 && mydevicectl attach $1 other
		status=\$?; xl unpause $1; exit \$status" && eventually 30 channels "guest == '$1' and
		name == 'other' and devid == 4095 and frontend_state == backend_state == 'Connected'" || rc=1
	dom0 "timeout 60 sh -c 'echo secret >/dev/mydevice-back/$1/other'" &
	writer=$!
	eventually 20 guest "$1" '! kill -0 $(cat /tmp/one.pid) && cat /tmp/one &&
		grep "No such device" /tmp/one && ! test -e /dev/mydevice/one' &&
		guest "$1" 'timeout 20 head -n 1 /dev/mydevice/other | grep -x secret' || rc=1
	wait $writer || rc=1
	guest "$1" 'kill $(cat /tmp/one.pid) 2>/dev/null'
	dom0 "mydevicectl detach $1 other" && return $rc
}

# Somebody looks at the device all the time, for which some kernels take its lock.
move_is_looked_at() {
	guest "$1" 'while read -r line </sys/bus/xen/devices/mydevice-0/uevent; do :; done >/dev/null 2>&1 &
		echo $! >/tmp/looks.pid'
}

for name in a b; do
	if ! move_before[$name]=$(holdings "$name") ||
		! move_inside_before[$name]=$(guest_holdings "$name"); then
		report_fail "move-$name-holdings-can-be-listed" "${move_inside_before[$name]}"
	fi
	expect "move-$name-begins" traffic_begin $name || continue
	read -ra ways <<<"${move_ways[$name]}"
	for ((moves = 0; moves < ${MOVE_ROUNDS:-${#ways[@]}}; moves++)); do
		if [ $((moves % 10)) -eq 0 ]; then
			expect "move-$name-checkpoint" guest_checkpoint $name &&
				expect "move-$name-after-checkpoint" traffic_goes_on $name $moves
			expect "move-$name-pause" guest_pause $name &&
				expect "move-$name-after-pause" traffic_goes_on $name $moves
		fi
		how=${ways[moves % ${#ways[@]}]}
		[ $name$moves != a0 ] || expect move-a-is-looked-at move_is_looked_at a
		expect "move-$name-$how" move_to_another "$how" $name $((moves + 1)) &&
			traffic_moved "move-$name-$how-$((moves + 1))" $name
		[ $name$moves != a0 ] || expect move-a-was-looked-at guest a 'kill $(cat /tmp/looks.pid)'
	done
	if [[ ${ways[*]} != *migrate* ]]; then
		expect "move-$name-migrate-fails" move_migrate_fails $name &&
			expect "move-$name-after-that" traffic_goes_on $name $moves
	fi
	expect "move-$name-over" traffic_over $name $((moves + 1))
	expect "move-$name-host-is-left-with-nothing" \
		eventually 20 nothing_new "${move_before[$name]}" $name
	expect "move-$name-guest-is-left-with-nothing" \
		eventually 20 guest_holds "${move_inside_before[$name]}" $name
	case $name in
	a) expect move-a-meets-closing move_meets_closing a ;;
	b) expect move-b-meets-another move_meets_another b ;;
	esac
	expect "move-$name-transfer" pass_bytes $name both $((1 * MiB))
done
# Three say little on a machine of any speed.
if [ -n "${MOVE_ROUNDS-}" ]; then
	expect move-attached-in-time traffic_attached_in_time
else
	echo "note: $(traffic_attached_in_time)"
fi
