# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the guest expands
#
# Devices of other classes than ours, with the drivers in tests/vm/pairs: a pair
# that does nothing but probe, and one that goes 1-2-4 and closes as it should.

classes_conf=/etc/mydevice/attachd.conf.d/classes.conf
classes_front=/sys/bus/xen/devices
classes_back=/sys/bus/xen-backend/devices
# asked for once, because xl takes its time
declare -A classes_id=([a]=$(domid a) [b]=$(domid b))

# classes_policy [SED-SCRIPT]: the drop-in, changed by it, put into effect.
classes_policy() {
	sed "${1-}" tests/vm/pairs/classes.conf >"$vm_work/classes.conf" || return
	lab push "$vm_work/classes.conf" $classes_conf || return
	dom0 "mydevice-attachd --check /etc/mydevice/attachd.conf &&
		systemctl reload mydevice-attachd"
}

classes_load() {
	guest "$1" 'for m in probeonly lockstep; do insmod /pairs/${m}front.ko || exit; done'
}

classes_unload() {
	guest "$1" 'rmmod probeonlyfront lockstepfront'
}

# classes_paths GUEST CLASS-DEVID: both ends' directories.
classes_paths() {
	local id=${classes_id[$1]}
	echo "/local/domain/$id/device/${2/-//} /local/domain/0/backend/${2%-*}/$id/${2#*-}"
}

# classes_states GUEST CLASS-DEVID WANTED
classes_states() {
	local front back states
	read -r front back < <(classes_paths "$1" "$2")
	states=$(dom0 xenstore-read "$front/state" "$back/state" | paste -sd /)
	echo "states $states"
	[ "$states" = "$3" ]
}

# Each end's nodes belong to it, and the other end may read them.
classes_rights() {
	local id=${classes_id[$1]} front back
	read -r front back < <(classes_paths "$1" "$2")
	front=$(dom0 xenstore-ls -fp "${front%/*}") && back=$(dom0 xenstore-ls -fp "${back%/*}") ||
		return
	[ "$(wc -l <<<"$front")" -ge 5 ] && [ "$(wc -l <<<"$back")" -ge 6 ] || return
	! grep -vF "(n$id,r0)" <<<"$front" && ! grep -vF "(n0,r$id)" <<<"$back"
}

classes_refused() {
	local front back
	read -r front back < <(classes_paths "$1" "$2")
	guest "$1" intrude "$back" "$back/state" "$back/greeting" "${back%/*}" "${front%/*}"
}

classes_nodes() {
	local front back
	read -r front back < <(classes_paths "$1" "$2")
	[ "$(dom0 xenstore-read "$front/greeting" "$back/greeting")" = "$3"$'\n'"$4" ]
}

# classes_guest_hears GUEST TEXT, classes_host_hears GUEST TEXT
classes_guest_hears() {
	[ "$(guest "$1" cat $classes_front/lockstep-3/heard)" = "$2" ]
}
classes_host_hears() {
	[ "$(dom0 cat "$classes_back/lockstep-${classes_id[$1]}-3/heard")" = "$2" ]
}

# As a frontend of another make would offer it, in place of our driver.
classes_junk() {
	local front back
	read -r front back < <(classes_paths "$1" lockstep-3)
	guest "$1" 'echo lockstep-3 >/sys/bus/xen/drivers/lockstepfront/unbind' || return
	eventually 10 classes_states "$1" lockstep-3 6/6 || return
	dom0 xenstore-write "$front/state" 1 || return
	eventually 10 classes_states "$1" lockstep-3 1/2 || return
	dom0 xenstore-write "$front/page-ref" 4000000000 "$front/event-channel" 4000000000 \
		"$front/state" 4 || return
	eventually 10 classes_states "$1" lockstep-3 4/5
}

classes_frontend_again() {
	guest "$1" 'echo lockstep-3 >/sys/bus/xen/drivers/lockstepfront/bind' || return
	eventually 10 classes_states "$1" lockstep-3 4/4 || return
	eventually 10 classes_host_hears "$1" "hello from the guest"
}

# A backend whose driver goes and comes, with the device online.
classes_backend_again() {
	local device=lockstep-${classes_id[$1]}-3 driver=/sys/bus/xen-backend/drivers/lockstepback
	dom0 "echo $device >$driver/unbind" || return
	eventually 10 classes_states "$1" lockstep-3 1/6 || return
	dom0 "echo $device >$driver/bind" || return
	eventually 10 classes_states "$1" lockstep-3 4/4 || return
	eventually 10 classes_guest_hears "$1" "hello from the host"
}

# classes_forced GUEST: the devices of it that were removed by force, a line each
classes_forced() {
	dom0 journalctl -q -b -u mydevice-attachd --no-pager -o cat |
		grep -F 'by force' | grep -F "guest $1 (${classes_id[$1]}) device"
}

# All of the guest's devices closed by themselves, but the one that only probes.
classes_forced_alone() {
	local forced
	forced=$(classes_forced "$1")
	echo "$forced"
	[ "$(wc -l <<<"$forced")" -eq 1 ] && grep -w probeonly <<<"$forced"
}

