# SPDX-License-Identifier: GPL-2.0-or-later
"""What an operator does to devices, and who may."""

import json
import os
import pty
import signal
import socket
import stat
import subprocess
import threading
import time

from harness import drivers
from harness.runner import case
from harness.world import Skip, check, equal

GIFT = 4095


def ctl(host, *arguments, **kwargs):
    status, out, err = host.attachd.ctl(*arguments, **kwargs)
    equal((status, err), (0, ""), f"mydevicectl {arguments}")
    return out


@case
def manage_attach(host):
    host.attachd.set_policy("[Defaults]\nAllow=no\nRingSizeMax=64K\n[Class alice_dev]\nDevID=2\n"
                            "Always=no\n")
    host.attachd.start()
    one = host.guest(7, "web1")
    host.expect(lambda: host.attachd.ctl("attach", "web1", "log")[0] == 0, "it is attached")
    equal(one.states(GIFT), ("1", "1"), "the device")
    equal(host.client.get(one.backend(GIFT, "name")), "log", "its name")
    host.join(one, GIFT)
    entry, = host.attachd.list()
    equal((entry["origin"], entry["node"]), ("operator", "/dev/mydevice-back/web1/log"),
          "what is listed")
    out = json.loads(ctl(host, "attach", "7", "bulk", "--json", "--mode=packet",
                         "--ring-size=1M"))
    equal((out["mode"], out["ring_size"], out["devid"]), ("packet", 65536, GIFT - 1),
          "what is told of another")
    ctl(host, "attach", "web1", "alice", "--class=alice_dev")
    equal(one.states(2, "alice_dev"), ("1", "1"), "a device of another class")
    for arguments, expected, text in (
            (("web1", "log"), 8, "has it already"), (("db", "log"), 4, "no guest"),
            (("web1", "../x"), 2, "no name"), (("web1", "x", "--class=eve"), 2, "attachd.conf"),
            (("web1", "x", "--mode=fast"), 2, "stream or packet"),
            (("web1", "x", "--ring-size=1"), 2, "at least 4096"),
            (("web1", "x", "--ring-size=much"), 2, "number of bytes"),
            (("web1",), 2, "too few"), (("web1", "x", "--force"), 2, "does not go with"),
            (("x" * 200, "x"), 2, "too long"), (("web1", "\x1b[31m"), 2, "no name")):
        status, out, err = host.attachd.ctl("attach", *arguments)
        check(status == expected and text in err and not out and "\x1b" not in err,
              f"attach {arguments}: {status} {err}")
    # it stays over a restart, and goes with its guest
    host.attachd.kill()
    host.attachd.start()
    equal({entry["name"]: entry["origin"] for entry in host.attachd.list()},
          {"log": "operator", "bulk": "operator", "alice": "operator"}, "after a restart")
    host.destroy(one)
    host.expect(lambda: not one.traces(), "all of it goes with its guest", one.traces)


@case
def manage_other_classes(host):
    """What is listed of devices that are no channels, and how they are named."""
    host.attachd.set_policy("[Class bob_dev]\nDevID=1\nAlways=no\nHandshake=no\n"
                            "[Class alice_dev]\nDevID=1\nAlways=no\nHandshake=no\n")
    host.attachd.start()
    host.guest(7, "web1")
    host.expect(lambda: host.attachd.ctl("attach", "web1", "log")[0] == 0, "a channel")
    check("CLASS" not in ctl(host, "list"), "a column for one class")
    for name, of in (("thing", "bob_dev"), ("demo", "alice_dev"), ("log", "alice_dev")):
        if name == "log":
            status, _, err = host.attachd.ctl("attach", "web1", name, f"--class={of}")
            check(status == 9 and 'device id 1 is in use by the alice_dev "demo" of guest web1' in err,
                  f"a second one: {status} {err}")
        else:
            ctl(host, "attach", "web1", name, f"--class={of}")
    rows = [line.split() for line in ctl(host, "list").splitlines()]
    equal(rows[0], "GUEST DOMID DEV NAME CLASS FRONTEND BACKEND RING NODE".split(), "headings")
    equal([(row[2], row[3], row[4], row[7]) for row in rows[1:]],
          [("1", "demo", "alice_dev", "-"), ("1", "thing", "bob_dev", "-"),
           (str(GIFT), "log", "mydevice", "256K")], "by class and id")
    equal([row[8] for row in rows[1:]], ["-", "-", "/dev/mydevice-back/web1/log"], "nodes")
    entry = [one for one in host.attachd.list() if one["name"] == "thing"][0]
    equal([entry[key] for key in ("node", "ring_size", "mode")], ["", None, None], "JSON")
    for shown in ctl(host, "status", "web1", "thing"), ctl(host, "status", "web1", "demo"):
        check("Node" not in shown and "each way" not in shown, f"status: {shown}")
    status, _, err = host.attachd.ctl("detach", "web1", "1")
    check(status == 2 and "classes" in err and "alice_dev" in err and "bob_dev" in err,
          f"an id of two classes: {status} {err}")
    equal(host.attachd.ctl("detach", "web1", "nothing")[0], 4, "no device of that name")
    equal(host.attachd.ctl("set", "web1", "thing", "paused=yes")[0], 4, "set is for channels")
    ctl(host, "detach", "web1", "thing")
    equal({one["name"] for one in host.attachd.list()}, {"log", "demo"}, "without --class")
    ctl(host, "detach", "web1", "demo")
    for name, of in ("thing", "bob_dev"), ("log", "alice_dev"):
        host.expect(lambda name=name, of=of: host.attachd.ctl(
            "attach", "web1", name, f"--class={of}")[0] == 0, f"{name} once more")
    # a channel comes before a device of another class
    ctl(host, "detach", "web1", "log")
    equal({one["class"] for one in host.attachd.list()}, {"alice_dev", "bob_dev"}, "the channel")
    ctl(host, "detach", "web1", "log")
    equal({one["class"] for one in host.attachd.list()}, {"bob_dev"}, "then the other one")


