# SPDX-License-Identifier: GPL-2.0-or-later
"""Notes of an earlier release, from a store that it wrote: tests/store/written/."""

import ast
import os
import re
import signal

from harness import proxy, wire
from harness.runner import case, note
from harness.world import check, equal

POLICY = "[Defaults]\nDetachTimeoutSec=1\nMaxChannels=100\nRateLimitBurst=1000\n" \
    "[Class alice_dev]\nHandshake=no\nDevID=2\nAlways=yes\nGuest=web1\n"
WRITTEN = os.path.join(os.path.dirname(__file__), "../written/c6523d0")
GIFT = 4095
MANY = [f"n{i:02d}" + "x" * 60 for i in range(20)]
NEW = re.compile(r"[a-z_]+@[^/]+$")


def written():
    """{path: (value, permissions)}"""
    nodes = {}
    with open(WRITTEN, encoding="utf-8") as stream:
        for line in stream:
            if not line.startswith("#"):
                path, rest = line.rstrip("\n").split(" = ", 1)
                value, perms = rest.rsplit(" ", 1)
                nodes[path] = (ast.literal_eval(value), perms.strip("()"))
    return nodes


def load(host):
    """The guests as they were, but "away", which is. What is not of the notes is returned."""
    one, two = host.guest(7, "web1"), host.guest(8, "web2")
    nodes = written()
    for path, (value, perms) in nodes.items():
        host.client.make(path, perms, value)
    host.attachd.set_policy(POLICY)
    return one, two, {path: node for path, node in nodes.items()
                      if not path.startswith("/mydevice")}


def ends(host):
    """Both directories of each device, as written() has them."""
    nodes = {}
    for path in ("/local/domain/7/device", "/local/domain/8/device", "/local/domain/7/data",
                 "/local/domain/8/data", "/local/domain/0/backend"):
        nodes.update(host.client.tree(path))
    return nodes


def equal_ends(host, before, what):
    found = ends(host)
    equal({path: found.get(path) for path in before}, before, what)


def notes(host):
    """By their paths below /mydevice, without directories."""
    nodes = host.client.tree("/mydevice")
    return {path[len("/mydevice/"):]: value for path, (value, _) in nodes.items()
            if value and path != "/mydevice"}


def converted(one, two):
    """Which notes there are then, each by the uuid in it."""
    away = "2e3b3468-db9b-5c00-80cf-57d90f2d9f26"
    return {f"7/{key}": one.uuid for key in ("mydevice@demo", "mydevice@a@b", "alice_dev@alice_dev",
                                             "withheld/mydevice@gone")} | \
        {"8/mydevice@log": two.uuid} | \
        {f"8/withheld/mydevice@{name}": two.uuid for name in MANY} | \
        {f"kept/{one.uuid}/mydevice@a@b": one.uuid} | \
        {f"kept/{away}/mydevice@{key}": away for key in ("log", "d@e")}


def is_converted(host, one, two):
    found = notes(host)
    return {path: (re.match(r"v2 uuid=(\S+)", value) or [None, value])[1]
            for path, value in found.items()} == converted(one, two)


def denied(host, one, devid, name):
    one.request(devid, name)
    host.expect(lambda: "operator has detached" in (one.status(devid) or ""),
                f"{name} stays away", lambda: one.status(devid))
    one.withdraw(devid)


