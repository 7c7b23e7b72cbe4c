#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# activate.sh DOMID DEVID - what a host without attachd does by hand for each
# guest; here only to be timed.
set -eu

front=/local/domain/$1/device/mydevice/$2
back=/local/domain/0/backend/mydevice/$1/$2

xenstore-write "$front/backend-id" 0
xenstore-write "$front/backend" "$back"
xenstore-write "$front/state" 1
xenstore-chmod -r "$front" "n$1" r0
xenstore-write "$back/frontend-id" "$1"
xenstore-write "$back/frontend" "$front"
xenstore-write "$back/online" 1
xenstore-write "$back/state" 1
xenstore-chmod -r "$back" n0 "r$1"