@case
def manage_attach_what_the_guest_asks_for(host):
    """Under the id it has chosen, also if the policy has denied it."""
    host.attachd.set_policy("[Device demo]\nAllow=no\n")
    host.attachd.start()
    one = host.guest(7, "web1")
    one.request(3, "other")
    one.request(5, "demo")
    host.expect(lambda: (one.status(5) or "").startswith("denied"), "it is denied",
                lambda: one.status(5))
    out = json.loads(ctl(host, "attach", "web1", "demo", "--json"))
    equal((out["devid"], out["origin"]), (5, "operator"), "the device")
    host.expect(lambda: one.attached(5), "the request is answered", lambda: one.status(5))
    host.join(one, 5)
    one.withdraw(5)
    host.settle()
    equal(one.states(5), ("4", "4"), "the operator's device, when the guest asks no more")
    # the id is not free: any other
    two = host.guest(8, "web2")
    two.request(5, "taken")
    host.expect(lambda: two.attached(5), "another is attached", lambda: two.status(5))
    two.client.write(two.request_path(5, "name"), "demo")
    equal(json.loads(ctl(host, "attach", "web2", "demo", "--json"))["devid"], GIFT, "its id")


@case
def manage_attach_starts_again(host):
    """Drivers that have met an error, and closed."""
    host.attachd.start()
    one = host.guest(7, "web1")
    front, _ = host.connected(one, 0)
    check(host.attachd.ctl("attach", "web1", "demo")[0], "what is connected is attached again")
    front.switch(drivers.CLOSING)
    front.switch(drivers.CLOSED)
    host.expect(lambda: one.states(0) == ("6", "6"), "both close", lambda: one.states(0))
    host.expect(lambda: host.attachd.list()[0]["backend_state"] == "Closed", "it is listed so")
    check(host.attachd.ctl("attach", "web1", "demo", "--mode=packet")[0], "it gets another mode")
    equal(one.states(0), ("6", "6"), "what nobody has ordered to begin again")
    ctl(host, "attach", "web1", "demo")
    host.expect(lambda: one.states(0) == ("4", "4"), "they connect again", lambda: one.states(0))


