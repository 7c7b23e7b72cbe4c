# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The rules by what they do: udev applies them to /dev/null, which is told to be
# a channel, in a mount namespace whose /dev and /run are its own.

# udev_links PROPERTY=VALUE...: the links and the mode that the rules give
udev_links() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount --propagation private bash -euc '
		work=$(mktemp -d)
		trap "rm -r \"$work\"" EXIT
		{ cat /etc/group; echo mydevice:x:64999:; } >"$work/group"
		mount --bind "$work/group" /etc/group
		rules=$(cat systemd/60-mydevice.rules)
		mount -t tmpfs tmpfs /run
		mount -t tmpfs tmpfs /dev
		mknod -m 600 /dev/null c 1 3
		mkdir -p /run/udev/rules.d
		for property; do
			echo "KERNEL==\"null\", ENV{${property%%=*}}=\"${property#*=}\""
		done >/run/udev/rules.d/59-channel.rules
		echo "${rules//SUBSYSTEM!=\"mydevice\"/SUBSYSTEM!=\"mem\"}" \
			>/run/udev/rules.d/60-mydevice.rules
		for other in {/usr/lib,/lib,/etc}/udev/rules.d/*.rules; do
			case ${other##*/} in
			59-channel.rules | 60-mydevice.rules) ;;
			*) ln -sf /dev/null "/run/udev/rules.d/${other##*/}" ;;
			esac
		done
		said=$(udevadm test --action=add /sys/devices/virtual/mem/null 2>&1)
		grep -i "60-mydevice.rules:.*\(unknown\|invalid\|ignor\|fail\)" \
			<<<"$said" || :
		stat -c "%U %a %G" /dev/null
		sed -n "s/^SYSTEMD_WANTS=/wants /p" <<<"$said"
		cd /dev
		find . -type l | sed "s|^\./||" | LC_ALL=C sort | grep -v "^char/" || :
	' udev "$@"
}

# expect "LINK" PROPERTY=VALUE...: LINK may be empty; a backend's is NAME and GUEST of
# the unit that it wants
expect() {
	local link=$1 said wanted owner=${node_owner:-root 660 mydevice} part
	shift
	said=$(udev_links "$@")
	wanted=$owner
	if [[ $link = mydevice-back/* ]]; then
		IFS=/ read -ra part <<<"$link"
		wanted+=$'\n'"wants mydevice-back-${part[2]}@${part[1]}.service"
	fi
	wanted+=${link:+$'\n'$link}
	if [ "$said" != "$wanted" ]; then
		printf '%s:\nexpected\n%s\nfound\n%s\n' "$*" "$wanted" "$said"
		return 1
	fi
}

udev_names() {
	local name status=0
	expect mydevice/demo MYDEVICE_END=frontend MYDEVICE_NAME=demo || status=1
	expect mydevice/a..b-2_3 MYDEVICE_END=frontend MYDEVICE_NAME=a..b-2_3 || status=1
	expect mydevice-back/web1/demo MYDEVICE_END=backend MYDEVICE_NAME=demo \
		MYDEVICE_GUEST=web1 || status=1
	expect mydevice-back/1st.guest/demo MYDEVICE_END=backend MYDEVICE_NAME=demo \
		MYDEVICE_GUEST=1st.guest || status=1
	expect mydevice-back/web-1/a.b-c MYDEVICE_END=backend MYDEVICE_NAME=a.b-c \
		MYDEVICE_GUEST=web-1 || status=1
	expect '' MYDEVICE_END=frontend || status=1
	expect '' MYDEVICE_END=backend MYDEVICE_NAME=demo || status=1
	expect '' MYDEVICE_NAME=demo || status=1
	node_owner='daemon 640 adm' expect mydevice-back/web1/demo MYDEVICE_END=backend \
		MYDEVICE_NAME=demo MYDEVICE_GUEST=web1 MYDEVICE_USER=daemon MYDEVICE_GROUP=adm \
		MYDEVICE_MODE=0640 || status=1
	for name in 0 7up .. ../null a/b a/../../null 'a b' 'a*' -x .hidden; do
		expect '' MYDEVICE_END=frontend "MYDEVICE_NAME=$name" || status=1
	done
	for name in 3-0 12 .. . ../.. a/b 'a b' -3 .hidden; do
		expect '' MYDEVICE_END=backend MYDEVICE_NAME=demo "MYDEVICE_GUEST=$name" || status=1
	done
	return $status
}

lint_udev() {
	if udevadm verify --help >/dev/null 2>&1; then
		check udev-verify udevadm verify --no-style systemd/*.rules
	fi
	if [ "$(id -u)" -ne 0 ]; then
		report_skip lint/udev-names "needs root, for a mount namespace"
	elif [ ! -d /sys/devices/virtual/mem/null ]; then
		report_skip lint/udev-names "no /sys here"
	else
		check udev-names udev_names
	fi
}
