# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the guest expands
#
# An upgrade while guests are connected and programs have channels open: nothing
# breaks, the operator is told what would be interrupted, and does it when it suits.
# It takes DKMS minutes to build modules in an emulated machine: the same ones under
# another version are put where it would put them. With UPGRADE_PACKAGES=1 the package
# is upgraded, and it does. The new modules stay.

upgrade_next=$vm_work/next
# dpkg wants some of the host, too
traffic_pause=50

upgrade_daemon() {
	local package before old
	package=$(compgen -G "build/debs/*/mydevice-attachd_*.deb" | head -n 1)
	before=$(dom0 "xenstore-ls -fp /local/domain/0/backend/mydevice; xenstore-ls -fp /mydevice")
	old=$(dom0 systemctl show -P MainPID mydevice-attachd)
	lab push "$package" /root/attachd.deb &&
		dom0 'dpkg -i --force-confold /root/attachd.deb 2>&1' || return
	eventually 20 dom0 systemctl -q is-active mydevice-attachd || return
	[ "$(dom0 systemctl show -P MainPID mydevice-attachd)" != "$old" ] || return
	eventually 20 connected a && eventually 20 connected d || return
	diff <(echo "$before") <(dom0 "xenstore-ls -fp /local/domain/0/backend/mydevice; xenstore-ls -fp /mydevice") &&
		traffic_session a 0 && traffic_session d 0
}

# upgrade_on dom0|d COMMAND
upgrade_on() {
	case $1 in
	dom0) dom0 "$2" ;;
	*) guest "$1" "$2" ;;
	esac
}

# The package as apt would have it, which tells of the channels by itself: of the same
# sources and one word more, so that they make other modules.
upgrade_install_package() {
	local module prefix=
	[ "$1" = dom0 ] || prefix=$1:
	rm -rf "$upgrade_next" && mkdir -p "$upgrade_next" &&
		dpkg-deb -R "$(compgen -G "build/debs/*/mydevice-dkms_*.deb" | head -n 1)" \
			"$upgrade_next/deb" || return
	for module in core front back; do
		echo 'MODULE_INFO(build, "another");' \
			>>"$(echo "$upgrade_next"/deb/usr/src/mydevice-*/kmod/$module/main.c)"
	done
	dpkg-deb --root-owner-group -b "$upgrade_next/deb" "$upgrade_next/dkms.deb" &&
		lab push "$upgrade_next/dkms.deb" "$prefix/root/dkms.deb" &&
		upgrade_on "$1" 'dpkg -i /root/dkms.deb 2>&1' >"$vm_work/package.log"
	tail -n 20 "$vm_work/package.log"
	grep 'channel demo, /dev/mydevice' "$vm_work/package.log"
}

# upgrade_install MACHINE: as the package does, or by it
upgrade_install() {
	if [ -n "${UPGRADE_PACKAGES-}" ]; then
		upgrade_install_package "$1"
		return
	fi
	upgrade_on "$1" 'cd /lib/modules/$(uname -r)/updates/dkms &&
		LC_ALL=C sed -i "s/\(srcversion=\)./\1-/" mydevice.ko mydevicefront.ko mydeviceback.ko'
}

# upgrade_told MACHINE CHANNEL...: which will be interrupted
upgrade_told() {
	local machine=$1 channel said
	shift
	said=$(upgrade_on "$machine" 'mydevice-reload --check; test $? -eq 1') || return
	echo "$said"
	for channel; do
		grep -F "$channel" <<<"$said" || return
	done
}

# upgrade_refused MACHINE: for a program has its channel open; nothing happens to it.
upgrade_refused() {
	local said
	said=$(upgrade_on "$1" 'mydevice-reload 2>&1; test $? -eq 1') || return
	echo "$said"
	grep 'process.*shuttle' <<<"$said" && grep 'nothing was changed' <<<"$said"
}

upgrade_is_loaded() {
	upgrade_on "$1" 'for m in /sys/module/mydevice*; do
		test "$(cat $m/srcversion)" = "$(modinfo -F srcversion ${m##*/})" || exit; done
		mydevice-reload --check'
}

upgrade_host() {
	dom0 'systemctl stop shuttle-a shuttle-d && mydevice-reload 2>&1' &&
		upgrade_is_loaded dom0 || return
	for name in a b d; do
		eventually 20 connected $name || return
	done
}

upgrade_guest() {
	guest d 'kill $(cat /tmp/shuttle.pid); sleep 1; mydevice-reload 2>&1' &&
		upgrade_is_loaded d && eventually 20 connected d
}

if expect upgrade-d-gets-a-program lab push "$vm_work/guest/usr/bin/shuttle" d:/root/shuttle; then
	expect upgrade-a-begins traffic_begin a
	expect upgrade-d-begins traffic_begin d /root/shuttle
	expect upgrade-daemon-under-traffic upgrade_daemon

	expect upgrade-host-installs upgrade_install dom0
	expect upgrade-host-is-told upgrade_told dom0 "guest a, channel demo" "guest b, channel demo" \
		"guest d, channel demo"
	expect upgrade-host-is-refused upgrade_refused dom0
	expect upgrade-host-reloads upgrade_host
	expect upgrade-a-outside-again traffic_outside a
	expect upgrade-d-outside-again traffic_outside d
	expect upgrade-a-goes-on eventually 10 traffic_session a 1
	expect upgrade-d-goes-on eventually 10 traffic_session d 1
	expect upgrade-a-lost-nothing traffic_over a 2

	expect upgrade-guest-installs upgrade_install d
	expect upgrade-guest-is-told upgrade_told d "channel demo, /dev/mydevice/0"
	expect upgrade-guest-is-refused upgrade_refused d
	expect upgrade-guest-reloads upgrade_guest
	expect upgrade-d-lost-nothing traffic_over d 2
	for name in a b d; do
		expect "upgrade-$name-connected" eventually 20 connected $name
	done
	expect upgrade-transfer pass_bytes a both $((1 * MiB))
fi
traffic_pause=