@case
def manage_detach_lasts(host):
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n[Device log]\nAlways=yes\n")
    host.attachd.start()
    one = host.guest(7, "web1")
    host.connected(one, 0)
    host.expect(lambda: one.states(GIFT) == ("1", "1"), "the other is given")
    detach = host.attachd.ctl_begin("detach", "web1", "demo")
    host.expect(lambda: not detach.alive(), "detach ends")
    equal(detach.popen.returncode, 0, "its status")
    equal(one.states(0), (None, None), "the device, as soon as it has ended")
    ctl(host, "detach", "web1", "log")
    equal(one.states(GIFT), (None, None), "what was given")

    def stays_away(name, devid):
        one.request(devid, name)
        host.expect(lambda: "operator" in (one.status(devid) or ""), f"{name} is denied",
                    lambda: one.status(devid))

    stays_away("demo", 0)
    stays_away("log", 1)
    host.attachd.reload()
    host.attachd.kill()
    host.attachd.start()
    stays_away("demo", 0)
    host.settle(0.4)
    check(one.states(GIFT) == (None, None), "it was given again")
    equal(host.attachd.ctl("detach", "web1", "demo")[0], 4, "detaching what is not there")
    equal(host.attachd.ctl("detach", "mail", "demo")[0], 4, "a guest that is not there")
    # until it is attached again
    ctl(host, "attach", "web1", "demo")
    host.expect(lambda: one.status(0) == "attached", "the request is answered",
                lambda: one.status(0))
    ctl(host, "attach", "web1", "log")
    host.expect(lambda: one.status(1) == "attached", "the other's too", lambda: one.status(1))
    equal(host.client.get("/mydevice/7/withheld"), None, "what is noted")
    # or the guest is another one
    ctl(host, "detach", "7", "log")
    check(host.client.get("/mydevice/7/withheld/mydevice@log"), "it is not noted")
    equal(host.client.perms("/mydevice/7/withheld"), "n0", "the note's permissions")
    host.destroy(one)
    host.expect(lambda: not one.traces(), "nothing is left", one.traces)
    again = host.guest(7, "web1")
    host.expect(lambda: again.states(GIFT) == ("1", "1"), "the next guest is given it")


@case
def manage_note_of_a_guest_that_went_unnoticed(host):
    host.attachd.set_policy("[Device log]\nAlways=yes\n")
    host.attachd.start()
    one, other = host.guest(7, "web1"), host.guest(8, "web2")
    for guest in (one, other):
        host.expect(lambda: guest.states(GIFT) == ("1", "1"), "it is given")
        ctl(host, "detach", guest.name, "log")
    host.attachd.kill()
    host.destroy(one)
    host.destroy(other)
    again = host.guest(7, "web1", "00000000-0000-4000-8000-00000000000b")
    host.attachd.start()
    host.expect(lambda: again.states(GIFT) == ("1", "1"), "the new domain 7 is given it")
    equal(host.client.get("/mydevice/7/withheld"), None, "the note about the old one")
    host.expect(lambda: not host.client.tree("/mydevice/8"), "the note about nobody goes")


@case
def manage_detach_by_force(host):
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=60\n")
    host.attachd.start()
    one = host.guest(7, "web1")
    front, back = host.connected(one, 0)
    front.ignores = back.ignores = "56"
    status, _, err = host.attachd.ctl("detach", "web1", "demo", "--timeout=1")
    check(status == 5 and "still there" in err, f"a driver that does not close: {status} {err}")
    began = time.monotonic()
    ctl(host, "detach", "web1", "0", "--force")
    check(time.monotonic() - began < 5, "it took its time")
    equal(one.states(0), (None, None), "the device")


@case
def manage_who_may(host):
    """Root may; who is not has to convince polkit; everybody may look."""
    if os.getuid():
        raise Skip("needs root, to be somebody else")
    # the programs have to be in reach of others
    binary = host.attachd.binary("mydevicectl")
    if not reachable(binary):
        raise Skip(f"{binary} is out of reach for others")
    os.chmod(host.dir, 0o711)
    host.attachd.start()
    host.guest(7, "web1")
    host.expect(lambda: host.attachd.ctl("attach", "web1", "log")[0] == 0, "root may")
    status, _, err = host.attachd.ctl("attach", "web1", "x", user=65534)
    check(status == 6 and "polkit does not answer" in err, f"without polkit: {status} {err}")
    polkit = host.attachd.start_polkit("no", "yes", "no", "yes", "no", "yes", "silence")
    for order, expected in (("attach", 6), ("attach", 0), ("set", 6), ("set", 0), ("detach", 6),
                            ("detach", 0)):
        more = ["paused=yes"] if order == "set" else []
        status, out, err = host.attachd.ctl(order, "web1", "x", *more, user=65534)
        check(status == expected, f"{order}: {status} {out} {err}")
        question = polkit.popen.stdout.readline().decode().split()
        equal(question[:3], ["system-bus-name", "org.mydevice.attach1.manage-devices", "1"],
              "what polkit is asked")
    for look in (("list",), ("status",), ("status", "web1"), ("policy", "web1")):
        equal(host.attachd.ctl(*look, user=65534)[0], 0, f"{look} by anybody")
    check("user 65534" in host.attachd.log_text(), "the log does not say who it was")
    # one who waits for polkit keeps nobody else waiting, and may go
    waiting = host.attachd.ctl_begin("list")
    lost = subprocess.Popen(["setpriv", "--reuid=65534", "--clear-groups", binary, "attach",
                             "web1", "y"], env={**os.environ, **host.attachd.env()})
    polkit.popen.stdout.readline()
    ctl(host, "attach", "web1", "z")
    lost.kill()
    lost.wait()
    waiting.popen.wait(10)
    polkit.kill()
    host.attachd.bus.kill()


