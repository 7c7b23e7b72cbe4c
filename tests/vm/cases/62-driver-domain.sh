# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the guest expands
#
# Driver domains. The Debian guest d, with our packages, serves a channel of guest b:
# its udev and its systemd do there what dom0's do here, with REBOOTS=1, as in make
# check-long, again when it has rebooted, which takes an emulated Debian minutes. Then
# guest s, which is small and quick to come back, is destroyed under traffic, and rebooted:
# b's program goes on with the descriptor it has when there is another s. Last somebody
# takes that one over: nothing but its own channel suffers, while those of a and b that
# dom0 serves carry bytes.

driver_conf=/etc/mydevice/attachd.conf.d/driver.conf
driver_node=/dev/mydevice/far
driver_bytes=$((2 * MiB))
driver_devid=5
traffic_pause=50
driver_home=/local/domain/$(domid d)/backend
driver_request=/local/domain/$(domid b)/data/mydevice/$driver_devid

# driver_ask DOMAIN [SCRIPT]: guest b asks for what this domain is to serve.
driver_ask() {
	dom0 "printf '%s\n' '[Device far]' Backend=$1 ${2+Script=$2} >$driver_conf &&
		mydevice-attachd --check && systemctl reload mydevice-attachd &&
		xenstore-write $driver_request/name far && xenstore-write $driver_request/request 1"
}

driver_withdrawn() {
	dom0 "rm -f $driver_conf && systemctl reload mydevice-attachd && xenstore-rm $driver_request" &&
		eventually 20 guest b "! test -e $driver_node"
}

# driver_serves DOMAIN: it does, as a whole.
driver_serves() {
	channels "guest == 'b' and name == 'far' and phase == 'connected' and
		backend_domid == $(domid "$1")" && guest b "test -c $driver_node"
}

driver_begin() {
	local machine
	push_xenstore d && lab push "$vm_work/guest/usr/bin/transfer" d:/root/transfer || return
	for machine in d dom0; do
		on $machine 'mkdir -p /etc/xen/scripts &&
			printf "%s\n" "#!/bin/sh" "echo \$1 \$XENBUS_PATH >>/root/far-calls" \
				>/etc/xen/scripts/mydevice-far &&
			chmod 755 /etc/xen/scripts/mydevice-far && rm -f /root/far-calls' || return
	done
	guest d chmod 755 /root/transfer && driver_ask d /etc/xen/scripts/mydevice-far
}

# Its kernel is dom0's, and so are its modules. The first words to a guest that is new
# are lost with the connection to the old one.
driver_loads_module() {
	eventually 90 guest s true && lab run 'cat "$(modinfo -n mydeviceback)"' </dev/null |
		lab guest s 'cat >/tmp/mydeviceback.ko && insmod /tmp/mydeviceback.ko'
}

driver_comes() {
	LAB_GUEST_FILES=$vm_work/guest lab up --guest s:pv && driver_loads_module
}

# driver_comes_back destroyed|rebooted: the toolstack starts again what has rebooted.
driver_comes_back() {
	[ "$1" = rebooted ] || dom0 xl create -q /etc/xen/lab/s.cfg || return
	eventually 60 is_another s "$driver_old" && driver_loads_module && eventually 30 driver_serves s
}

# The one that has our packages needs nobody's help.
driver_boots() {
	eventually 60 is_another d "$driver_old" && eventually 240 driver_serves d &&
		eventually 60 guest d '[ "$(grep -c "^add" /root/far-calls)" -eq 2 ]' &&
		eventually 60 connected d
}

# driver_owns DOMAIN: the directories are whose they are to be, its script ran there.
driver_owns() {
	local b d devid=$driver_devid
	b=$(domid b) && d=$(domid "$1") || return
	dom0 "xenstore-ls -fp /local/domain/$d/backend/mydevice/$b/$devid" | tee "$vm_work/owned" |
		grep -v "(n$d,r$b)" && return 1
	grep -q "/state = \"4\"" "$vm_work/owned" || return
	dom0 "! test -e /root/far-calls &&
		! ls /sys/bus/xen-backend/devices | grep -x mydevice-$b-$devid" || return
	[ "$1" != d ] || guest d "grep -x 'add backend/mydevice/$b/$devid' /root/far-calls &&
		test -c /dev/mydevice-back/b/far"
}