@case
def migrate_a_store_of_an_earlier_release(host):
    one, two, before = load(host)
    old = notes(host)
    host.attachd.start()
    host.expect(lambda: is_converted(host, one, two), "the notes have the new format",
                lambda: notes(host))
    for path, (_, perms) in host.client.tree("/mydevice").items():
        equal(perms, "n0", path)
    # every device is the one that it was, with what its drivers had negotiated
    equal({(entry["domid"], entry["class"], entry["name"], entry["devid"], entry["phase"])
           for entry in host.attachd.list()},
          {(7, "mydevice", "demo", 0, "connected"), (7, "mydevice", "a.b", GIFT, "connected"),
           (7, "alice_dev", "alice_dev", 2, "connected"), (8, "mydevice", "log", 3, "connected")},
          "the devices")
    host.settle(0.5)
    equal_ends(host, before, "the nodes of all devices, with their grants")
    for path, key in (("7/mydevice-0", "7/mydevice@demo"), ("8/mydevice-3", "8/mydevice@log"),
                      ("7/mydevice-4095", "7/mydevice@a@b")):
        words = [word for word in old[path].split()[1:] if not word.startswith("name=")]
        equal(set(notes(host)[key].split()[1:]) - {f"devid={path.split('-')[1]}"}, set(words),
              f"what the note {key} says")
    # what was withheld is, and what was kept comes back, by its id and with its settings
    denied(host, one, 1, "gone")
    for devid in (5, 18):
        denied(host, two, devid, MANY[devid])
    away = host.guest(10, "away", "2e3b3468-db9b-5c00-80cf-57d90f2d9f26")
    host.expect(lambda: {entry["name"] for entry in host.attachd.list()
                         if entry["domid"] == 10} == {"log", "d.e"}, "it has both again",
                host.attachd.list)
    equal(host.client.get(away.backend(GIFT, "name")), "log", "by its id")
    equal(host.client.get(away.backend(GIFT, "mode")), "packet", "with its mode")
    # and the devices end as others do
    one.withdraw(0)
    equal(host.attachd.ctl("detach", "web1", "a.b", "--force")[0], 0, "detach")
    host.expect(lambda: set(one.traces()) >= {"/mydevice/7/withheld/mydevice@a@b"} and
                not host.client.tree(one.frontend(0)) and not host.client.tree(one.backend(0)),
                "both go", one.traces)
    host.destroy(one)
    host.expect(lambda: not one.traces(), "nothing is left", one.traces)


@case
def migrate_what_is_left_of_guests_that_are_gone(host):
    one, two, _ = load(host)
    host.destroy(one)
    host.toolstack.destroy(two.domid)
    host.guest(8, "web2", "00000000-0000-4000-8000-00000000000b")
    host.attachd.start()
    host.expect(lambda: not [path for path in notes(host) if not path.startswith("kept/")],
                "all their notes go", lambda: notes(host))
    for guest in (one, two):
        for path in (guest.backend(0), guest.backend(3), guest.backend(2, of="alice_dev"),
                     guest.backend(GIFT)):
            equal(host.client.tree(path), {}, path)
    equal(len(notes(host)), 3, "what is kept")


@case(build="plain")
def migrate_killed_at_every_step(host):
    """Whatever was done until then, the next start has all of it."""
    between = proxy.Proxy(host.machine.socket, os.path.join(host.dir, "proxy"))
    host.attachd.store_path = between.path
    one, two, before = load(host)
    old = host.client.tree("/mydevice")
    step, reached = 0, True
    while reached:
        step += 1
        # nearly all are within a transaction, and come to the same
        step += 6 if step > 40 else 0
        host.client.remove("/mydevice")
        for path, (value, perms) in old.items():
            host.client.make(path, perms, value)
        hit = []

        def act(kind):
            os.kill(host.attachd.process.pid, signal.SIGKILL)
            hit.append(kind)
            return False

        between.arm(step, act)
        host.attachd.start(ready=False)
        host.expect(lambda: hit or is_converted(host, one, two) and host.attachd.ctl("list")[0] == 0,
                    f"it gets to step {step} or to the end")
        between.arm(0, lambda kind: False)
        reached = bool(hit)
        if reached:
            host.attachd.process.popen.wait()
            # of each directory, all notes are old or all are new
            for where in ("7", "8", f"kept/{one.uuid}"):
                found = [path for path in notes(host) if path.startswith(f"{where}/")]
                new = [path for path in found if notes(host)[path].startswith("v2 ")]
                check(len(new) in (0, len(found)), f"killed at step {step}: {found}")
            host.attachd.start()
            host.expect(lambda: is_converted(host, one, two), f"after step {step}",
                        lambda: notes(host))
        equal_ends(host, before, f"the devices after step {step}")
        host.attachd.stop()
    check(step > 60, f"only {step} steps")
    note(f"{host.kind}: killed at every step of a start that converts notes, {step} of them")
    between.close()