@case
def manage_polkit_learns_what_it_is_about(host):
    """Of the guest and the channel by name, however the caller has addressed them."""
    if os.getuid():
        raise Skip("needs root, to be somebody else")
    if not reachable(host.attachd.binary("mydevicectl")):
        raise Skip("mydevicectl is out of reach for others")
    os.chmod(host.dir, 0o711)
    host.attachd.set_policy("[Class alice]\nDevID=3\nHandshake=no\n")
    host.attachd.start()
    one = host.guest(7, "web1")
    uuid = one.uuid
    polkit = host.attachd.start_polkit("yes")

    def details(*arguments, expected=0):
        status, out, err = host.attachd.ctl(*arguments, user=65534)
        equal(status, expected, f"{arguments}: {out} {err}")
        return dict(word.split("=") for word in
                    polkit.popen.stdout.readline().decode().split()[4:])

    told = {"operation": "attach", "guest": "web1", "domid": "7", "uuid": uuid,
            "class": "mydevice", "name": "log"}
    equal(details("attach", "web1", "log"), told, "by name")
    host.connected(one, 0, "other")
    changed = {**told, "operation": "set", "name": "other"}
    equal(details("set", "7", "0", "paused=yes"), {**changed, "settings": "paused", "paused": "1"},
          "by ids")
    equal(details("set", "7", "0", "direction=both", "rate-bytes=1K", "paused="),
          {**changed, "settings": "rate-bytes,paused,direction", "rate-bytes": "1024",
           "paused": "0", "direction": "both"}, "several settings")
    removed = {**told, "operation": "detach", "force": "no"}
    equal(details("detach", uuid, "log"), removed, "by UUID")
    equal(details("attach", "web1", "bulk", "--mode=packet", "--ring-size=8K"),
          {**told, "name": "bulk", "mode": "packet", "ring-size": "8192"}, "with wishes")
    equal(details("detach", "web1", "bulk", "--force"),
          {**removed, "name": "bulk", "force": "yes"}, "by force")
    equal(details("detach", "7", "3", "--class=alice"),
          {**removed, "class": "alice", "name": "alice"}, "of another class")
    # what is about nothing that is there is no question
    for arguments, status in ((("attach", "db", "log"), 4), (("detach", "web1", "nothing"), 4),
                              (("attach", "web1", "0"), 2)):
        equal(host.attachd.ctl(*arguments, user=65534)[0], status, f"{arguments}")


# A user whom every Debian has, and the name of its group.
GAMES = 5


@case
def manage_rule_of_polkit(host):
    """The real polkit with the example rule: the channel log of guests web* for a group."""
    if os.getuid():
        raise Skip("needs root, to be somebody else")
    if not reachable(host.attachd.binary("mydevicectl")):
        raise Skip("mydevicectl is out of reach for others")
    os.chmod(host.dir, 0o711)
    host.attachd.start()
    for domid, name in ((7, "web1"), (8, "db")):
        host.guest(domid, name)
    with open("systemd/examples/host/50-mydevice-log.rules", encoding="utf-8") as file:
        rule = file.read().replace('"logs"', '"games"')
    if not host.attachd.start_polkitd(rule):
        raise Skip("polkitd is not installed, or mounts are not allowed here")

    def status(*arguments, user=GAMES):
        return host.attachd.ctl(*arguments, user=user)[0]

    equal(status("attach", "web1", "log", user=65534), 6, "somebody else")
    equal(status("attach", "web1", "log"), 0, "the channel of the rule")
    equal(status("attach", "web1", "other"), 6, "another channel")
    equal(status("attach", "db", "log"), 6, "another guest")
    equal(status("attach", "8", "log"), 6, "another guest by its domid")
    equal(status("set", "web1", "log", "paused=yes"), 0, "the setting of the rule")
    equal(status("set", "web1", "log", "direction=both"), 6, "another setting")
    equal(status("set", "web1", "log", "paused=no", "direction=both"), 6, "a setting more")
    ctl(host, "attach", "web1", "other")
    ids = {entry["name"]: str(entry["devid"]) for entry in host.attachd.list()}
    equal(status("detach", "7", ids["other"]), 6, "another channel by its id")
    equal(status("detach", "web1", "log", "--force"), 6, "by force")
    equal(status("detach", "7", ids["log"]), 0, "by ids")


