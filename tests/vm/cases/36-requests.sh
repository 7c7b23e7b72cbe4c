# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the guest expands
#
# When a guest's driver sends its requests: it does not wait for a device that a script
# of the host holds up.

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
