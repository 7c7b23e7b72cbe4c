# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the guest expands
#
# When a guest's driver sends its requests, and what it does while XenStore refuses:
# it does not wait for a device that another module or script holds up, and it tries
# again when another program of the guest has used up a quota.

requests_conf=/etc/mydevice/attachd.conf.d/requests.conf

# requests_unload GUEST: the driver goes, and the host has taken its channel away.
requests_unload() {
	guest "$1" 'cd /sys/bus/xen/drivers/mydevicefront && for device in mydevice-*; do
			echo $device >unbind; done; cd / && rmmod mydevicefront' &&
		eventually 20 no_channels "guest == '$1' and name == 'demo'"
}

# requests_load GUEST: this can take longer than we look.
requests_load() {
	guest "$1" 'insmod /lib/modules/mydevicefront.ko channels=demo >/tmp/insmod 2>&1 </dev/null &
		echo $! >/tmp/insmod.pid'
}

requests_loading() {
	guest a 'kill -0 $(cat /tmp/insmod.pid)'
}

# requests_hog WHAT: until requests_hog_ends nobody else in guest q gets one.
requests_hog() {
	guest q "rm -f /tmp/hog; hog $1 >/tmp/hog 2>&1 </dev/null & echo \$! >/tmp/hog.pid
		for i in 1 2 3 4 5 6 7 8 9 10; do [ -s /tmp/hog ] && break; sleep 1; done
		cat /tmp/hog && grep '^[1-9][0-9]' /tmp/hog"
}

requests_hog_ends() {
	guest q 'kill $(cat /tmp/hog.pid)'
}

# ---- a device that does not connect, there before the driver is

requests_held_up() {
	lab push tests/vm/hotplug/mydevice-good /etc/xen/scripts/mydevice-good &&
		dom0 "chmod 755 /etc/xen/scripts/mydevice-good
			printf '%s\n' '[Device held-up]' Always=yes Guest=a \
				Script=/etc/xen/scripts/mydevice-good >$requests_conf
			systemctl reload mydevice-attachd" || return
	eventually 20 channels "guest == 'a' and name == 'held-up'"
}

requests_not_held_up() {
	requests_load a && eventually 15 connected a && requests_loading
}

requests_go() {
	dom0 'touch /run/hotplug-go'
	eventually 40 channels "guest == 'a' and name == 'held-up' and
		frontend_state == backend_state == 'Connected'" &&
		eventually 10 eval '! requests_loading'
}

requests_held_up_over() {
	dom0 "rm $requests_conf; systemctl reload mydevice-attachd
		mydevicectl detach a held-up --timeout=30; rm -f /run/hotplug-go /run/hotplug-calls"
}

expect requests-unloaded requests_unload a
if expect requests-held-up requests_held_up; then
	expect requests-are-not-held-up requests_not_held_up
	expect requests-go-on requests_go
fi
expect requests-held-up-over requests_held_up_over

# ---- a quota that another program has used up
# In a guest of its own: Linux 6.1 counts transactions that were refused to a program
# wrongly, and such a guest cannot be suspended any more.

requests_refused() {
	requests_load q && sleep 4 && ! connected q
}

# It needs no transaction.
requests_not_refused() {
	requests_load q && eventually 15 connected q
}

if expect requests-guest-q-comes eval 'LAB_GUEST_FILES=$vm_work/guest lab up --guest q:pv &&
	eventually 60 connected q'; then
	expect requests-watches-unloaded requests_unload q
	expect requests-watches-used-up requests_hog watches
	expect requests-watches-refused requests_refused
	expect requests-watches-free requests_hog_ends
	expect requests-watches-connected eventually 15 connected q
	# the watch that has it ask again was refused, too
	expect requests-restore guest_restore q
	expect requests-restored eventually 30 connected q

	expect requests-transactions-unloaded requests_unload q
	expect requests-transactions-used-up requests_hog transactions
	expect requests-transactions-not-needed requests_not_refused
	expect requests-transactions-free requests_hog_ends
	expect requests-guest-q-ends dom0 xl destroy q
	expect requests-over eventually 20 no_channels "guest == 'q'"
fi
