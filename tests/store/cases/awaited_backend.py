# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests that wait for the domain that is to serve them: nobody else's coming concerns them."""

import os

from harness import proxy, wire
from harness.runner import case
from harness.world import equal

POLICY = "[Device log]\nBackend=net\nAlways=yes\n[Device extra]\nBackend=disk\nAlways=yes\n" \
    "[Guest web*]\nAllow=yes\n"


def lines(host, domid, name):
    return [line for line in host.attachd.log_text().splitlines()
            if f"({domid}): mydevice {name} is to be given" in line]


@case
def awaited_backend_and_unrelated_domains(host):
    between = proxy.Proxy(host.machine.socket, os.path.join(host.dir, "proxy"))
    host.attachd.store_path = between.path
    host.attachd.set_policy(POLICY)
    host.attachd.start()
    waiting = [host.guest(domid, f"web{domid}") for domid in (5, 6, 7)]
    for one in waiting:
        for name in ("log", "extra"):
            host.expect(lambda: lines(host, one.domid, name), f"the log of {one.name} has {name}")
    between.wait_idle(host)
    asked = []

    def meddle(kind, payload):
        # all but the names, which tell whether a domain's id is another's
        if kind in (wire.READ, wire.DIRECTORY) and b"/data" in payload and \
           payload.startswith((b"/local/domain/5/", b"/local/domain/6/", b"/local/domain/7/")):
            asked.append((kind, payload))
        return None

    between.meddle = meddle
    others = [host.guest(domid, f"other{domid}") for domid in range(20, 40)]
    # gifts are said to wait for them, too
    host.expect(lambda: all(lines(host, one.domid, "log") for one in others), "they are met")
    for one in others[:5]:
        host.toolstack.rename(one.domid, f"renamed{one.domid}")
        host.destroy(others[-1 - others.index(one)])
    host.settle(0.3)
    equal(asked, [], "what was looked at for guests that wait")
    # also where all is looked at again, it is said once
    for _ in range(2):
        host.attachd.reload()
    host.settle(0.3)
    for one in waiting:
        for name in ("log", "extra"):
            equal(len(lines(host, one.domid, name)), 1, f"lines about {name} of {one.name}")
    # the one that is waited for
    asked.clear()
    host.toolstack.rename(21, "net")
    for one in waiting:
        host.expect(lambda: any((entry["domid"], entry["name"]) == (one.domid, "log")
                                for entry in host.attachd.list()), "it is given",
                    host.attachd.list)
        equal(len(lines(host, one.domid, "extra")), 1, f"lines about the other of {one.name}")
    # two of the name: said once, and given when there is one
    net = host.guest(50, "disk")
    host.guest(51, "disk")
    late = host.guest(52, "web52")
    host.expect(lambda: lines(host, 52, "extra"), "the log has the reason")
    host.settle(0.2)
    equal(len(lines(host, 52, "extra")), 1, "lines about it")
    host.destroy(net)
    host.expect(lambda: any((entry["domid"], entry["name"]) == (late.domid, "extra")
                            for entry in host.attachd.list()), "it is given", host.attachd.list)
    host.attachd.stop()
    between.close()