@case
def manage_one_user_does_not_block_others(host):
    """Requests that polkit does not answer count for their user, until the caller has gone."""
    if os.getuid():
        raise Skip("needs root, to be somebody else")
    binary = host.attachd.binary("mydevicectl")
    if not reachable(binary):
        raise Skip(f"{binary} is out of reach for others")
    os.chmod(host.dir, 0o711)
    host.attachd.start()
    host.guest(7, "web1")
    polkit = host.attachd.start_polkit(*["silence"] * 8, "yes")
    waiting = []
    try:
        for number in range(8):
            waiting.append(subprocess.Popen(
                ["setpriv", "--reuid=65534", "--clear-groups", binary, "attach", "web1",
                 f"y{number}"], env={**os.environ, **host.attachd.env()}))
            polkit.popen.stdout.readline()
        status, _, err = host.attachd.ctl("attach", "web1", "x", user=65534)
        check(status == 13 and "8 of a user" in err, f"one more of that user: {status} {err}")
        status, _, err = host.attachd.ctl("attach", "web1", "x", user=1)
        equal((status, err), (0, ""), "another user")
    finally:
        for one in waiting:
            one.kill()
            one.wait()
    polkit.popen.stdout.readline()
    for _ in waiting:
        equal(polkit.popen.stdout.readline(), b"cancel\n", "what polkit receives")
    equal(host.attachd.ctl("attach", "web1", "z", user=65534)[0], 0, "when its callers have gone")
    equal({entry["name"] for entry in host.attachd.list()}, {"x", "z"}, "what is attached")


@case
def manage_set(host):
    """Nodes of the backend's directory, which the guest reads and does not write."""
    host.attachd.set_policy("[Device demo]\nRateBytes=1M\nNodeGroup=adm\n")
    host.attachd.start()
    one = host.guest(7, "web1")
    host.connected(one, 0)

    def told():
        return json.loads(ctl(host, "status", "web1", "demo", "--json"))[0]["settings"]

    equal(told(), {"rate-bytes": 1 << 20, "node-group": "adm"}, "what it begins with")
    ctl(host, "set", "web1", "demo", "rate-bytes=64K", "paused=yes", "node-mode=0640")
    for node, value in (("rate-bytes", "65536"), ("paused", "1"), ("node-mode", "0640"),
                        ("node-group", "adm")):
        equal(host.client.get(one.backend(0, node)), value, node)
    equal(one.states(0), ("4", "4"), "it stays connected")
    check("Settings: rate-bytes=65536 paused=1" in ctl(host, "status", "web1", "demo"), "status")
    for arguments, expected, text in (
            (("web1", "demo", "speed=1"), 2, "expected one of rate-bytes, "),
            (("web1", "demo", "rate-bytes=fast"), 2, "expected bytes a second"),
            (("web1", "demo", "paused=no", "rate-messages=-1"), 2, "expected messages a second"),
            (("web1", "demo", "node-user=\x1b[1m"), 2, "the name or number of a user"),
            (("web1", "demo", "paused"), 2, "expected KEY=VALUE"),
            (("web1", "demo", "=x"), 2, "cannot be set"), (("web1", "demo"), 2, "too few"),
            (("web1", "log", "paused=yes"), 4, "no channel"),
            (("db", "demo", "paused=yes"), 4, "no guest"),
            (("web1", "demo", "paused=yes", "--force"), 2, "does not go with")):
        status, out, err = host.attachd.ctl("set", *arguments)
        check(status == expected and text in err and not out and "\x1b" not in err,
              f"set {arguments}: {status} {err}")
    equal(told(), {"rate-bytes": 65536, "paused": 1, "node-group": "adm", "node-mode": "0640"},
          "after all that was refused")
    host.attachd.kill()
    host.attachd.start()
    host.expect(lambda: told()["rate-bytes"] == 65536, "it is known after a restart", told)
    ctl(host, "set", "web1", "0", "rate-bytes=0", "paused=", "node-mode=", "node-group=")
    equal(told(), {}, "taken back")
    for node in ("rate-bytes", "paused", "node-mode", "node-group"):
        equal(host.client.get(one.backend(0, node)), None, node)


