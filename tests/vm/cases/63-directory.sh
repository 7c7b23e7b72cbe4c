# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the host expands
#
# A process of the host has the directory of the nodes locked, so that no node can be
# added or removed. xenwatch goes on: devices come, connect and go. The nodes follow.

directory_is_held() {
	lab push "$vm_work/guest/usr/bin/hold" /usr/local/bin/hold &&
		dom0 'hold /dev/mydevice-back >/tmp/held 2>&1 & echo $! >/tmp/hold.pid' &&
		eventually 10 dom0 'cat /tmp/held && grep -qx held /tmp/held'
}

# directory_connects GUEST NAME
directory_connects() {
	dom0 timeout 20 mydevicectl attach "$1" "$2" && eventually 20 channels "guest == '$1' and
		name == '$2' and frontend_state == backend_state == 'Connected'"
}

# directory_detaches GUEST NAME
directory_detaches() {
	dom0 timeout 20 mydevicectl detach "$1" "$2" &&
		eventually 20 no_channels "guest == '$1' and name == '$2'"
}

directory_is_let_go() {
	dom0 'kill $(cat /tmp/hold.pid)' && eventually 30 dom0 'test -c /dev/mydevice-back/a/two &&
		test -c /dev/mydevice-back/b/one && ! test -e /dev/mydevice-back/a/one'
}

if expect directory-is-held directory_is_held; then
	expect directory-held-attach-pv directory_connects a one
	expect directory-held-attach-pvh directory_connects b one
	# the same device id, whose first node is still to be removed
	expect directory-held-detach directory_detaches a one
	expect directory-held-attach-again directory_connects a two
	expect directory-nodes-follow directory_is_let_go
	expect directory-detach-pv directory_detaches a two
	expect directory-detach-pvh directory_detaches b one
	expect directory-nodes-go eventually 20 dom0 \
		'! ls -d /dev/mydevice-back/a/two /dev/mydevice-back/b/one 2>/dev/null'
fi
