# SPDX-License-Identifier: GPL-2.0-or-later
"""What a device waits for, while one of its drivers does not take the next step."""

from harness.runner import case
from harness.world import check, equal


def waits(host, words):
    """Until the list says so; and status shows it."""
    host.expect(lambda: words in (host.attachd.list()[0]["waiting_for"] or ""),
                f"it waits for: {words}", host.attachd.list)
    status, out, _ = host.attachd.ctl("status", "web1", "demo")
    check(status == 0 and "Waiting for: " in out and words in out, out)


def asked(host):
    one = host.guest(7, "web1")
    host.attachd.start()
    one.request(0, "demo")
    host.expect(lambda: one.attached(0), "the device is attached", lambda: one.status(0))
    return one


def back(host, one, **nodes):
    for node, value in nodes.items():
        host.client.write(one.backend(0, node.replace("_", "-")), value)


def front(one, **nodes):
    for node, value in nodes.items():
        one.client.write(one.frontend(0, node.replace("_", "-")), value)


@case
def awaited_another_driver_in_the_backend(host):
    """It goes to InitWait as many do, and knows nothing of this protocol."""
    one = asked(host)
    waits(host, "the backend's driver has not answered")
    back(host, one, state="2")
    waits(host, "the backend has written no features")
    front(one, protocol="1", ring_ref="8", state="3")
    host.settle()
    waits(host, "the backend has written no features")
    check("mydeviceback" in host.attachd.list()[0]["waiting_for"], "where to look")


@case
def awaited_each_step(host):
    one = asked(host)
    back(host, one, max_protocol="1", state="2")
    waits(host, "the frontend's driver has not answered")
    front(one, state="3")
    waits(host, "the frontend has offered no rings")
    front(one, ring_ref="8", state="2")
    front(one, state="3")
    waits(host, "the backend has not mapped them")
    back(host, one, state="4")
    waits(host, "the frontend has not connected")
    front(one, state="4")
    host.expect(lambda: host.attachd.list()[0]["phase"] == "connected", "it is connected")
    entry = host.attachd.list()[0]
    equal((entry["waiting_for"], entry["backend_error"]), (None, None), "once it is connected")
    _, out, _ = host.attachd.ctl("status", "web1", "demo")
    check("Waiting for" not in out, out)


@case
def awaited_after_an_error(host):
    one = asked(host)
    back(host, one, max_protocol="1", state="2")
    front(one, ring_ref="8", state="3")
    back(host, one, error="-22 cannot \x1b[31mmap", state="6")
    waits(host, "the backend has closed")
    equal(host.attachd.list()[0]["backend_error"], "-22 cannot \\x1b[31mmap", "its reason")
    front(one, state="6")
    waits(host, "both drivers have closed")
    _, out, _ = host.attachd.ctl("status", "web1", "demo")
    check("Error: -22 cannot" in out, out)
    # nobody here has a kernel's bus
    equal(host.attachd.list()[0]["driver"], None, "the driver")
