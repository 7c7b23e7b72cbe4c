# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that may write to its whole `device` directory, as every guest under xapi, spoils
what it can there. Only its own service may suffer."""

import os

from harness import proxy, wire
from harness.runner import case
from harness.world import check, equal

POLICY = "[Defaults]\nDetachTimeoutSec=1\n"
# more than any answer holds: neither xenstored gives a list of these
NAMES = 900
LENGTH = 900


def owns_device(host, one):
    host.client.set_perms(f"{one.home}/device", f"n{one.domid}")


def fill(one, directory):
    """As many long names as it may write; the errors."""
    return one.client.flood([(wire.WRITE, wire.raw(f"{one.home}/{directory}/x{i:04d}") +
                              b"y" * LENGTH + b"\0") for i in range(NAMES)])


def stuffed(host, domid, name):
    """A guest with a channel in a directory that it filled before the daemon came to it."""
    one = host.guest(domid, name)
    owns_device(host, one)
    fill(one, "device/mydevice")
    one.client.remove(f"{one.home}/device/mydevice/x0000" + "y" * LENGTH)
    return one


def removed(host, one, what):
    host.expect(lambda: one.states(0) == (None, None) and not host.client.tree(one.record(0)),
                f"{what} is removed", lambda: (one.states(0), host.client.tree(one.record(0))))


@case
def confined_directory_of_the_class_is_not_the_guests(host):
    host.attachd.set_policy(POLICY)
    host.attachd.start()
    one = host.guest(7, "web1")
    owns_device(host, one)
    host.connected(one, 0)
    directory = f"{one.home}/device/mydevice"
    equal(host.client.perms(directory), "n0,r7", "whose directory it is")
    equal(set(fill(one, "device/mydevice")), {"EACCES"}, "what the guest writes there")
    equal(host.client.perms(one.frontend(0)), "n7,r0", "whose device it is")
    # what it made itself becomes the daemon's with the first device
    two = host.guest(8, "web2")
    owns_device(host, two)
    two.client.write(f"{two.home}/device/mydevice/junk", "x")
    equal(host.client.perms(f"{two.home}/device/mydevice"), "n8", "whose directory it is before")
    host.connected(two, 0)
    equal(host.client.perms(f"{two.home}/device/mydevice"), "n0,r8", "and then")
    # one of an earlier release
    host.attachd.kill()
    host.client.set_perms(directory, "n7")
    host.attachd.start()
    equal(host.client.perms(directory), "n0,r7", "after a restart")
    equal(one.states(0), ("4", "4"), "its device")


@case
def confined_names_that_cannot_be_listed(host):
    host.attachd.set_policy(POLICY)
    other = host.guest(8, "web2")
    one = stuffed(host, 7, "web1")
    host.attachd.start()
    host.connected(one, 0)
    one.withdraw(0)
    removed(host, one, "the device of a guest with such a directory")
    host.connected(other, 0)
    check("cannot remove" not in host.attachd.log_text(), host.attachd.log_text())


@case
def confined_guest_that_removes_all_its_devices(host):
    """And puts names in their place that cannot be listed."""
    host.attachd.set_policy(POLICY)
    host.attachd.start()
    other, one = host.guest(8, "web2"), host.guest(7, "web1")
    owns_device(host, one)
    host.connected(one, 0)
    one.client.remove(f"{one.home}/device")
    fill(one, "device/mydevice")
    host.expect(lambda: host.client.get(one.backend(0, "state")) in (None, "1"), "it is removed",
                lambda: one.states(0))
    host.connected(other, 0)
    host.expect(lambda: one.states(0) == ("1", "1"), "it is attached again",
                lambda: one.states(0))
    equal(host.client.perms(f"{one.home}/device/mydevice"), "n0,r7", "whose directory it is")


@case
def confined_names_over_a_restart(host):
    """Also of a guest that is gone, but for its nodes."""
    host.attachd.set_policy(POLICY)
    one, shut, other = stuffed(host, 7, "web1"), stuffed(host, 9, "web3"), host.guest(8, "web2")
    host.attachd.start()
    host.connected(one, 0)
    host.connected(shut, 0)
    host.connected(other, 0)
    host.attachd.kill()
    # nothing but the record is left of it, as after a crash in the middle of a removal
    host.client.remove(one.backend(0))
    host.toolstack.shut_down(9)
    host.attachd.start()
    host.expect(lambda: other.states(0) == ("4", "4") and
                any(entry["domid"] == 8 for entry in host.attachd.list()), "others are served")
    removed(host, shut, "what a guest had that has shut down")
    host.expect(lambda: one.attached(0), "it is served again itself",
                lambda: (one.status(0), one.states(0)))


@case
def confined_failure_of_one_at_the_start(host):
    """Whatever XenStore refuses about one guest, the others are served meanwhile, and it is
    when that has passed."""
    host.attachd.set_policy(POLICY)
    between = proxy.Proxy(host.machine.socket, os.path.join(host.dir, "proxy"))
    host.attachd.store_path = between.path
    one, other, gone = host.guest(7, "web1"), host.guest(8, "web2"), host.guest(9, "web3")
    host.attachd.start()
    for each in (one, other, gone):
        host.connected(each, 0)
    host.attachd.kill()
    host.destroy(gone)
    refused = [0]

    def meddle(kind, payload):
        if kind == wire.READ and payload.startswith(b"/mydevice/7/mydevice@demo") or \
           kind == wire.RM and payload.startswith(wire.raw(gone.backend(0))):
            refused[0] += 1
            return "EIO"
        return None

    between.meddle = meddle
    host.attachd.start()
    other.request(1, "log")
    host.expect(lambda: other.attached(1), "another guest is served", lambda: other.status(1))
    check(refused[0] >= 2, "nothing was refused")
    host.settle(3)
    check(refused[0] < 40, f"{refused[0]} tries in 3 s")
    log = host.attachd.log_text()
    check("web1 (7): what it has cannot be read from XenStore" in log, log)
    status, _, err = host.attachd.ctl("detach", "web1", "demo")
    check(status != 0 and "cannot be read from XenStore" in err, f"an order about it: {err}")
    equal(one.states(0), ("4", "4"), "its device meanwhile")
    between.meddle = lambda kind, payload: None
    host.expect(lambda: any(entry["domid"] == 7 for entry in host.attachd.list()),
                "it is found again", host.attachd.list, within=20)
    equal(one.states(0), ("4", "4"), "its device")
    host.expect(lambda: not gone.traces(), "nothing is left of the one that is gone",
                gone.traces, within=20)
    host.attachd.stop()
    between.close()