@case
def manage_direction(host):
    """A driver that cannot enforce it refuses the mode, or attachd refuses the change."""
    host.attachd.set_policy("[Device log]\nDirection=to-host\n")
    host.attachd.start()
    one = host.guest(7, "web1")
    host.connected(one, 0, "log")
    host.connected(one, 1, "demo")

    def nodes(devid):
        return [host.client.get(one.backend(devid, node)) for node in ("direction", "mode")]

    equal(nodes(0), ["to-host", "one-way stream"], "by the policy")
    equal(nodes(1), [None, "stream"], "without a direction")
    equal(host.client.get(one.frontend(0, "mode")), "stream", "what the guest believes")
    equal(json.loads(ctl(host, "status", "web1", "log", "--json"))[0]["settings"],
          {"direction": "to-host"}, "JSON")
    ctl(host, "set", "web1", "demo", "direction=to-guest")
    equal(nodes(1), ["to-guest", "one-way stream"], "set")
    host.attachd.kill()
    host.attachd.start()
    host.expect(lambda: "Settings: direction=to-guest" in ctl(host, "status", "web1", "demo"),
                "it is known after a restart")
    ctl(host, "set", "web1", "demo", "direction=both")
    equal(nodes(1), [None, "stream"], "taken back")
    host.client.remove(one.backend(1, "feature-direction"))
    status, out, err = host.attachd.ctl("set", "web1", "demo", "direction=to-guest")
    check(status == 15 and not out and "cannot enforce a direction" in err and
          "mydevice-reload" in err, f"a driver without it: {status} {err}")
    equal(nodes(1), [None, "stream"], "after that")
    # what is left of a driver that was unbound
    host.client.write(one.backend(1, "state"), drivers.CLOSED)
    host.expect(lambda: host.attachd.list()[1]["backend_state"] == "Closed", "it is listed so")
    status, out, err = host.attachd.ctl("set", "web1", "demo", "direction=to-guest")
    check(status == 16 and not out and "no driver serves it" in err and "was unbound" in err,
          f"no driver: {status} {err}")
    equal(nodes(1), [None, "stream"], "after that, too")


def reachable(path):
    while path != "/":
        if not os.stat(path).st_mode & stat.S_IXOTH:
            return False
        path = os.path.dirname(path)
    return True


@case
def manage_each_failure_has_its_own_status(host):
    """None of them is taken for a lack of permission."""
    host.attachd.set_policy("[Device net*]\nBackend=netdom\n[Defaults]\nDetachTimeoutSec=60\n")
    host.attachd.start()
    one = host.guest(7, "web1")
    dom = host.guest(9, "netdom")
    front, back = host.connected(one, 0)

    def fails(expected, text, *arguments):
        status, _, err = host.attachd.ctl(*arguments)
        check(status == expected and text in err, f"{arguments}: {status} {err}")

    fails(8, "has it already", "attach", "web1", "demo")
    fails(4, "no channel", "detach", "web1", "none")
    fails(4, "no guest", "detach", "db", "none")
    # a channel whose domain is gone
    ctl(host, "attach", "web1", "net")
    host.destroy(dom)
    host.expect(lambda: [entry for entry in host.attachd.list() if entry["phase"] == "stranded"],
                "it is stranded", host.attachd.list)
    fails(11, "no backend domain", "set", "web1", "net", "paused=yes")
    ctl(host, "detach", "web1", "net")
    fails(11, "not running", "attach", "web1", "net2")
    # one that goes
    front.ignores = back.ignores = "56"
    equal(host.attachd.ctl("detach", "web1", "demo", "--timeout=0")[0], 5, "it takes its time")
    fails(9, "try again", "attach", "web1", "demo")
    fails(9, "detached", "set", "web1", "demo", "paused=yes")
    host.machine.stop_store()
    host.forget_connections()
    host.expect(lambda: host.attachd.ctl("attach", "web1", "x")[0] == 10, "no XenStore")


@case
def manage_policy(host):
    host.attachd.set_policy("[Defaults]\nMaxChannels=3\n[Guest web*]\nRingSize=4K\n"
                            "[Device log]\nAlways=yes\nNodeGroup=adm\n"
                            "[Class alice_dev]\nBackendNode=a b=c\nBackendNode=d e\n")
    host.attachd.start()
    host.guest(7, "web1")
    text = ctl(host, "policy", "web1", "log")
    check({"Allow=yes", "Always=yes", "MaxChannels=3", "RingSize=4096", "NodeGroup=adm",
           "Mode=stream packet", "DetachTimeoutSec=5"} <= set(text.splitlines()), text)
    equal(json.loads(ctl(host, "policy", "db", "--json"))["RingSize"], "262144",
          "a guest that does not run")
    found = json.loads(ctl(host, "policy", "web1", "--class=alice_dev", "--json"))
    equal(found["BackendNode"], ["a b=c", "d e"], "the nodes of a class")
    check("Channels" not in found, f"of a class: {found}")