@case
def migrate_refused_by_the_store(host):
    """The notes stay as they were; other guests are served, and it is tried again."""
    between = proxy.Proxy(host.machine.socket, os.path.join(host.dir, "proxy"))
    host.attachd.store_path = between.path
    one, two, before = load(host)
    old = notes(host)

    def meddle(kind, payload):
        path = payload.split(b"\0")[0]
        refused = path.startswith((b"/mydevice/7/", b"/mydevice/kept/"))
        return "ENOSPC" if kind == wire.WRITE and refused else None

    between.meddle = meddle
    host.attachd.start()
    host.expect(lambda: [(entry["domid"], entry["name"]) for entry in host.attachd.list()]
                == [(8, "log")], "another guest is served", host.attachd.list)
    equal({path: value for path, value in notes(host).items() if not path.startswith("8/")},
          {path: value for path, value in old.items() if not path.startswith("8/")},
          "the notes that are refused")
    check("cannot convert what is kept of guest" in host.attachd.log_text(), "the log is silent")
    between.meddle = lambda kind, payload: None
    host.expect(lambda: len(host.attachd.list()) == 4, "the other one is served as well",
                host.attachd.list, within=20)
    host.attachd.stop()
    host.attachd.start()
    host.expect(lambda: is_converted(host, one, two), "what is kept is converted at the next start",
                lambda: notes(host))
    equal_ends(host, before, "the nodes of all devices")
    host.attachd.stop()
    between.close()


@case
def migrate_after_an_earlier_release_ran_again(host):
    """It knew none of the new notes: what it wrote holds."""
    one, two, before = load(host)
    host.client.make("/mydevice/7/mydevice@outdated", "n0", f"v2 uuid={one.uuid} devid=0"
                     " origin=request backend=0 mode=stream ring-size=4096 hotplug=0 moved=0"
                     " requested=1 written=1 connected=1")
    # of one name only the latest note holds; what cannot be read is no device
    host.client.make("/mydevice/7/mydevice-9", "n0", f"v1 uuid={one.uuid} name=demo requested=1")
    host.client.make("/mydevice/7/mydevice-8", "n0", "junk")
    host.client.make("/mydevice/8/withheld/mydevice@other", "n0", f"v2 uuid={two.uuid}")
    host.attachd.start()
    host.client.remove("/mydevice/8/withheld/mydevice@other")
    host.expect(lambda: is_converted(host, one, two), "its notes hold", lambda: notes(host))
    equal_ends(host, before, "the nodes of all devices")


@case
def migrate_leaves_notes_of_a_later_release_alone(host):
    one = host.guest(7, "web1")
    later = {path: f"v3 uuid={one.uuid} colour=blue" for path in (
        "/mydevice/7/mydevice@log", "/mydevice/7/withheld/mydevice@gone",
        f"/mydevice/kept/{one.uuid}/mydevice@a@b")}
    for path, value in later.items():
        host.client.make(path, "n0", value)
    host.client.set_perms("/mydevice", "n0")
    host.attachd.set_policy(POLICY)
    host.attachd.start()
    host.connected(one, 0)
    for command in ("attach", "detach"):
        equal(host.attachd.ctl(command, "web1", "other", *["--force"][:command == "detach"])[0], 0,
              command)
    one.withdraw(0)
    host.expect(lambda: one.states(0) == (None, None), "a device comes and goes")
    host.attachd.kill()
    host.attachd.start()
    for path, value in later.items():
        equal(host.client.get(path), value, path)
        check(f"a later release wrote the note {path}" in host.attachd.log_text(),
              f"the log does not name {path}")
