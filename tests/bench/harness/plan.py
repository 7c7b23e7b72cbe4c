# SPDX-License-Identifier: GPL-2.0-or-later
"""Which cells a run has, and the measurements that are no streams."""

import time

from .lab import Broken, dom0
from .measure import RING, Copy, Inside, Ring, RoundTrip, Stream

KIB = 1024
SIZES = [64, 256, 1024, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, 1024 * KIB]
QUICK_SIZES = [64, 4 * KIB, 16 * KIB, 64 * KIB, 1024 * KIB]
RINGS = [(4 * KIB) << shift for shift in range(9)]
QUICK_RINGS = [4 * KIB, 64 * KIB, 1024 * KIB]
PACKET_DEVID = 1
FIRST_RING_DEVID = 16
ACTIVATE_DEVID = 9
# and as many as there are rounds
FIRST_ATTACH_DEVID = 1000
MANY_MESSAGES_MOST = 64 * KIB   # beyond, a message is a call's worth


def streams(guest, sizes):
    for size in sizes:
        for way in ("to-host", "to-guest"):
            for series in ("mydevice", "libxenvchan", "tcp"):
                yield Stream(guest, series, way, size)
            if size <= MANY_MESSAGES_MOST:
                yield Stream(guest, "mydevice-batch", way, size)
                yield Stream(guest, "mydevice-frames", way, size, PACKET_DEVID)
                yield Stream(guest, "mydevice-uring", way, size)
        for way in ("in-dom0", "in-guest"):
            yield Inside(guest, "pipe", way, size)
            yield Inside(guest, "unix", way, size)
            if size >= 64 * KIB:
                yield Copy(guest, "memcpy", way, size)


def request(guest, devid, name, ring, mode="stream"):
    """A channel to be kept, with the ring that was asked for."""
    guest.inside.start("request", name=name, ring=ring, devid=devid, mode=mode)
    guest.inside.answer()
    check_ring(guest, devid, ring)


def check_ring(guest, devid, ring):
    found = dom0(f"cat '/sys/class/mydevice/mydevice-back!{guest.domid}-{devid}/ring_size'")
    if found.split() != [str(ring)] * 2:
        raise Broken(f"{guest.name}: the rings of device {devid} have {found.strip()} bytes, "
                     f"not {ring}")


def rings(guest, sizes):
    for number, ring in enumerate(sizes):
        devid = FIRST_RING_DEVID + number
        request(guest, devid, f"ring{ring}", ring)
        for way in ("to-host", "to-guest"):
            yield Ring(guest, way, devid, ring)


def cells(guests, quick):
    found = []
    for guest in guests:
        check_ring(guest, 0, RING)
        request(guest, PACKET_DEVID, "packets", RING, "packet")
        found += streams(guest, QUICK_SIZES if quick else SIZES)
        found.append(Stream(guest, "console", "to-host", 64 * KIB))
        for way in ("to-host", "to-guest"):
            for series in ("mydevice", "libxenvchan", "tcp"):
                found.append(RoundTrip(guest, series, way, 64, 100 if quick else 500))
        found += rings(guest, QUICK_RINGS if quick else RINGS)
    return found


def activate(guest):
    """Seconds that a host without attachd spends on the same nodes."""
    took = time.monotonic()
    line = f"activate.sh {guest.domid} {ACTIVATE_DEVID}"
    out = dom0(f"set -- $(cat /proc/uptime); {line} && set -- $1 $(cat /proc/uptime) && "
               f"xenstore-rm /local/domain/{guest.domid}/device/mydevice/{ACTIVATE_DEVID}; "
               f"xenstore-rm /local/domain/0/backend/mydevice/{guest.domid}/{ACTIVATE_DEVID}; "
               "echo $1 $2")
    begun, ended = [float(word) for word in out.split()]
    if not 0 < ended - begun <= time.monotonic() - took:
        raise Broken(f"activate.sh: {out}")
    return ended - begun


def attach(guest, quick):
    count = 3 if quick else 11
    guest.inside.start("attach", name="bench", devid=FIRST_ATTACH_DEVID, count=count)
    attached = guest.inside.answer()["attached"]
    scripts = [activate(guest) for _ in range(count)]
    return {"guest": guest.name, "attached": attached, "activate": scripts}