def bus_call(host, *arguments):
    done = subprocess.run(["busctl", "--json=short", *arguments], check=True, capture_output=True,
                          env={**os.environ, **host.attachd.env()}, timeout=60)
    return json.loads(done.stdout) if done.stdout.strip() else None


NAME, ROOT = "org.mydevice.Attach1", "/org/mydevice/Attach1"


def names_on_the_bus(host):
    return bus_call(host, "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                    "org.freedesktop.DBus", "ListNames")["data"][0]


@case
def manage_objects_on_the_bus(host):
    host.attachd.start()
    one = host.guest(7, "web1")
    host.connected(one, 3)
    objects = bus_call(host, "call", NAME, ROOT, "org.freedesktop.DBus.ObjectManager",
                       "GetManagedObjects")["data"][0]
    paths = [path for path, interfaces in objects.items() if f"{NAME}.Device" in interfaces]
    equal(len(paths), 1, f"devices among {list(objects)}")
    path = paths[0]
    host.expect(lambda: bus_call(host, "get-property", NAME, path, f"{NAME}.Device",
                                 "Phase")["data"] == "connected", "the phase")
    shown = objects[path][f"{NAME}.Device"]
    equal({key: shown[key]["data"] for key in ("Guest", "Name", "DevID", "DomID", "Class",
                                               "Origin", "Node")},
          {"Guest": "web1", "Name": "demo", "DevID": 3, "DomID": 7, "Class": "mydevice",
           "Origin": "request", "Node": "/dev/mydevice-back/web1/demo"}, "its properties")
    tree = subprocess.run(["busctl", "introspect", NAME, path], check=True, capture_output=True,
                          env={**os.environ, **host.attachd.env()}).stdout.decode()
    check("FrontendState" in tree and "emits-change" in tree, f"introspection says: {tree}")
    equal(subprocess.run(["busctl", "get-property", NAME, f"{ROOT}/device/x", f"{NAME}.Device",
                          "Phase"], env={**os.environ, **host.attachd.env()},
                         capture_output=True, check=False).returncode, 1, "no such object")


def lines_of(one):
    """A growing list of what it writes."""
    lines = []

    def read():
        for line in one.popen.stdout:
            lines.append(line.decode("utf-8", "replace").rstrip("\n"))

    threading.Thread(target=read, daemon=True).start()
    return lines


@case
def manage_monitor(host):
    host.attachd.start()
    one, other = host.guest(7, "web1"), host.guest(8, "web2")
    host.connected(one, 0)
    events = lines_of(host.attachd.ctl_begin("monitor", "--json"))
    text = lines_of(host.attachd.ctl_begin("monitor", "web1"))
    host.expect(lambda: events and text, "what is there is told first", lambda: (events, text))
    other.request(0, "log\x1b")
    other.request(1, "log")
    host.expect(lambda: other.attached(1), "another device comes")
    # who asks late is told what has come of it by then
    host.expect(lambda: any(json.loads(line)["guest"] == "web2" for line in events),
                "that is told, too", lambda: events)
    front, back = drivers.Frontend(other, 1), drivers.Backend(other, 1)
    host.expect(lambda: other.states(1) == ("4", "4"), "it connects")
    front.ignores = back.ignores = ""
    host.expect(lambda: any(json.loads(line)["phase"] == "connected" and
                            json.loads(line)["guest"] == "web2" for line in events),
                "that is told", lambda: events)
    other.withdraw(1)
    host.expect(lambda: any(json.loads(line)["event"] == "detached" for line in events),
                "the end is told", lambda: events)
    told = [json.loads(line) for line in events]
    equal((told[0]["event"], told[0]["guest"]), ("present", "web1"), "the first")
    mine = [entry for entry in told if entry["guest"] == "web2"]
    equal((mine[0]["event"], mine[0]["phase"]), ("attached", "waiting"), "the first of the other")
    equal({entry["event"] for entry in mine[1:-1]}, {"changed"}, "what is between")
    equal(mine[-1]["event"], "detached", "the last of it")
    check(all(entry["time_usec"] > 10**15 for entry in told), "the times")
    check(all("web1/demo" in line for line in text), f"the text is of others too: {text}")
    # over a restart of the daemon
    before = len(events)
    host.attachd.stop()
    host.attachd.start()
    host.expect(lambda: any(json.loads(line)["guest"] == "web1" for line in events[before:]),
                "it is told again", lambda: events[before:])


@case
def manage_wait(host):
    """For xl create -p: the guest need not be there yet."""
    host.attachd.start()
    attached = host.attachd.ctl_begin("wait", "web1", "demo", "--for=attached")
    connected = host.attachd.ctl_begin("wait", "web1", "demo")
    status, _, err = host.attachd.ctl("wait", "web1", "demo", "--timeout=1")
    check(status == 5 and "not connected" in err, f"a wait in vain: {status} {err}")
    one = host.guest(7, "web1")
    one.request(0, "demo")
    host.expect(lambda: not attached.alive(), "it is attached")
    equal(attached.popen.returncode, 0, "the status")
    check(connected.alive(), "it is not connected yet")
    host.join(one, 0)
    host.expect(lambda: not connected.alive(), "it is connected")
    equal(connected.popen.returncode, 0, "the status")
    before = len(names_on_the_bus(host))
    gone = host.attachd.ctl_begin("wait", "7", "0", "--for=gone")
    host.expect(lambda: len(names_on_the_bus(host)) > before, "it asks")
    host.settle(0.5)
    # who begins anew knows nothing at first
    host.attachd.kill()
    host.attachd.start()
    host.settle(0.3)
    check(gone.alive(), "it is not gone yet")
    one.withdraw(0)
    host.expect(lambda: not gone.alive(), "it is gone")
    equal((gone.popen.returncode, one.states(0)), (0, (None, None)), "the status")
    ctl(host, "wait", "web1", "demo", "--for=gone")
    equal(host.attachd.ctl("wait", "web1", "demo", "--for=ever")[0], 2, "what cannot be waited for")


@case(stores=("c",))
def manage_connect_is_a_pipe(host):
    """Any file that is read and written will do for a channel."""
    one, other = socket.socketpair()
    path = f"/proc/{os.getpid()}/fd"
    check(os.path.isdir(path), "no /proc")
    equal(host.attachd.ctl("connect", "/nowhere")[0], 1, "no such node")
    equal(host.attachd.ctl("connect", "web1")[0], 2, "a guest without a name")
    one.close()
    other.close()
    # a terminal for a channel: what comes from the other end, then its hang-up
    master, slave = pty.openpty()
    os.set_blocking(master, False)
    subprocess.run(["stty", "raw", "-echo"], stdin=slave, check=True)
    begun = host.attachd.ctl_begin("connect", os.ttyname(slave), stdin=subprocess.PIPE)
    payload = bytes(range(256)) * 40
    begun.popen.stdin.write(payload)
    begun.popen.stdin.flush()
    found = bytearray()

    def received():
        try:
            found.extend(os.read(master, 65536))
        except BlockingIOError:
            pass
        return len(found) >= len(payload)

    host.expect(received, "what was typed arrives", lambda: len(found))
    equal(bytes(found), payload, "what arrives, the escape included")
    os.write(master, b"answer\x1d\x00")
    equal(begun.popen.stdout.read(8), b"answer\x1d\x00", "what comes out")
    begun.popen.stdin.close()
    host.settle(0.2)
    check(begun.alive(), "it did not wait for the other end")
    os.close(slave)
    os.close(master)
    begun.popen.wait(10)


@case(stores=("c",))
def manage_connect_is_a_terminal(host):
    """Raw, with an escape, and as it was when it is left."""
    channel, far = pty.openpty()
    subprocess.run(["stty", "raw", "-echo"], stdin=far, check=True)
    ours, theirs = pty.openpty()
    before = subprocess.run(["stty", "-g"], stdin=theirs, capture_output=True, check=True).stdout
    begun = subprocess.Popen([host.attachd.binary("mydevicectl"), "connect", os.ttyname(far)],
                             stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    try:
        banner = os.read(ours, 200)
        check(b"Ctrl-]" in banner, f"what it says: {banner}")
        host.expect(lambda: subprocess.run(["stty", "-g"], stdin=theirs, capture_output=True,
                                           check=True).stdout != before, "it is raw")
        os.write(ours, b"\x03\x1a")
        equal(os.read(channel, 2), b"\x03\x1a", "what the channel gets")
        os.write(channel, b"hello")
        equal(os.read(ours, 5), b"hello", "what the terminal shows")
        os.write(ours, b"end\x1dlost")
        equal(begun.wait(10), 0, "its status")
        equal(os.read(channel, 9), b"end", "what the channel got before the escape")
        equal(subprocess.run(["stty", "-g"], stdin=theirs, capture_output=True,
                             check=True).stdout, before, "the terminal, after it")
    finally:
        begun.send_signal(signal.SIGKILL)
        begun.wait()
        for descriptor in (channel, far, ours, theirs):
            os.close(descriptor)
