# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the guest expands
#
# Guests that are paused, checkpointed, saved, restored and migrated, with traffic
# both ways all the time: the guest's descriptor survives, no session gets what
# belongs to another, and neither end is left with anything. MOVE_ROUNDS times all of
# what they can.

move_rounds=${MOVE_ROUNDS:-1}
# Debian's Xen is built without shadow paging, which the live migration of a PV guest
# needs: it fails, and the guest goes on. tests/vm/hosts has the way to another host.
declare -A move_ways=([a]="restore restore" [b]="restore migrate")
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

for name in a b; do
	if ! move_before[$name]=$(holdings "$name") ||
		! move_inside_before[$name]=$(guest_holdings "$name"); then
		report_fail "move-$name-holdings-can-be-listed" "${move_inside_before[$name]}"
	fi
	expect "move-$name-begins" traffic_begin $name || continue
	moves=0
	for ((round = 0; round < move_rounds; round++)); do
		if [ $((round % 10)) -eq 0 ]; then
			expect "move-$name-checkpoint" guest_checkpoint $name &&
				expect "move-$name-after-checkpoint" traffic_goes_on $name $moves
			expect "move-$name-pause" guest_pause $name &&
				expect "move-$name-after-pause" traffic_goes_on $name $moves
		fi
		for how in ${move_ways[$name]}; do
			moves=$((moves + 1))
			expect "move-$name-$how" move_to_another "$how" $name $moves &&
				report_pass "move-$name-$how-$moves ($(traffic_delay $name))"
		done
	done
	if [[ ${move_ways[$name]} != *migrate* ]]; then
		expect "move-$name-migrate-fails" move_migrate_fails $name &&
			expect "move-$name-after-that" traffic_goes_on $name $moves
	fi
	expect "move-$name-over" traffic_over $name $((moves + 1))
	expect "move-$name-host-is-left-with-nothing" \
		eventually 20 nothing_new "${move_before[$name]}" $name
	expect "move-$name-guest-is-left-with-nothing" \
		eventually 20 guest_holds "${move_inside_before[$name]}" $name
	expect "move-$name-transfer" pass_bytes $name both $((1 * MiB))
done