# driver_transfer DOMAIN PROGRAM: between the two domains, both ways at once.
driver_transfer() {
	local rc=0 back
	back=/dev/mydevice-back/$(domid b)-$driver_devid
	guest b timeout 300 transfer both $driver_node $driver_bytes >"$vm_work/far.log" 2>&1 &
	guest "$1" timeout 300 "$2" both "$back" $driver_bytes || rc=1
	wait $! || rc=1
	cat "$vm_work/far.log"
	return $rc
}

# In guest b: one descriptor for all of it. The first session ends with its server. What
# comes of it is told when the node is free for the next.
driver_agent='(exec 3<>/dev/mydevice/far || exit
	cat <&3 >/tmp/far.first; echo $? >/tmp/far.ended
	read -t 0 line <&3; read -t 0 line <&3 # polls: it stays for the next session
	head -n 1 <&3 >/tmp/far.second
	yes inside | head -c 1000000 >&3) && echo stayed >/tmp/far.outcome'

# driver_traffic_begins DOMAIN
driver_traffic_begins() {
	guest b 'rm -f /tmp/far.*; '"($driver_agent) >/dev/null 2>&1 </dev/null &" || return
	guest "$1" "setsid sh -c 'while yes outside | head -c 80000 && sleep 0.2; do :; done \
		>/dev/mydevice-back/$(domid b)-$driver_devid' >/dev/null 2>&1 </dev/null &" || return
	eventually 30 guest b 'test "$(wc -c </tmp/far.first)" -gt 160000'
}

# driver_is_missed PHASE...: all that arrived is what was written, and then came the
# end, and no more. A Debian takes its time to shut down.
driver_is_missed() {
	eventually 120 guest b 'grep -x 0 /tmp/far.ended' || return
	guest b 'n=$(wc -c </tmp/far.first) && echo "$n bytes had arrived" &&
		yes outside | head -c $n | cmp - /tmp/far.first' || return
	eventually 20 channels "guest == 'b' and name == 'far' and phase in '$*'.split()" &&
		guest b 'test -c /dev/mydevice/far && ! test -s /tmp/far.second && ! test -e /tmp/far.outcome'
}

