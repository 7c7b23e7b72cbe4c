# SPDX-License-Identifier: GPL-2.0-or-later
"""Many orders at once, on a slow XenStore: guests and the watchdog have their turns in between."""

import json
import os
import time

from harness import proxy
from harness.runner import case
from harness.world import check, equal

ORDERS = 20
DELAY = 0.008


@case(build="plain", alone=True)
def many_orders_and_a_request(host):
    between = proxy.Proxy(host.machine.socket, os.path.join(host.dir, "proxy"))
    host.attachd.store_path = between.path
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    host.attachd.start(env={"WATCHDOG_USEC": "1500000"})
    one, quiet = host.guest(7, "web1"), host.guest(8, "web2")
    host.connected(quiet, 0)

    def meddle(kind, payload):
        time.sleep(DELAY)

    between.meddle = meddle
    host.attachd.read_notifications()
    began = time.monotonic()
    orders = [host.attachd.ctl_begin("attach", "web1", f"n{i}") for i in range(ORDERS)]
    host.expect(lambda: one.client.get(one.frontend(4095, "state")), "the first is carried out")
    asked = time.monotonic()
    quiet.request(1, "log")
    host.expect(lambda: quiet.attached(1), "a guest is served meanwhile", within=60)
    waited = time.monotonic() - asked
    left = sum(order.alive() for order in orders)
    check(left > ORDERS / 2, f"only {left} orders were left: nothing is tested")
    # silence of the other thread, which is what the watchdog is about
    longest = 0
    while any(order.alive() for order in orders):
        status, out, _ = host.attachd.ctl("status", "--json")
        equal(status, 0, "mydevicectl status")
        longest = max(longest, json.loads(out)["xenstore_silent_usec"] / 1e6)
        host.settle(0.2)
    took = time.monotonic() - began
    equal({order.popen.returncode for order in orders}, {0}, "what became of them")
    check(waited < took / 4, f"a request waited for {waited:.1f} s of {took:.1f} s")
    check(longest < 4, f"no sign of life of the XenStore thread for {longest:.1f} s")
    equal(len([entry for entry in host.attachd.list() if entry["domid"] == 7]), ORDERS, "the list")
    host.attachd.stop()
    between.close()
