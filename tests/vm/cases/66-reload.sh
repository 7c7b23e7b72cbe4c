# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the host expands
#
# mydevice-reload on a host where a program has a channel open that no path below /dev
# shows, and where a module cannot be removed or loaded: the host keeps its backend, and
# a second run works. The modules seem to be outdated.

reload_channel=/dev/mydevice-back/b/demo

# reload_run STATUS [SHIM...]: with programs of that name that fail for the module mydeviceback
# or mydevice. What it printed is in the file reload.said.
reload_run() {
	local status=$1
	shift
	dom0 "rm -rf /root/shim && mkdir /root/shim && cd /root/shim && printf '#!/bin/sh\necho other\n' >modinfo &&
		for name in $*; do
			printf '#!/bin/sh\nPATH=\${PATH#*:}\ncase \$1 in %s) exit 1 ;; esac\nexec %s \"\$@\"\n' \
				\${name#*:} \${name%:*} >\${name%:*} || exit
		done
		chmod +x * && PATH=/root/shim:\$PATH mydevice-reload 2>&1; test \$? -eq $status" \
		>"$vm_work/reload.said"
	local rc=$?
	cat "$vm_work/reload.said"
	return $rc
}

# reload_hold HOW: a program that runs until reload_release
reload_hold() {
	dom0 "systemd-run -q --collect --unit=reload-hold $1"
	eventually 10 dom0 'test "$(cat /sys/module/mydevice/refcnt)" -gt 1'
}

reload_release() {
	dom0 'systemctl stop reload-hold; rm -f /root/reload-copy'
}

# reload_refused PATTERN: while that program runs; no device was unbound
reload_refused() {
	local before
	before=$(dom0 'cat /sys/class/mydevice/*/session; xenstore-ls -f /local/domain/0/backend/mydevice') &&
		reload_run 1 && grep "$1" "$vm_work/reload.said" && grep 'nothing was changed' "$vm_work/reload.said" &&
		diff <(echo "$before") <(dom0 'cat /sys/class/mydevice/*/session
			xenstore-ls -f /local/domain/0/backend/mydevice')
}

reload_copy() {
	reload_hold "sh -c 'mknod /root/reload-copy c \$(stat -L -c \"0x%t 0x%T\" $reload_channel) &&
		exec sleep 1000 </root/reload-copy'" &&
		reload_refused 'process .*sleep 1000.*, has /root/reload-copy open'
}

reload_bind() {
	reload_hold "-p PrivateMounts=yes sh -c 'touch /run/reload-bind &&
		mount --bind $reload_channel /run/reload-bind && exec sleep 1000 </run/reload-bind'" &&
		reload_refused 'process .*sleep 1000.* has .* open'
}

# A descriptor that is in nobody's table: it waits in a socket.
reload_hidden() {
	reload_hold "python3 -c 'import os, socket, time
a, b = socket.socketpair()
fd = os.open(\"$reload_channel\", os.O_RDONLY)
socket.send_fds(a, [b\"x\"], [fd])
os.close(fd)
time.sleep(1000)'" && reload_refused 'mydevice is in use by .* cannot be found'
}

# The core cannot be removed, and then no backend fits to it.
reload_half() {
	reload_run 1 rmmod:mydevice modprobe:mydeviceback && grep 'run this again' "$vm_work/reload.said" &&
		dom0 'test ! -e /sys/module/mydeviceback'
}

reload_again() {
	local name
	reload_run 0 && dom0 'test -e /sys/module/mydeviceback' || return
	for name in "${vm_guests[@]}"; do
		eventually 30 connected "$name" || return
	done
}

for name in copy bind hidden; do
	expect "reload-$name" reload_$name
	reload_release
done
expect reload-half reload_half
if expect reload-again reload_again; then
	expect reload-transfer pass_bytes b both $((1 * MiB))
fi
expect reload-end dom0 'rm -r /root/shim && test ! -e /run/mydevice-reload'
