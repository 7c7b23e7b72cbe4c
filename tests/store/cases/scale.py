# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest costs does not depend on how many there are."""

import os
import uuid

from harness import bench, proxy, wire, world
from harness.runner import case, note
from harness.world import check, equal

FEW, MANY = 10, 200
# so many requests of each; an id that was just in use rests, so each has its own
ROUNDS = 6
# attachd's CPU time is also that of waking up, which other work on the machine makes dearer
BOUND = 1.6
TRIES = 5


def grow(host, count):
    known = len(host.guests)
    guests = bench.arrive(host, range(known + 1, count + 1))
    host.expect(lambda: bench.count_of(host, "guests") == count, f"{count} guests are known",
                within=60)
    host.settle(0.5)
    return guests


def attach(host, one, devid):
    host.client.write(one.request_path(devid, "name"), f"c{devid}")
    host.client.write(one.request_path(devid, "request"), "1")
    host.expect(lambda: host.client.get(one.request_path(devid, "status")) == "attached",
                f"{one.name} gets device {devid}", within=30)


def messages(host, between, one, devid):
    """Of one attach, sorted. A question whether the store lives may be among them, and is
    among several of them on a busy machine."""
    found = []
    for number in range(8):
        between.wait_idle(host, 0.2)
        between.arm(0, lambda kind: False)
        attach(host, one, devid + number)
        between.wait_idle(host, 0.2)
        found.append(sorted(between.kinds))
    return min(found, key=len)


@case(build="plain")
def scale_of_messages(host):
    between = proxy.Proxy(host.machine.socket, os.path.join(host.dir, "between"))
    host.attachd.store_path = between.path
    host.attachd.start()
    one = grow(host, FEW)[-1]
    few = messages(host, between, one, 0)
    other = grow(host, MANY)[-1]
    many = messages(host, between, other, 0)
    between.close()
    equal(len(many), len(few), f"messages for an attach with {MANY} guests, against {FEW}")
    equal(many, few, "their kinds")
    equal(many.count(wire.TRANSACTION_START), 2, "transactions for an attach")
    note(f"{host.kind}: {len(many)} messages for an attach")


def cpu_of_attaches(host, guests, devids):
    before = bench.cpu_seconds(host.attachd.process.pid)
    for devid in devids:
        host.client.flood([request for one in guests for request in (
            (wire.WRITE, wire.raw(one.request_path(devid, "name")) + b"\0c%d" % devid),
            (wire.WRITE, wire.raw(one.request_path(devid, "request")) + b"\x001"))])
        host.expect(lambda d=devid: all(host.client.get(one.request_path(d, "status"))
                                        for one in guests), "all are answered", within=60)
    host.settle(0.2)
    return (bench.cpu_seconds(host.attachd.process.pid) - before) / len(guests) / len(devids)


# C xenstored itself takes ever longer with more guests, and attachd wakes up more often for it
@case(build="plain", stores=("oxenstored",))
def scale_of_time(host):
    """On two hosts in turns: whatever else this machine does, it does to both."""
    large = world.World(host.machine.build, host.kind, host.attachd.builds)
    try:
        large.attachd.build = host.attachd.build
        large.start_store()
        asking = []
        for one, count in ((host, FEW), (large, MANY)):
            one.attachd.set_policy("[Defaults]\nMaxChannels=100\n")
            one.attachd.start()
            asking.append(grow(one, count)[-FEW:])
        tries = [[cpu_of_attaches(one, guests, range(i * ROUNDS, (i + 1) * ROUNDS))
                  for one, guests in zip((host, large), asking)] for i in range(TRIES)]
        large.finish()
    finally:
        large.close()
    few, many = map(min, zip(*tries))
    note(f"CPU of attachd for an attach: {few * 1e3:.3f} ms with {FEW} guests,"
         f" {many * 1e3:.3f} ms with {MANY}")
    check(many < few * BOUND, f"{many / few:.1f} times as much")


@case
def scale_of_directories(host):
    """Of more names than a message holds, wherever guests or what they do make them so many."""
    backends = "/local/domain/0/backend/mydevice"
    by_hand = [f"{backends}/{domid}/by-hand" for domid in range(10000, 11000)]
    by_hand += [f"/local/domain/{domid}/nothing" for domid in range(10000, 11000)]
    by_hand += [f"/mydevice/{domid}/nonsense" for domid in range(10000, 11000)]
    by_hand += [f"/mydevice/kept/{uuid.uuid4()}/nonsense" for _ in range(200)]
    host.client.flood((wire.WRITE, wire.raw(f"{path}\0")) for path in by_hand)
    one, two = host.guest(7, "web1"), host.guest(8, "web2")
    # a quota of C xenstored refuses more
    names = {"c": 20, "oxenstored": 100}[host.kind]
    one.client.flood((wire.WRITE, b"data/mydevice/%s%s%d\0" % (where, b"x" * 60, number))
                     for where in (b"", b"0/") for number in range(names))
    # the domains are listed in XenStore then
    host.attachd.start("--xenctrl=none")
    for guest in (one, two):
        host.connected(guest, 0)
    equal(host.attachd.ctl("attach", "web2", "log")[0], 0, "an attach by hand, which is kept")
    for guest in (two, one):
        guest.withdraw(0)
        host.expect(lambda: guest.states(0) == (None, None), "it goes again",
                    lambda: guest.states(0))
    equal(host.attachd.ctl("detach", "web2", "log")[0], 0, "a detach by hand")
    host.settle()
    equal(one.traces(), {}, "what is left behind")
    equal([path for path in two.traces() if "withheld" not in path], ["/mydevice/8"], "of the other")
    check(host.client.get(by_hand[-1]) is not None, "what is kept of others has gone")
    host.attachd.stop()
    host.attachd.start()
    host.connected(one, 1, "demo")
    check("gone" not in host.attachd.log_text(), "the connection was lost")
