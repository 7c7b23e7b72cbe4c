# SPDX-License-Identifier: GPL-2.0-or-later
"""What the policy gives without being asked: channels, and devices of other classes."""

import os
import subprocess
import time

from harness import drivers, wire
from harness.runner import case
from harness.world import Failure, check, equal

GIFT = 4095

LOG_FOR_WEB = """\
[Defaults]
DetachTimeoutSec=1

[Device log]
Always=yes
Guest=web*
Mode=packet
RingSize=8K
NodeUser=syslog
NodeGroup=adm
NodeMode=0640
"""

ALICE = """\
[Defaults]
DetachTimeoutSec=1

[Class alice_dev]
Handshake=no
FrontendNode=greeting hello world
BackendNode=size 4096

[Class bob_dev]
DevID=3
Guest=web1
"""


def phases(host):
    return {(entry["domid"], entry["class"], entry["devid"]): entry["phase"]
            for entry in host.attachd.list()}


@case
def given_before_the_guest_runs(host):
    host.attachd.set_policy(LOG_FOR_WEB)
    host.attachd.start()
    one, other = host.guest(7, "web1"), host.guest(8, "db")
    host.expect(lambda: one.states(GIFT) == ("1", "1"), "the device is given", one.traces)
    back = one.backend(GIFT)
    nodes = host.client.tree(back)
    equal({path.removeprefix(back): value for path, (value, _) in nodes.items()},
          {"": "", "/frontend": one.frontend(GIFT), "/frontend-id": "7", "/online": "1",
           "/state": "1", "/name": "log", "/guest": "web1", "/mode": "packet",
           "/ring-size": "8192", "/node-user": "syslog", "/node-group": "adm",
           "/node-mode": "0640"}, "the backend's nodes")
    equal({perms for _, perms in nodes.values()}, {"n0,r7"}, "their permissions")
    host.never(other.traces, "a device for another guest")
    host.join(one, GIFT)
    # a guest that asks for what it has is told so, and cannot give it away
    one.request(0, "log")
    host.expect(lambda: one.status(0) == "attached", "the answer", lambda: one.status(0))
    one.withdraw(0)
    one.request(GIFT, "mine")
    host.expect(lambda: (one.status(GIFT) or "").startswith("denied: "), "the id is taken",
                lambda: one.status(GIFT))
    one.withdraw(GIFT)
    host.settle()
    equal(one.states(GIFT), ("4", "4"), "the device after all that")
    equal(one.states(0), (None, None), "another device")


@case
def given_over_reload_and_restart(host):
    host.attachd.start()
    one = host.guest(7, "web1")
    host.connected(one, 0)
    host.attachd.set_policy(LOG_FOR_WEB)
    host.attachd.reload()
    host.expect(lambda: one.states(GIFT) == ("1", "1"), "the new policy gives it", one.traces)
    host.join(one, GIFT)
    host.settle(0.2)
    before = one.nodes(GIFT), one.nodes(0)
    host.attachd.set_policy("[Defaults]\nAlways=yes\n")
    host.attachd.reload()
    host.attachd.set_policy("")
    host.attachd.reload()
    host.attachd.kill()
    host.attachd.start()
    host.settle(0.3)
    equal((one.nodes(GIFT), one.nodes(0)), before, "both devices")
    host.attachd.stop()
    host.attachd.set_policy(LOG_FOR_WEB)
    host.attachd.start()
    host.settle(0.3)
    equal((one.nodes(GIFT), one.nodes(0)), before, "both devices")
    equal(set(phases(host)), {(7, "mydevice", 0), (7, "mydevice", GIFT)}, "the list")
    host.destroy(one)
    host.expect(lambda: not one.traces(), "all of it goes with its guest", one.traces)


@case
def given_again_when_the_guest_deletes_it(host):
    host.attachd.set_policy(LOG_FOR_WEB)
    host.attachd.start()
    one = host.guest(7, "web1")
    host.expect(lambda: one.states(GIFT) == ("1", "1"), "the device is given", one.traces)
    for _ in range(2):
        one.client.remove(one.frontend(GIFT))
        host.expect(lambda: one.states(GIFT) == (None, None), "it goes", one.traces)
        host.expect(lambda: one.states(GIFT) == ("1", "1"), "it comes again", one.traces)


