# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the guest expands
#
# What a guest can wish for: several channels, rings of a size, packets. The
# policy of the host bounds it.

wishes=demo:stream,small:4K,bulk:1M,calls:packet:64K,huge:8M

# wish CHANNELS: the guest's driver is loaded again, with them.
wish() {
	guest a "cd /sys/bus/xen/drivers/mydevicefront && for device in mydevice-*; do
			echo \$device >unbind; done; cd / &&
		rmmod mydevicefront && insmod /lib/modules/mydevicefront.ko channels=$1"
}

# ring_is NAME SIZE: on both ends of the guest's channel, in both directions.
ring_is() {
	local inside outside
	inside=$(guest a "for d in /sys/class/mydevice/*; do
		[ \"\$(cat \$d/name)\" != $1 ] || cat \$d/ring_size; done") &&
		outside=$(dom0 "for d in /sys/class/mydevice/*; do
			[ \"\$(cat \$d/name)\$(cat \$d/guest)\" != $1a ] || cat \$d/ring_size; done") ||
		return
	grep -qx "$2 $2" <<<"$inside" && grep -qx "$2 $2" <<<"$outside"
}

# Two writes are two packets, also if they are read late and with large buffers.
packets_keep_apart() {
	local got
	guest a '{ printf "first packet"; sleep 1; printf second; sleep 3; } >/dev/mydevice/calls' &
	got=$(dom0 'sleep 2; for i in 1 2; do dd bs=4096 count=1 2>/dev/null; echo; done \
		</dev/mydevice-back/a/calls')
	wait $! || return
	echo "got: $got"
	[ "$got" = $'first packet\nsecond' ]
}

if expect wishes-asked-for wish "$wishes"; then
	for name in demo small bulk calls huge; do
		expect "wishes-connected-$name" eventually 30 channels "guest == 'a' and
			name == '$name' and frontend_state == backend_state == 'Connected'"
	done
	expect wishes-small-ring ring_is small 4096
	expect wishes-large-ring ring_is bulk 1048576
	expect wishes-beyond-the-policy ring_is huge 1048576
	expect wishes-packet-ring ring_is calls 65536
	expect wishes-packets-keep-apart packets_keep_apart
	expect wishes-other-channels pass_bytes a both $((1 * MiB))
fi
expect wishes-taken-back wish demo
expect wishes-over eventually 30 connected a
expect wishes-leave-nothing eventually 30 \
	dom0 'test $(ls /dev/mydevice-back/a | wc -l) -eq 1'