# driver_goes_on DOMAIN: the same descriptor, in both directions. Busybox's timeout leaves
# a process behind for a second, which has the node open.
driver_goes_on() {
	local got
	guest b '! test -s /tmp/far.second' || return
	got=$(guest "$1" "exec 3<>/dev/mydevice-back/$(domid b)-$driver_devid && echo once more >&3 &&
		timeout 60 head -c 1000000 <&3 | sha256sum") || return
	[ "$got" = "$(head -c 1000000 < <(yes inside) | sha256sum)" ] || return
	sleep 2
	eventually 10 guest b 'grep -x stayed /tmp/far.outcome && grep -x "once more" /tmp/far.second'
}

# Under traffic, or nobody would look. All the time the guest knows which channel is whose.
driver_betrays() {
	local rc=0 writer reader back
	guest b 'while sleep 0.2; do echo $(cat /sys/class/mydevice/*/name | sort)
		done >/tmp/far.names 2>/dev/null & echo $! >/tmp/far.watcher'
	back=/dev/mydevice-back/$(domid b)-$driver_devid
	guest b timeout 30 transfer receive $driver_node $((1 << 40)) >"$vm_work/betrayed.log" 2>&1 &
	reader=$!
	guest s timeout 30 transfer send "$back" $((1 << 40)) >/dev/null 2>&1 &
	writer=$!
	sleep 1
	guest s "timeout 180 traitor $1 $(domid b) $driver_devid" || rc=1
	wait $reader
	wait $writer
	cat "$vm_work/betrayed.log"
	guest b 'kill $(cat /tmp/far.watcher); sort /tmp/far.names | uniq -c
		grep -q demo /tmp/far.names && ! grep -vxE "demo( far)?" /tmp/far.names' && return $rc
}

# Those that dom0 serves
driver_others_go_on() {
	traffic_goes_on a 0 && traffic_goes_on b 0
}

driver_others_over() {
	traffic_over a 1 && traffic_over b 1
}

driver_guest_memory() {
	guest b "sed -n 's/^MemFree: *\([0-9]*\) kB/\1/p' /proc/meminfo"
}

# Twenty-four sets of rings would be 36 MiB; one of each of the two sizes is 3.
driver_hoards() {
	local before now
	before=$(driver_guest_memory) && guest s "timeout 180 traitor hoard $(domid b) $driver_devid" &&
		now=$(driver_guest_memory) && echo "$before kB were free, now $now" &&
		[ $((before - now)) -lt 12288 ]
}

# What is of others it may not even write.
driver_intrudes() {
	local a b
	a=$(domid a) && b=$(domid b) && guest s intrude "/local/domain/0/backend/mydevice/$a/0/state" \
		"/local/domain/$a/device/mydevice/0/state" "/local/domain/$b/device/mydevice/0/state" \
		"/local/domain/$b/device/mydevice/$driver_devid/state" /local/domain/0
}

# An operator has looked at what is closed, and wants another try.
driver_begins_again() {
	eventually 20 channels "name == 'far' and frontend_state == backend_state == 'Closed'" &&
		dom0 mydevicectl attach b far && eventually 30 driver_serves s
}

# Its kernel sees none of it while the device is taken, and given anew in another mode.
driver_stands_still() {
	local b front
	b=$(domid b) && front=/local/domain/$b/device/mydevice/$driver_devid || return
	dom0 "xl pause s && xenstore-rm $driver_request" &&
		eventually 30 dom0 "! xenstore-exists $front" && sleep 1 &&
		dom0 "xenstore-write $driver_request/name far $driver_request/mode packet &&
			xenstore-write $driver_request/request 1" &&
		eventually 20 dom0 "xenstore-exists $front" || return
	dom0 xl unpause s && eventually 30 driver_serves s &&
		guest s "grep -x packet '/sys/class/mydevice/mydevice-back!$b-$driver_devid/mode'"
}

# what its backends were in stays in a domain's home as long as that
dom0 "xenstore-exists $driver_home || xenstore-write $driver_home ''"
driver_before=$(holdings a b d) || report_fail driver-holdings-can-be-listed
driver_inside_before=$(guest_holdings b) || report_fail driver-guest-holdings-can-be-listed
if expect driver-begins driver_begin; then
	expect driver-serves eventually 60 driver_serves d
	expect driver-owns driver_owns d
	expect driver-transfer driver_transfer d /root/transfer
	if [ -n "${REBOOTS-}" ]; then
		expect driver-d-traffic-begins driver_traffic_begins d
		driver_old=$(domid d)
		expect driver-d-reboots dom0 xl reboot d
		expect driver-d-is-missed driver_is_missed stranded moved
		expect driver-d-comes-back-by-itself driver_boots
		expect driver-d-owns-again driver_owns d
		expect driver-d-goes-on driver_goes_on d
	fi
	expect driver-detached driver_withdrawn
	expect driver-script-undone eventually 20 guest d grep '^remove' /root/far-calls
fi
if expect driver-asked-in-vain driver_ask s; then
	expect driver-request-says-so eventually 10 dom0 \
		"xenstore-read $driver_request/status | grep '\"s\".*not running'"
	expect driver-comes driver_comes
	expect driver-is-served eventually 30 driver_serves s
	expect driver-traffic-begins driver_traffic_begins s
	driver_old=$(domid s)
	expect driver-destroyed dom0 xl destroy s
	expect driver-is-missed driver_is_missed stranded
	expect driver-others-go-on pass_bytes a both $((1 * MiB))
	expect driver-comes-back driver_comes_back destroyed
	expect driver-owns-again driver_owns s
	expect driver-goes-on driver_goes_on s
	expect driver-traffic-goes-on driver_traffic_begins s
	driver_old=$(domid s)
	expect driver-rebooted dom0 xl reboot s
	expect driver-is-missed-again driver_is_missed stranded moved
	expect driver-comes-back-by-itself driver_comes_back rebooted
	expect driver-goes-on-again driver_goes_on s
	expect driver-transfer-again driver_transfer s transfer

	for name in a b; do
		expect "driver-$name-begins" traffic_begin $name
	done
	driver_lines=$(log_lines)
	expect driver-betrays-by-rings driver_betrays rings
	expect driver-others-go-on-after-rings driver_others_go_on
	expect driver-begins-again driver_begins_again
	expect driver-transfer-after-that driver_transfer s transfer
	expect driver-intrudes driver_intrudes
	expect driver-betrays-by-store driver_betrays store
	expect driver-others-go-on-after-store driver_others_go_on
	expect driver-floods-no-log logged_less_than 200 "$driver_lines"
	expect driver-others-unharmed driver_others_over
	expect driver-served-after-that eventually 60 driver_serves s
	expect driver-stands-still driver_stands_still
	expect driver-hoards driver_hoards
	expect driver-destroyed-at-the-end dom0 xl destroy s
	expect driver-withdrawn driver_withdrawn
	expect driver-host-is-left-with-nothing eventually 30 nothing_new "$driver_before" a b d
	expect driver-guest-is-left-with-nothing eventually 20 guest_holds "$driver_inside_before" b
fi
traffic_pause=
