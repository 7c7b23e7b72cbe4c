# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the guest expands
#
# An upgrade by apt while guests are connected and programs have channels open: nothing
# breaks, the operator is told what would be interrupted, and does it when it suits.
# It takes DKMS minutes to build modules in an emulated machine: the same ones under
# another version are put where it would put them. With UPGRADE_PACKAGES=1 their package
# is upgraded, too, and it does. The new modules stay.

upgrade_next=$vm_work/next
declare -A upgrades
# dpkg wants some of the host, too
traffic_pause=50

# upgrade_package MACHINE PACKAGE [EDIT]: there is a next version of it in the archive of
# that machine; EDIT changes what is in it, if anything.
upgrade_package() {
	local next=$upgrade_next/$1 deb archive file prefix=
	deb=$next/deb archive=$next/archive
	[ "$1" = dom0 ] || prefix=$1:
	rm -rf "$next" && mkdir -p "$archive" &&
		dpkg-deb -R "$(compgen -G "build/debs/*/$2_*.deb" | sed -n 1p)" "$deb" &&
		sed -i 's/^Version: .*/&+next/' "$deb/DEBIAN/control" && "${3-true}" "$deb" &&
		dpkg-deb --root-owner-group -b "$deb" "$archive/next.deb" || return
	{
		dpkg-deb -f "$archive/next.deb" && echo "Filename: ./next.deb" &&
			stat -c 'Size: %s' "$archive/next.deb" &&
			echo "SHA256: $(sha256sum <"$archive/next.deb" | cut -d ' ' -f 1)"
	} >"$archive/Packages" && on "$1" mkdir -p /root/archive/lists/partial || return
	for file in next.deb Packages; do
		lab push "$archive/$file" "$prefix/root/archive/$file" || return
	done
	on "$1" "echo 'deb [trusted=yes] file:/root/archive ./' >/root/archive/list
		apt() {
			DEBIAN_FRONTEND=noninteractive apt-get -qy -o APT::Sandbox::User=root \
				-o Dir::Etc::SourceList=/root/archive/list -o Dir::Etc::SourceParts=- \
				-o Dir::State::Lists=/root/archive/lists -o Dpkg::Options::=--force-confold \
				-o Dpkg::Use-Pty=0 \$1 2>&1
		}
		apt update && apt upgrade && dpkg -s $2 | grep '^Version:.*+next'"
}

upgrade_nodes() {
	dom0 'xenstore-ls -fp /local/domain/0/backend/mydevice && xenstore-ls -fp /mydevice'
}

upgrade_daemon() {
	local before old
	before=$(upgrade_nodes) || return
	old=$(dom0 systemctl show -P MainPID mydevice-attachd)
	upgrade_package dom0 mydevice-attachd || return
	eventually 20 dom0 systemctl -q is-active mydevice-attachd || return
	[ "$(dom0 systemctl show -P MainPID mydevice-attachd)" != "$old" ] || return
	eventually 20 connected a && eventually 20 connected d || return
	diff <(echo "$before") <(upgrade_nodes) &&
		traffic_goes_on a 0 && traffic_goes_on d 0
}

# One word more, so that the same sources make other modules
upgrade_sources() {
	local module
	for module in core front back; do
		echo 'MODULE_INFO(build, "another");' \
			>>"$(echo "$1"/usr/src/mydevice-*/kmod/$module/main.c)" || return
	done
}

# upgrade_install MACHINE: as the package does, or by it, which tells of the channels
upgrade_install() {
	local said
	if [ -n "${UPGRADE_PACKAGES-}" ]; then
		said=$(upgrade_package "$1" mydevice-dkms upgrade_sources) || { echo "$said" && return 1; }
		grep 'channel demo, /dev/mydevice' <<<"$said"
		return
	fi
	on "$1" 'cd /lib/modules/$(uname -r)/updates/dkms &&
		LC_ALL=C sed -i "s/\(srcversion=\)./\1-/" mydevice.ko mydevicefront.ko mydeviceback.ko'
}

# upgrade_begin MACHINE: which takes its time, beside others
upgrade_begin() {
	upgrade_install "$1" >"$vm_work/upgrade-$1.log" 2>&1 &
	upgrades[$1]=$!
}

# upgrade_installed MACHINE STATUS
upgrade_installed() {
	tail -n 20 "$vm_work/upgrade-$1.log"
	return "$2"
}

# upgrade_told MACHINE CHANNEL...: which will be interrupted
upgrade_told() {
	local machine=$1 channel said
	shift
	said=$(on "$machine" 'mydevice-reload --check; test $? -eq 1') || return
	echo "$said"
	for channel; do
		grep -F "$channel" <<<"$said" || return
	done
}

# upgrade_refused MACHINE: for a program has its channel open; nothing happens to it.
upgrade_refused() {
	local said
	said=$(on "$1" 'mydevice-reload 2>&1; test $? -eq 1') || return
	echo "$said"
	grep 'process.*shuttle' <<<"$said" && grep 'nothing was changed' <<<"$said"
}

upgrade_is_loaded() {
	on "$1" 'for m in /sys/module/mydevice*; do
		test "$(cat $m/srcversion)" = "$(modinfo -F srcversion ${m##*/})" || exit; done
		mydevice-reload --check'
}

# Meanwhile all devices are online; of a watch there is one word at its beginning.
upgrade_host() {
	local online
	online=/local/domain/0/backend/mydevice/$(domid a)/0/online
	dom0 "systemctl stop shuttle-a shuttle-d &&
		systemd-run -q --unit=upgrade-online sh -c 'exec xenstore-watch $online >/root/upgrade-online' &&
		mydevice-reload 2>&1; status=\$?; systemctl stop upgrade-online
		cat /root/upgrade-online; exit \$status" | tee "$vm_work/upgrade.log"
	[ "${PIPESTATUS[0]}" -eq 0 ] && [ "$(grep -cx "$online" "$vm_work/upgrade.log")" -eq 1 ] &&
		[ "$(dom0 xenstore-read "$online")" -eq 1 ] && upgrade_is_loaded dom0 || return
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

	upgrade_begin dom0
	upgrade_begin d
	wait "${upgrades[dom0]}"
	expect upgrade-host-installs upgrade_installed dom0 $?
	expect upgrade-host-is-told upgrade_told dom0 "guest a, channel demo" "guest b, channel demo" \
		"guest d, channel demo"
	expect upgrade-host-is-refused upgrade_refused dom0
	expect upgrade-host-reloads upgrade_host
	expect upgrade-a-outside-again traffic_outside a
	expect upgrade-d-outside-again traffic_outside d
	expect upgrade-a-goes-on eventually 10 traffic_session a 1
	expect upgrade-d-goes-on eventually 10 traffic_session d 1
	expect upgrade-a-lost-nothing traffic_over a 2

	wait "${upgrades[d]}"
	expect upgrade-guest-installs upgrade_installed d $?
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
