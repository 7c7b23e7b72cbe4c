# SPDX-License-Identifier: GPL-2.0-or-later
"""What an operator ordered is noted by class and name, whatever else is ordered or fails."""

import os

from harness import proxy, wire
from harness.runner import case
from harness.world import check, equal

GIFT = 4095
POLICY = "[Defaults]\nDetachTimeoutSec=1\n[Device log]\nBackend=net\n"


def ctl(host, *arguments):
    status, _, err = host.attachd.ctl(*arguments)
    equal((status, err), (0, ""), " ".join(arguments))


def kept(host, one):
    path = f"/mydevice/kept/{one.uuid}"
    return {node[len(path) + 1:]: value for node, (value, _) in host.client.tree(path).items()
            if node != path}


def listed(host, one):
    return {entry["name"] for entry in host.attachd.list() if entry["domid"] == one.domid}


def denied(host, one, devid, name):
    one.request(devid, name)
    host.expect(lambda: "operator has detached" in (one.status(devid) or ""),
                f"{name} stays away", lambda: one.status(devid))
    one.withdraw(devid)


def rebooted_without_its_backend(host):
    """A guest to which "log" was attached, and that waits for the domain that is to serve it."""
    host.attachd.set_policy(POLICY)
    host.attachd.start()
    net, one = host.guest(8, "net"), host.guest(7, "web1")
    host.expect(lambda: host.attachd.ctl("attach", "web1", "log")[0] == 0, "it is attached")
    equal(set(kept(host, one)), {"mydevice@log"}, "what is noted")
    host.destroy(one)
    host.destroy(net)
    one = host.guest(9, "web1", one.uuid)
    host.expect(lambda: "web1 (9)" in host.attachd.log_text(), "it waits for the backend")
    return one


@case
def notes_of_a_rebooting_guest_and_another_order(host):
    one = rebooted_without_its_backend(host)
    ctl(host, "attach", "web1", "a.b")
    equal(set(kept(host, one)), {"mydevice@log", "mydevice@a@b"}, "what is noted")
    host.attachd.kill()
    host.attachd.start()
    host.guest(10, "net")
    host.expect(lambda: listed(host, one) == {"log", "a.b"}, "it has both",
                lambda: listed(host, one))
    ctl(host, "detach", "web1", "a.b")
    equal(set(kept(host, one)), {"mydevice@log"}, "what is noted then")


@case
def notes_after_an_attach_that_fails(host):
    one = rebooted_without_its_backend(host)
    before = kept(host, one)
    for _ in range(2):
        check(host.attachd.ctl("attach", "web1", "log", "--mode=packet")[0], "nobody serves it")
        equal(kept(host, one), before, "what is noted")
    # and a ban is not lifted
    ctl(host, "attach", "web1", "demo")
    ctl(host, "detach", "web1", "demo")
    denied(host, one, 1, "demo")
    host.attachd.set_policy(POLICY + "[Device demo]\nBackend=net\n")
    host.attachd.reload()
    for _ in range(2):
        check(host.attachd.ctl("attach", "web1", "demo")[0], "nobody serves it")
        denied(host, one, 1, "demo")
    check("demo" not in "".join(kept(host, one)), "what failed is noted")
    host.attachd.kill()
    host.attachd.start()
    denied(host, one, 1, "demo")
    host.guest(10, "net")
    host.expect(lambda: listed(host, one) == {"log"}, "it has what it had",
                lambda: listed(host, one))


