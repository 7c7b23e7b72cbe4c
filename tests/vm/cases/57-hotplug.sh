# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the other end expands
#
# Hotplug scripts, run by the real systemd in the domain that serves the device:
# the backend waits for them, their failure is told, they have a limit of time,
# and they undo their work before the nodes go.

hotplug_conf=/etc/mydevice/attachd.conf.d/hotplug.conf
hotplug_quick=/run/systemd/system/mydevice-hotplug@.service.d
declare -A hotplug_id=([a]=$(domid a) [b]=$(domid b))

hotplug_policy() {
	lab push tests/vm/hotplug/hotplug.conf $hotplug_conf || return
	dom0 "${1-} mydevice-attachd --check && systemctl reload mydevice-attachd"
}

hotplug_begin() {
	local script
	for script in good bad hang xen; do
		lab push "tests/vm/hotplug/mydevice-$script" "/etc/xen/scripts/mydevice-$script" &&
			dom0 chmod 755 "/etc/xen/scripts/mydevice-$script" || return
	done
	# an emulated host takes ten seconds for four scripts at once
	dom0 "mkdir -p $hotplug_quick && printf '[Service]\nTimeoutStartSec=30\nTimeoutStopSec=8\n' \
		>$hotplug_quick/quick.conf && systemctl daemon-reload" || return
	hotplug_policy
}

# hotplug_is GUEST NAME HOTPLUG BACKEND-STATE: as mydevicectl has it.
hotplug_is() {
	channels "guest == '$1' and name == '$2' and hotplug == '$3' and backend_state == '$4'"
}

# hotplug_devid GUEST NAME
hotplug_devid() {
	dom0 mydevicectl list "$1" --json | python3 -c '
import json, sys
print(*(c["devid"] for c in json.load(sys.stdin) if c["name"] == sys.argv[1]))' "$2"
}

# hotplug_unit GUEST NAME: the unit of its script.
hotplug_unit() {
	dom0 "systemd-escape -p --template=mydevice-hotplug@.service \"\$(realpath \
		/sys/bus/xen-backend/devices/mydevice-${hotplug_id[$1]}-$(hotplug_devid "$1" "$2"))\""
}

hotplug_calls() {
	dom0 cat /run/hotplug-calls
}

# What the script was told: Xen's names for things.
hotplug_environment() {
	local id=${hotplug_id[a]} calls
	calls=$(hotplug_calls) || return
	echo "$calls"
	grep -qx "add mydevice backend backend/mydevice/$id/$(hotplug_devid a plug-good) \
/etc/xen/scripts/mydevice-good: plug-good" <<<"$calls"
}

hotplug_error_is_told() {
	dom0 mydevicectl status "$1" "$2" | grep -x " *Hotplug: error: $3" &&
		dom0 "journalctl -q -b -o cat MESSAGE_ID=b110dfd1a1e84c6693094ccf7ba38ccd |
			grep -F ' $2: its hotplug script failed: $3'"
}

# After its failure it has undone its work, and is tried again by hand.
hotplug_mended() {
	local unit said
	unit=$(hotplug_unit a plug-bad) || return
	[ "$(hotplug_calls | grep -x '[a-z]* bad' | paste -sd ,)" = 'add bad,remove bad' ] || return
	dom0 "touch /run/hotplug-mended && systemctl restart '$unit'" || return
	eventually 20 hotplug_is a plug-bad connected Connected || return
	said=$(dom0 mydevicectl status a plug-bad) || return
	! grep -F 'Hotplug: error' <<<"$said"
}

hotplug_detached() {
	local began=$SECONDS
	dom0 mydevicectl detach "$1" "$2" --timeout=60 || return
	echo "after $((SECONDS - began)) s"
	[ $((SECONDS - began)) -lt "$3" ]
}

# hotplug_undone GUEST: its script was called with the nodes still there.
hotplug_undone() {
	hotplug_calls | grep -x "remove mydevice backend backend/mydevice/${hotplug_id[$1]}/[0-9]* \
/etc/xen/scripts/mydevice-good: plug-good"
}

# Neither nodes nor units, not even of scripts that have failed.
hotplug_nothing_left() {
	local id=${hotplug_id[$1]} nodes units
	nodes=$(dom0 xenstore-ls -f /local/domain/0/backend/mydevice) &&
		units=$(dom0 systemctl list-units --all --plain --no-legend "mydevice-hotplug@*") || return
	! grep "/$id/[0-9]*/hotplug" <<<"$nodes" && ! grep -F "mydevice\\x2d$id\\x2d" <<<"$units"
}

