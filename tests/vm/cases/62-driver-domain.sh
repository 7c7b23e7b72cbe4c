# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the guest expands
#
# Driver domains. The Debian guest d, with our packages, serves a channel of guest b:
# its udev and its systemd do there what dom0's do here. Then guest s, which is small
# and quick to come back, is destroyed under traffic, and rebooted: b's program goes on
# with the descriptor it has when there is another s. Last somebody takes that one over:
# nothing but its own channel suffers, while guest a's, which dom0 serves, carries bytes.

driver_conf=/etc/mydevice/attachd.conf.d/driver.conf
driver_node=/dev/mydevice/far
driver_bytes=$((2 * MiB))
driver_devid=5
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
	push_xenstore d && lab push "$vm_work/guest/usr/bin/transfer" d:/root/transfer || return
	guest d 'mkdir -p /etc/xen/scripts
		printf "%s\n" "#!/bin/sh" "echo \$1 \$XENBUS_PATH >>/root/far-calls" \
			>/etc/xen/scripts/mydevice-far
		chmod 755 /etc/xen/scripts/mydevice-far /root/transfer
		rm -f /root/far-calls' && driver_ask d /etc/xen/scripts/mydevice-far
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

driver_is_another() {
	local new
	new=$(domid s) && [ "$new" != "$driver_old" ]
}

# driver_comes_back destroyed|rebooted: the toolstack starts again what has rebooted.
driver_comes_back() {
	[ "$1" = rebooted ] || dom0 xl create -q /etc/xen/lab/s.cfg || return
	eventually 60 driver_is_another && driver_loads_module && eventually 30 driver_serves s
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
	head -n 1 <&3 >/tmp/far.second
	yes inside | head -c 1000000 >&3) && echo stayed >/tmp/far.outcome'

driver_traffic_begins() {
	guest b 'rm -f /tmp/far.*; '"($driver_agent) >/dev/null 2>&1 </dev/null &" || return
	guest s "setsid sh -c 'while yes outside | head -c 80000 && sleep 0.2; do :; done \
		>/dev/mydevice-back/$(domid b)-$driver_devid' >/dev/null 2>&1 </dev/null &" || return
	eventually 30 guest b 'test "$(wc -c </tmp/far.first)" -gt 160000'
}

# driver_is_missed PHASE...: all that arrived is what was written, and then came the
# end, and no more.
driver_is_missed() {
	eventually 20 guest b 'grep -x 0 /tmp/far.ended' || return
	guest b 'n=$(wc -c </tmp/far.first) && echo "$n bytes had arrived" &&
		yes outside | head -c $n | cmp - /tmp/far.first' || return
	eventually 20 channels "guest == 'b' and name == 'far' and phase in '$*'.split()" &&
		guest b 'test -c /dev/mydevice/far && ! test -s /tmp/far.second && ! test -e /tmp/far.outcome'
}

# The same descriptor, in both directions. Busybox's timeout leaves a process behind for a
# second, which has the node open.
driver_goes_on() {
	local got
	guest b '! test -s /tmp/far.second' || return
	got=$(guest s "exec 3<>/dev/mydevice-back/$(domid b)-$driver_devid && echo once more >&3 &&
		timeout 60 head -c 1000000 <&3 | sha256sum") || return
	[ "$got" = "$(yes inside | head -c 1000000 | sha256sum)" ] || return
	sleep 2
	eventually 10 guest b 'grep -x stayed /tmp/far.outcome && grep -x "once more" /tmp/far.second'
}

# Under traffic, or nobody would look.
driver_betrays() {
	local rc=0 writer reader back
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
	return $rc
}

driver_log_lines() {
	dom0 'journalctl -q -b -u mydevice-attachd -o cat | wc -l; dmesg | wc -l' | paste -sd +
}

# An operator has looked at what is closed, and wants another try.
driver_begins_again() {
	eventually 20 channels "name == 'far' and frontend_state == backend_state == 'Closed'" &&
		dom0 mydevicectl attach b far && eventually 30 driver_serves s
}

# what its backends were in stays in a domain's home as long as that
dom0 "xenstore-exists $driver_home || xenstore-write $driver_home ''"
driver_before=$(holdings a b d) || report_fail driver-holdings-can-be-listed
driver_inside_before=$(guest_holdings b)
if expect driver-begins driver_begin; then
	expect driver-serves eventually 60 driver_serves d
	expect driver-owns driver_owns d
	expect driver-transfer driver_transfer d /root/transfer
	expect driver-detached driver_withdrawn
	expect driver-script-undone eventually 20 guest d grep '^remove' /root/far-calls
fi
if expect driver-asked-in-vain driver_ask s; then
	expect driver-request-says-so eventually 10 dom0 \
		"xenstore-read $driver_request/status | grep '\"s\".*not running'"
	expect driver-comes driver_comes
	expect driver-is-served eventually 30 driver_serves s
	expect driver-traffic-begins driver_traffic_begins
	driver_old=$(domid s)
	expect driver-destroyed dom0 xl destroy s
	expect driver-is-missed driver_is_missed stranded
	expect driver-others-go-on pass_bytes a both $((1 * MiB))
	expect driver-comes-back driver_comes_back destroyed
	expect driver-owns-again driver_owns s
	expect driver-goes-on driver_goes_on
	expect driver-traffic-goes-on driver_traffic_begins
	driver_old=$(domid s)
	expect driver-rebooted dom0 xl reboot s
	expect driver-is-missed-again driver_is_missed stranded moved
	expect driver-comes-back-by-itself driver_comes_back rebooted
	expect driver-goes-on-again driver_goes_on
	expect driver-transfer-again driver_transfer s transfer

	pass_bytes a both $((8 * MiB)) >"$vm_work/beside.log" 2>&1 &
	driver_beside=$!
	driver_lines=$(driver_log_lines)
	expect driver-betrays-by-rings driver_betrays rings
	expect driver-begins-again driver_begins_again
	expect driver-transfer-after-that driver_transfer s transfer
	expect driver-betrays-by-store driver_betrays store
	expect driver-floods-no-log [ $(($(driver_log_lines) - (driver_lines))) -lt 200 ]
	expect driver-others-unharmed eval "wait $driver_beside || { cat $vm_work/beside.log; false; }"
	expect driver-served-after-that eventually 60 driver_serves s
	expect driver-destroyed-at-the-end dom0 xl destroy s
	expect driver-withdrawn driver_withdrawn
	expect driver-host-is-left-with-nothing eventually 30 nothing_new "$driver_before" a b d
	expect driver-guest-is-left-with-nothing eventually 20 guest_holds "$driver_inside_before" b
fi
