# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the other end expands
#
# A channel whose direction changes while it is connected: a log, a feed, and both ways
# again. One kind of guest is enough: tests/semantics/direction.c has the rest.

direction_node=/dev/mydevice-back/b/demo

direction_set() {
	dom0 mydevicectl set b demo "direction=$1" && eventually 20 channels "guest == 'b' and \
name == 'demo' and frontend_state == 'Connected' and backend_state == 'Connected'"
}

# Of the backend's directory, and of both devices in sysfs.
direction_is() {
	local id
	id=$(domid b) && [ "$(dom0 xenstore-read "/local/domain/0/backend/mydevice/$id/0/mode")" = "$2" ] &&
		[ "$(dom0 cat "/sys/class/mydevice/mydevice-back!$id-0/direction")" = "$1" ] &&
		[ "$(guest b cat '/sys/class/mydevice/mydevice!0/direction')" = "$1" ]
}

# direction_passes FROM TO: bytes pass, and neither end can be opened for the other way.
direction_passes() {
	local from=$1 to=$2 node=$direction_node reader=/dev/mydevice/demo writer=/dev/mydevice/demo
	[ "$from" = b ] || writer=$node
	[ "$to" = b ] || reader=$node
	on "$from" "! (: <$writer) 2>/dev/null && ! (: <>$writer) 2>/dev/null" &&
		on "$to" "! (: >$reader) 2>/dev/null && ! (: <>$reader) 2>/dev/null" || return
	on "$to" timeout 30 head -c 4 "$reader" >"$vm_work/direction" &
	on "$from" timeout 30 sh -c "printf logs >$writer"
	wait $! && [ "$(<"$vm_work/direction")" = logs ]
}

# Programs that have it open: their session ends, and the file stays.
direction_changes() {
	dom0 "exec 3<>$direction_node && mydevicectl set b demo direction=to-host || exit
		for try in \$(seq 50); do
			[ \"\$(cat '/sys/class/mydevice/mydevice-back!$(domid b)-0/direction')\" != to-host ] || break
			sleep 0.1
		done
		python3 -c '
import errno, os
try:
    os.write(3, b\"x\")
except OSError as error:
    raise SystemExit(error.errno != errno.EACCES)
raise SystemExit(\"a write that the direction forbids returned\")'"
}

expect direction-to-host direction_set to-host
expect direction-to-host-nodes direction_is to-host 'one-way stream'
expect direction-log direction_passes b dom0
expect direction-to-guest direction_set to-guest
expect direction-to-guest-nodes direction_is to-guest 'one-way stream'
expect direction-feed direction_passes dom0 b
expect direction-both direction_set both
expect direction-both-nodes direction_is both stream
expect direction-open-file direction_changes
expect direction-over direction_set both
expect direction-traffic pass_bytes b both 100000
