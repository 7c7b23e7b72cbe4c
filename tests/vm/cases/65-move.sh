# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the guest expands
#
# Guests that are paused, checkpointed, saved, restored and migrated, with traffic
# both ways all the time: the guest's descriptor survives, no session gets what
# belongs to another, and neither end is left with anything. MOVE_ROUNDS times all of
# what they can.

move_rounds=${MOVE_ROUNDS:-1}
# Seconds from the end of a session until bytes flow again: the channel is given
# again, both drivers connect, udev makes the node, and a program opens it. An
# emulated host with other things to do takes as long for each guest that boots.
move_limit=15
# Debian's Xen is built without shadow paging, which the live migration of a PV guest
# needs: it fails, and the guest goes on.
declare -A move_ways=([a]="restore restore" [b]="restore migrate")
declare -A move_before move_inside_before

move_begin() {
	guest "$1" 'shuttle /dev/mydevice/demo >/tmp/shuttle.log 2>&1 &
		echo $! >/tmp/shuttle.pid'
	dom0 systemd-run -q --collect --unit="shuttle-$1" sh -c \
		"exec shuttle /dev/mydevice-back/$1/demo >/tmp/shuttle-$1.log 2>&1" || return
	eventually 10 move_session "$1" 0
}

# move_session GUEST N: the guest's program is in its Nth session, with a byte moved.
move_session() {
	guest "$1" "tail -n 1 /tmp/shuttle.log" | grep "^session $2 begins" >"$vm_work/session.log"
}

# move_goes_on GUEST N: bytes arrive, of the same session as before.
move_goes_on() {
	guest "$1" 'cd /sys/class/mydevice/*/statistics && was=$(cat rx_bytes) && sleep 1 &&
		echo "$was, $(cat rx_bytes)" && test $(cat rx_bytes) -gt $was' &&
		move_session "$1" "$2"
}

move_checkpoint() {
	dom0 "xl save -c $1 /tmp/$1.save 2>&1; status=\$?; rm /tmp/$1.save; exit \$status"
}

move_pause() {
	dom0 "xl pause $1 && sleep 1 && xl unpause $1"
}

move_restore() {
	dom0 "xl save $1 /tmp/$1.save 2>&1 && xl restore /tmp/$1.save 2>&1
		status=\$?; rm /tmp/$1.save; exit \$status"
}

# As with ssh to this very host.
move_migrate() {
	dom0 "xl migrate -s '' $1 'xl migrate-receive' 2>&1"
}

move_migrate_fails() {
	local said
	said=$(! move_migrate "$1") || return
	grep 'Failed to enable logdirty' <<<"$said"
}

# move_to_another HOW GUEST N: into another domain, and the Nth session.
move_to_another() {
	local how=$1 name=$2 old
	old=$(domid "$name")
	if ! "move_$how" "$name" >"$vm_work/$how-$name.log"; then
		cat "$vm_work/$how-$name.log"
		return 1
	fi
	[ "$(domid "$name")" != "$old" ] || return
	eventually 20 move_session "$name" "$3" || return
	eventually 10 dom0 "! xl list $old" || return
	python3 - $move_limit "$vm_work/session.log" <<'END'
import sys
seconds = float(open(sys.argv[2]).read().split()[-2])
print(f"still for {seconds} s")
sys.exit(seconds > float(sys.argv[1]))
END
}

# move_over GUEST SESSIONS: both programs found all in order, the guest's on one descriptor.
move_over() {
	guest "$1" 'kill $(cat /tmp/shuttle.pid); sleep 1; cat /tmp/shuttle.log' >"$vm_work/inside.log"
	dom0 "systemctl stop shuttle-$1; sleep 1; cat /tmp/shuttle-$1.log" >"$vm_work/outside.log"
	cat "$vm_work/inside.log"
	! grep WRONG "$vm_work/inside.log" "$vm_work/outside.log" || return
	grep -qx 'over: opened 1 times' "$vm_work/inside.log" &&
		grep -q '^over' "$vm_work/outside.log" &&
		[ "$(grep -c begins "$vm_work/inside.log")" -eq "$2" ]
}

for name in a b; do
	if ! move_before[$name]=$(holdings "$name") ||
		! move_inside_before[$name]=$(guest_holdings "$name"); then
		report_fail "move-$name-holdings-can-be-listed" "${move_inside_before[$name]}"
	fi
	expect "move-$name-begins" move_begin $name || continue
	moves=0
	for ((round = 0; round < move_rounds; round++)); do
		if [ $((round % 10)) -eq 0 ]; then
			expect "move-$name-checkpoint" move_checkpoint $name &&
				expect "move-$name-after-checkpoint" move_goes_on $name $moves
			expect "move-$name-pause" move_pause $name &&
				expect "move-$name-after-pause" move_goes_on $name $moves
		fi
		for how in ${move_ways[$name]}; do
			moves=$((moves + 1))
			expect "move-$name-$how" move_to_another "$how" $name $moves &&
				report_pass "move-$name-$how-$moves ($(<"$vm_work/session.log"))"
		done
	done
	if [[ ${move_ways[$name]} != *migrate* ]]; then
		expect "move-$name-migrate-fails" move_migrate_fails $name &&
			expect "move-$name-after-that" move_goes_on $name $moves
	fi
	expect "move-$name-over" move_over $name $((moves + 1))
	expect "move-$name-host-is-left-with-nothing" \
		eventually 20 nothing_new "${move_before[$name]}" $name
	expect "move-$name-guest-is-left-with-nothing" \
		eventually 20 guest_holds "${move_inside_before[$name]}" $name
	expect "move-$name-transfer" pass_bytes $name both $((1 * MiB))
done