@case
def given_owner_of_the_node_for_udev(host):
    """As udev calls it in the domain that serves the channel."""
    host.attachd.set_policy(LOG_FOR_WEB)
    host.attachd.start()
    one = host.guest(7, "web1")
    one.request(0, "demo")
    host.expect(lambda: one.attached(0) and one.states(GIFT)[1], "both are there", one.traces)

    def said(devid):
        done = subprocess.run(["systemd/mydevice-node", "7", str(devid)], capture_output=True,
                              env={**os.environ, "XENSTORED_PATH": host.machine.socket},
                              check=True)
        return set(done.stdout.decode().splitlines())

    equal(said(GIFT), {"MYDEVICE_GROUP=adm", "MYDEVICE_MODE=0640", "MYDEVICE_USER=syslog"},
          "what udev is told")
    equal(said(0), set(), "what it is told of another channel")
    equal(said(1), set(), "what it is told of none")
    for value in ("root;id", "a b", '"', "../x", "-x", "", "ro\not", "\x1b[31m"):
        host.client.write(one.backend(0, "node-user"), value)
        equal(said(0), set(), f"what it makes of {value!r}")
    for value in ("04660", "0777", "640", "06640", "0x40"):
        host.client.write(one.backend(0, "node-mode"), value)
        equal(said(0), set(), f"what it makes of the mode {value!r}")


@case
def given_class_that_only_probes(host):
    """Both drivers stay at Initialising for ever, and ignore Closing."""
    host.attachd.set_policy(ALICE)
    host.attachd.start()
    one = host.guest(7, "web1")
    host.expect(lambda: one.states(0, "alice_dev") == ("1", "1"), "the device is given")
    front, back = one.frontend(0, of="alice_dev"), one.backend(0, of="alice_dev")
    equal(host.client.tree(front),
          {front: ("", "n7,r0"), f"{front}/backend": (back, "n7,r0"),
           f"{front}/backend-id": ("0", "n7,r0"), f"{front}/state": ("1", "n7,r0"),
           f"{front}/greeting": ("hello world", "n7,r0")}, "the frontend")
    equal(host.client.tree(back),
          {back: ("", "n0,r7"), f"{back}/frontend": (front, "n0,r7"),
           f"{back}/frontend-id": ("7", "n0,r7"), f"{back}/online": ("1", "n0,r7"),
           f"{back}/state": ("1", "n0,r7"), f"{back}/size": ("4096", "n0,r7")}, "the backend")
    equal(host.client.perms(one.record(0, "alice_dev")), "n0", "the record's permissions")
    host.expect(lambda: phases(host) == {(7, "alice_dev", 0): "connected",
                                         (7, "bob_dev", 3): "waiting"}, "what is listed",
                lambda: phases(host))
    try:
        one.client.write(f"{back}/state", "4")
        raise Failure("the guest may write the backend's state")
    except wire.StoreError as error:
        equal(error.name, "EACCES", "writing the backend's state")
    # its guest gives it up; the backend is told, and does not listen
    host.attachd.set_policy("[Class alice_dev]\nHandshake=no\nAlways=no\nDetachTimeoutSec=1\n")
    host.attachd.reload()
    began = time.monotonic()
    changes = host.record_events(back)
    one.client.remove(front)
    host.expect(lambda: f"{back}/state" in changes, "it is asked to close", lambda: changes)
    host.expect(lambda: not host.client.tree(back), "it goes by force")
    check(time.monotonic() - began > 0.8, "it was not given its time")
    check("by force" in host.attachd.log_text(), "the log does not tell that it was forced")
    host.destroy(one)
    host.expect(lambda: not one.traces(), "all of it goes with its guest", one.traces)