# A device that is trigged again is the same, and its script not run again.
hotplug_triggered() {
	local before
	before=$(hotplug_calls) && dom0 'udevadm trigger --action=change --settle \
		--subsystem-match=xen-backend && sleep 2' || return
	diff <(echo "$before") <(hotplug_calls) && hotplug_is a plug-good connected Connected
}

# In a driver domain it is that domain's udev and systemd that run the script.
hotplug_driver_domain() {
	local id=${hotplug_id[a]} machine
	push_xenstore d || return
	for machine in d dom0; do
		on $machine 'mkdir -p /etc/xen/scripts && cat >/etc/xen/scripts/mydevice-there <<END
#!/bin/sh
echo "\$1 \$XENBUS_PATH there" >>/run/hotplug-calls
END
			chmod 755 /etc/xen/scripts/mydevice-there && touch /run/hotplug-calls' || return
	done
	hotplug_policy "printf '%s\n' '[Device plug-there]' Always=yes Guest=a Backend=d \
		Script=/etc/xen/scripts/mydevice-there >>$hotplug_conf;" || return
	eventually 60 hotplug_is a plug-there connected Connected || return
	guest d cat /run/hotplug-calls | grep -x "add backend/mydevice/$id/[0-9]* there" || return
	dom0 "! grep there /run/hotplug-calls" || return
	hotplug_detached a plug-there 20 || return
	guest d cat /run/hotplug-calls | grep -x "remove backend/mydevice/$id/[0-9]* there"
}

if expect hotplug-begin hotplug_begin; then
	expect hotplug-backend-waits eventually 30 hotplug_is a plug-good running InitWait
	expect hotplug-failure eventually 30 hotplug_is a plug-bad error InitWait
	expect hotplug-failure-is-told hotplug_error_is_told a plug-bad \
		'/etc/xen/scripts/mydevice-bad add ended with status 3'
	expect hotplug-failure-of-xens eventually 30 hotplug_is b plug-xen error InitWait
	expect hotplug-failure-of-xens-is-told hotplug_error_is_told b plug-xen \
		'the operator has not said go'
	expect hotplug-hangs eventually 90 hotplug_is b plug-hang error InitWait
	expect hotplug-hangs-is-told hotplug_error_is_told b plug-hang \
		'/etc/xen/scripts/mydevice-hang add took too long and was stopped'
	expect hotplug-others-go-on pass_bytes a both $((1 * MiB))
	expect hotplug-environment hotplug_environment
	# the first one has hung meanwhile, too, which is no harm
	expect hotplug-go dom0 "touch /run/hotplug-go && systemctl restart \
		'$(hotplug_unit a plug-good)' '$(hotplug_unit b plug-xen)'"
	expect hotplug-success eventually 30 hotplug_is a plug-good connected Connected
	expect hotplug-success-of-xens eventually 30 hotplug_is b plug-xen connected Connected
	expect hotplug-physical-details dom0 "xenstore-read /local/domain/0/backend/mydevice/\
${hotplug_id[b]}/$(hotplug_devid b plug-xen)/physical-details | grep -x 'of plug-xen'"
	expect hotplug-mended hotplug_mended
	expect hotplug-leaves-no-process eventually 30 dom0 '! pgrep -f scripts/[m]ydevice-hang'
	expect hotplug-hang-mended eval 'dom0 systemctl restart "$(hotplug_unit b plug-hang)" &&
		eventually 20 hotplug_is b plug-hang connected Connected'
	expect hotplug-triggered hotplug_triggered
	expect hotplug-hangs-at-the-end hotplug_detached b plug-hang 45
	expect hotplug-detached hotplug_detached a plug-good 20
	expect hotplug-undone hotplug_undone a
	expect hotplug-driver-domain hotplug_driver_domain

	if expect hotplug-guest-h-comes eval 'LAB_GUEST_FILES=$vm_work/guest lab up --guest h:pv &&
		eventually 60 hotplug_is h plug-good connected Connected'; then
		hotplug_id[h]=$(domid h)
		expect hotplug-guest-h-destroyed dom0 xl destroy h
		expect hotplug-guest-h-is-no-zombie eventually 15 dom0 "! xl list ${hotplug_id[h]}"
		expect hotplug-guest-h-undone eventually 20 hotplug_undone h
		expect hotplug-guest-h-leaves-nothing eventually 20 hotplug_nothing_left h
	fi

	hotplug_end() {
		local name guest
		for name in a:plug-bad b:plug-xen; do
			hotplug_detached "${name%:*}" "${name#*:}" 20 || return
		done
		dom0 "rm -r $hotplug_conf $hotplug_quick /run/hotplug-* && systemctl daemon-reload &&
			systemctl reload mydevice-attachd" || return
		for guest in a b; do
			eventually 10 hotplug_nothing_left "$guest" || return
		done
	}
	expect hotplug-over hotplug_end
fi