@case
def notes_of_many_detached(host):
    """None of them is refused for lack of space."""
    names = [f"n{i:02d}" + "x" * 60 for i in range(20)]
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    host.attachd.start()
    one = host.guest(7, "web1")
    host.settle(0.1)
    for name in names:
        ctl(host, "attach", "web1", name)
        ctl(host, "detach", "web1", name)
    for restarted in (False, True):
        for devid in (0, 13, 14, 19):
            denied(host, one, devid, names[devid])
        if not restarted:
            host.attachd.kill()
            host.attachd.start()
    for path, (value, perms) in host.client.tree("/mydevice/7").items():
        equal(perms, "n0", path)
        check(len(value) <= 300, f"{path} has {len(value)} bytes")
    # some are allowed again, and then all
    for name in names[:19]:
        ctl(host, "attach", "web1", name)
    denied(host, one, 19, names[19])
    equal([path for path in host.client.tree("/mydevice/7") if "withheld" in path],
          ["/mydevice/7/withheld", f"/mydevice/7/withheld/mydevice@{names[19]}"], "what is noted")
    host.destroy(one)
    host.expect(lambda: not one.traces(), "nothing is left", one.traces)


@case
def notes_that_cannot_be_written(host):
    between = proxy.Proxy(host.machine.socket, os.path.join(host.dir, "proxy"))
    host.attachd.store_path = between.path
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    host.attachd.start()
    one = host.guest(7, "web1")
    host.expect(lambda: host.attachd.ctl("attach", "web1", "demo")[0] == 0, "it is attached")
    refused = [0]

    def meddle(kind, payload):
        if kind == wire.WRITE and payload.startswith(b"/mydevice/7/withheld"):
            refused[0] += 1
            return "ENOSPC"
        return None

    between.meddle = meddle
    ctl(host, "detach", "web1", "demo")
    equal(one.states(GIFT), (None, None), "the device")
    denied(host, one, 0, "demo")
    check("cannot note that it is to stay away" in host.attachd.log_text(), "nothing is said")
    host.settle(2)
    check(refused[0] < 20, f"{refused[0]} tries")
    between.meddle = lambda kind, payload: None
    host.expect(lambda: host.client.get("/mydevice/7/withheld/mydevice@demo") and not kept(host, one),
                "it is noted when it can be", lambda: host.client.tree("/mydevice"))
    host.attachd.kill()
    host.attachd.start()
    denied(host, one, 0, "demo")
    check(not listed(host, one), "it came back")
    host.attachd.stop()
    between.close()


OLD = "v1 uuid={uuid} name={name} origin=operator backend=0 mode=packet ring-size=8192 hotplug=0" \
    " moved=0 requested=1796061330526845 written=0 connected=0"


@case
def notes_of_an_earlier_release(host):
    """They were named by the id; the daemon may have ended while it renamed them."""
    one, gone = host.guest(7, "web1"), "00000000-0000-4000-8000-00000000000b"
    for uuid, devid, name in ((one.uuid, GIFT, "log"), (one.uuid, 77, "a.b"),
                              (one.uuid, 76, "demo"), (gone, 5, "log")):
        host.client.make(f"/mydevice/kept/{uuid}/mydevice-{devid}", "n0",
                         OLD.format(uuid=uuid, name=name))
    host.client.make(f"/mydevice/kept/{one.uuid}/mydevice-zz", "n0", "nonsense")
    host.client.make(f"/mydevice/kept/{one.uuid}/mydevice@a@b", "n0",
                     OLD.format(uuid=one.uuid, name="a.b") + " devid=9")
    host.client.make("/mydevice/7/withheld", "n0", f"{one.uuid} mydevice/demo")
    host.client.set_perms("/mydevice", "n0")
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    host.attachd.start()
    host.expect(lambda: listed(host, one) == {"log", "a.b"}, "it has what was noted",
                lambda: listed(host, one))
    equal(host.client.get(one.backend(GIFT, "name")), "log", "by its id")
    equal(host.client.get(one.backend(9, "mode")), "packet", "with its settings")
    denied(host, one, 0, "demo")
    equal(set(kept(host, one)), {"mydevice@log", "mydevice@a@b", "mydevice@demo", "mydevice-zz"},
          "the notes")
    ctl(host, "attach", "web1", "demo")
    for name in ("log", "a.b", "demo"):
        ctl(host, "detach", "web1", name)
    check(not kept(host, one), f"what is left: {kept(host, one)}")
    equal(host.client.list(f"/mydevice/kept/{gone}"), ["mydevice@log"], "of a guest that is away")