@case
def given_class_in_lock_step(host):
    host.attachd.set_policy(ALICE)
    host.attachd.start()
    one, other = host.guest(7, "web1"), host.guest(8, "db")
    host.expect(lambda: one.states(3, "bob_dev") == ("1", "1"), "the device is given")
    pair = drivers.LockStep(one, "bob_dev", 3)
    host.expect(lambda: one.states(3, "bob_dev") == ("4", "4"), "the drivers connect",
                lambda: one.states(3, "bob_dev"))
    host.expect(lambda: phases(host)[(7, "bob_dev", 3)] == "connected", "it is listed so")
    host.connected(one, 3)
    # over a restart with a policy that does not know the class any more
    host.attachd.kill()
    host.attachd.set_policy("")
    host.attachd.start()
    host.expect(lambda: phases(host).get((7, "bob_dev", 3)) == "connected", "it is still there",
                lambda: phases(host))
    equal(other.states(3, "bob_dev"), (None, None), "a device for another guest")
    # the frontend goes: the backend is asked to, and does
    one.client.remove(one.frontend(3, of="bob_dev"))
    host.expect(lambda: host.client.get(one.backend(3, "state", "bob_dev")) in ("5", None),
                "the backend is asked to close")
    drivers.switch_state(pair.back, pair.backend, drivers.CLOSED)
    host.expect(lambda: not host.client.tree(one.backend(3, of="bob_dev")), "it goes")
    equal(one.states(3), ("4", "4"), "the channel of the same id")
    host.destroy(one)
    host.expect(lambda: not host.client.get("/local/domain/0/backend/bob_dev"),
                "no parent is left of the class")


@case
def given_with_a_dead_guest_at_once(host):
    host.attachd.set_policy(ALICE)
    host.attachd.start()
    one = host.guest(7, "web1")
    host.expect(lambda: one.states(0, "alice_dev") == ("1", "1"), "the device is given")
    began = time.monotonic()
    host.destroy(one, zombie=True)
    host.expect(lambda: not host.client.tree(one.backend(0, of="alice_dev")), "it goes")
    check(time.monotonic() - began < 0.8, "a dead guest's device was waited for")


@case
def given_by_another_domain(host):
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n[Device demo]\nBackend=net\n"
                            "[Class alice_dev]\nBackend=net\nGuest=web*\nHandshake=no\n")
    host.attachd.start()
    one = host.guest(7, "web1")
    one.request(0, "demo")
    host.expect(lambda: '"net"' in (one.status(0) or ""), "it says what is missing",
                lambda: one.status(0))
    net = host.guest(8, "net")
    host.expect(lambda: one.status(0) == "attached", "it is attached when that comes",
                lambda: one.status(0))
    for of in ("mydevice", "alice_dev"):
        host.expect(lambda: one.states(0, of, by=8) == ("1", "1"), f"{of} is served by it")
        for path, (_, perms) in host.client.tree(one.backend(0, of=of, by=8)).items():
            equal(perms, "n8,r7", path)
        for path, (_, perms) in host.client.tree(one.frontend(0, of=of)).items():
            equal(perms, "n7,r8", path)
    # each end writes its own and nothing else
    net.client.write(one.backend(0, "state", by=8), "2")
    for client, path in ((net.client, one.frontend(0, "state")),
                         (one.client, one.backend(0, "state", by=8))):
        try:
            client.write(path, "4")
            raise Failure(f"{path} was written by the other end")
        except wire.StoreError as error:
            equal(error.name, "EACCES", path)
    equal({entry["backend_domid"] for entry in host.attachd.list()}, {8}, "who serves them")
    host.destroy(net)
    host.expect(lambda: one.states(0, "alice_dev") == (None, None), "they go with who serves them",
                lambda: one.states(0, "alice_dev"))
    net = host.guest(9, "net")
    for of in ("mydevice", "alice_dev"):
        host.expect(lambda: one.states(0, of, by=9) == ("1", "1"), "and come with the next one",
                    lambda: (one.status(0), one.traces()))
    host.destroy(one)
    host.expect(lambda: not host.client.tree("/local/domain/9/backend/mydevice"),
                "nothing is left there")


@case
def given_without_handshake_goes_at_once(host):
    """Where no driver has taken any step, none is waited for."""
    host.attachd.set_policy("[Class alice_dev]\nHandshake=no\nDetachTimeoutSec=60\n")
    host.attachd.start()
    one = host.guest(7, "web1")
    host.expect(lambda: phases(host).get((7, "alice_dev", 0)) == "connected", "it counts so")
    began = time.monotonic()
    status, _, err = host.attachd.ctl("detach", "web1", "alice_dev", "--class=alice_dev")
    equal((status, err), (0, ""), "detach")
    check(time.monotonic() - began < 5, "it waited for drivers that are not there")
    equal(one.states(0, "alice_dev"), (None, None), "its nodes")
    check("by force" not in host.attachd.log_text(), "it counts as forced")
