#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For dracut: it copies the modules-load.d of the system into the image. If the image
# does not have the frontend, systemd-modules-load fails there because it does not find it.

check() {
	return 0
}

install() {
	# both are dracut's
	# shellcheck disable=SC2154
	[[ $omit_drivers != *mydevicefront* ]] || rm -f "$initdir/usr/lib/modules-load.d/mydevice-guest.conf"
}