# Nothing in XenStore, where the kernel's notes of errors stay and those of what was withheld
# from a guest that runs, nothing in the host's kernel.
classes_gone() {
	local id=${classes_id[$1]} nodes devices
	nodes=$(node_paths) && devices=$(dom0 ls "$classes_back") || return
	! grep -vE "^(/local/domain/0/error|/mydevice/$id/withheld)/" <<<"$nodes" |
		grep -E 'probeonly|lockstep' | grep -E "/$id(/|\$)" &&
		! grep -E "^(probeonly|lockstep)-$id-" <<<"$devices"
}

classes_gone_in_guest() {
	guest "$1" "! ls $classes_front | grep -E '^(probeonly|lockstep)-' &&
		! grep lockstep /proc/interrupts"
}

# What belongs to the channels of all guests, whatever happens to other classes.
classes_channels() {
	dom0 "xenstore-ls -fp / | grep -E '^/local/domain/[0-9]+/(device|backend)/mydevice/'"
}

classes_begin() {
	local module release
	release=$(dom0 uname -r) || return
	for module in probeonly lockstep; do
		modinfo -F vermagic "$vm_work/pairs/${module}back.ko" | grep "^$release " || {
			echo "the lab has $release, built was for other headers"
			return 1
		}
		lab push "$vm_work/pairs/${module}back.ko" /root/ && dom0 insmod "/root/${module}back.ko" ||
			return
	done
	classes_load a && classes_load b
}

if expect classes-begin classes_begin; then
	classes_before=$(classes_channels) || report_fail classes-channels-are-there
	expect classes-policy classes_policy
	for name in a b; do
		expect "classes-probe-only-$name" eventually 20 classes_states "$name" probeonly-0 1/1
		expect "classes-lock-step-$name" eventually 20 classes_states "$name" lockstep-3 4/4
		for device in probeonly-0 lockstep-3; do
			expect "classes-rights-$name-$device" classes_rights "$name" $device
			expect "classes-refused-$name-$device" classes_refused "$name" $device
			expect "classes-listed-$name-$device" channels "guest == '$name' and
				name == '${device%-*}' and devid == ${device#*-} and phase == 'connected'"
		done
		expect "classes-nodes-$name" classes_nodes "$name" probeonly-0 \
			"never read" "never read either"
		expect "classes-guest-reads-$name" eventually 10 \
			classes_guest_hears "$name" "hello from the host"
		expect "classes-host-reads-$name" eventually 10 \
			classes_host_hears "$name" "hello from the guest"
		guest "$name" "echo louder >$classes_front/lockstep-3/say"
		dom0 "echo softer >$classes_back/lockstep-${classes_id[$name]}-3/say"
		expect "classes-event-to-host-$name" eventually 5 classes_host_hears "$name" louder
		expect "classes-event-to-guest-$name" eventually 5 classes_guest_hears "$name" softer
	done
	expect classes-junk-is-refused classes_junk a
	expect classes-frontend-bound-again classes_frontend_again a
	expect classes-backend-bound-again classes_backend_again b

	# by hand from a, whose pair in lock-step has a minute and does not need it
	expect classes-detach-lock-step dom0 mydevicectl detach a lockstep --class=lockstep --timeout=30
	expect classes-detach-probe-only dom0 mydevicectl detach a probeonly --class=probeonly
	# of two drivers that only probe, nobody is waited for
	expect classes-forced-none-a eval '! classes_forced a'
	# b's kernel takes its ends away, which nobody gives again
	classes_given_up() {
		local lockstep probeonly
		classes_policy 's/^Guest=.*/&\nAlways=no/' || return
		classes_states b lockstep-3 4/4 && classes_states b probeonly-0 1/1 || return
		read -r lockstep _ < <(classes_paths b lockstep-3)
		read -r probeonly _ < <(classes_paths b probeonly-0)
		dom0 xenstore-rm "$lockstep" "$probeonly"
	}
	expect classes-given-up-by-b classes_given_up
	for name in a b; do
		expect "classes-gone-$name" eventually 20 classes_gone "$name"
		expect "classes-gone-in-guest-$name" eventually 10 classes_gone_in_guest "$name"
	done
	expect classes-forced-only-probe-only-b classes_forced_alone b

	# a guest that dies with such devices
	if expect classes-guest-e-comes eval 'classes_policy "s/^Guest=.*/Guest=e/" &&
		LAB_GUEST_FILES=$vm_work/guest lab up --guest e:pv && classes_load e'; then
		classes_id[e]=$(domid e)
		expect classes-guest-e-lock-step eventually 20 classes_states e lockstep-3 4/4
		expect classes-guest-e-probe-only eventually 20 classes_states e probeonly-0 1/1
		expect classes-guest-e-destroyed dom0 xl destroy e
		expect classes-guest-e-leaves-nothing eventually 15 classes_gone e
		expect classes-guest-e-is-no-zombie eventually 15 dom0 "! xl list ${classes_id[e]}"
	fi

	classes_end() {
		dom0 "rm $classes_conf && systemctl reload mydevice-attachd" || return
		eventually 20 classes_gone b || return
		classes_unload a && classes_unload b && dom0 rmmod probeonlyback lockstepback || return
		diff <(echo "$classes_before") <(classes_channels)
	}
	expect classes-over-channels-untouched classes_end
	expect classes-transfer pass_bytes a both $((1 * MiB))
fi
