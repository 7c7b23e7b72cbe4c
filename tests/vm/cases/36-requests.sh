# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the guest expands
#
# When a guest's driver sends its requests, and what it does while XenStore refuses:
# it does not wait for a device that another module or script holds up, and it tries
# again when another program of the guest has used up a quota.

requests_conf=/etc/mydevice/attachd.conf.d/requests.conf

# The driver goes, and the host has taken its channel away.
requests_unload() {
	guest a 'cd /sys/bus/xen/drivers/mydevicefront && for device in mydevice-*; do
			echo $device >unbind; done; cd / && rmmod mydevicefront' &&
		eventually 20 no_channels "guest == 'a' and name == 'demo'"
}

# Loading can take longer than we look.
requests_load() {
	guest a 'insmod /lib/modules/mydevicefront.ko channels=demo >/tmp/insmod 2>&1 </dev/null &
		echo $! >/tmp/insmod.pid'
}

requests_loading() {
	guest a 'kill -0 $(cat /tmp/insmod.pid)'
}

# requests_hog WHAT: until requests_hog_ends nobody else in the guest gets one.
requests_hog() {
	guest a "hog $1 >/tmp/hog 2>&1 </dev/null & echo \$! >/tmp/hog.pid
		for i in 1 2 3 4 5 6 7 8 9 10; do [ -s /tmp/hog ] && break; sleep 1; done
		cat /tmp/hog && grep '^[1-9]' /tmp/hog"
}

requests_hog_ends() {
	guest a 'kill $(cat /tmp/hog.pid)'
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
	requests_load && eventually 15 connected a && requests_loading
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

expect requests-unloaded requests_unload
if expect requests-held-up requests_held_up; then
	expect requests-are-not-held-up requests_not_held_up
	expect requests-go-on requests_go
fi
expect requests-held-up-over requests_held_up_over

# ---- a quota that another program has used up

requests_unanswered() {
	requests_load && sleep 4 && ! connected a
}

for quota in transactions watches; do
	expect "requests-$quota-unloaded" requests_unload
	if expect "requests-$quota-used-up" requests_hog $quota; then
		if [ $quota = watches ]; then
			expect "requests-$quota-refused" requests_unanswered
		else
			# none of what the frontend does needs one
			expect "requests-without-$quota" eval 'requests_load && eventually 15 connected a'
		fi
		expect "requests-$quota-free" requests_hog_ends
	fi
	expect "requests-$quota-connected" eventually 15 connected a
done
expect requests-bytes pass_bytes a both $((1 * MiB))
# the watch that has it ask again was refused, too
expect requests-restore guest_restore a
expect requests-restored eventually 30 connected a
