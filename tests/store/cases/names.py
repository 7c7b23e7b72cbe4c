# SPDX-License-Identifier: GPL-2.0-or-later
"""How a guest is addressed: by name, domid or UUID, in each command alike."""

import json
import time

from harness.runner import case
from harness.world import check, equal

from .manage import names_on_the_bus

GIFT = 4095
SAME = "00000000-0000-4000-8000-0000000000%02d"
AMBIGUOUS, USAGE, NOT_FOUND, TIMED_OUT = 7, 2, 4, 5

# Each command that takes a guest, for a channel "demo" that is attached and waits.
COMMANDS = (("list",), ("status",), ("status", "demo"), ("set", "demo", "paused=no"),
            ("attach", "demo"), ("policy",), ("connect", "demo"),
            ("wait", "demo", "--for=attached"), ("monitor", "--timeout=0"), ("detach", "nothing"))
# What each says for a guest that runs: connect finds no such node here
EXPECTED = {"connect": 1, "attach": 8, "detach": NOT_FOUND}


def run(host, command, guest):
    verb, *rest = command
    return host.attachd.ctl(verb, guest, *rest)


@case
def names_have_the_same_rules_in_each_command(host):
    host.attachd.start()
    # what is written is in latin-1
    utf8 = host.guest(9, "caf\xc3\xa9")
    host.guest(10, "9", SAME % 10)
    host.guest(11, "twin", SAME % 11)
    host.guest(12, "twin", SAME % 12)
    for guest in ("9", SAME % 10, SAME % 11, SAME % 12):
        equal(host.attachd.ctl("attach", guest, "demo")[0], 0, f"attach {guest}")
    equal(utf8.states(GIFT), ("1", "1"), "the device of domain 9, not of the guest named 9")
    for command in COMMANDS:
        expected = EXPECTED.get(command[0], 0)
        for guest in ("9", "caf\u00e9", "caf\\xc3\\xa9", utf8.uuid, utf8.uuid.upper(), "12"):
            status, out, err = run(host, command, guest)
            # the node of domain 9 has a path of numbers
            wrong = command[0] == "connect" and f"/dev/mydevice-back/{'12' if guest == '12' else 9}-" \
                not in err and "/twin/" not in err
            check(status == expected and not wrong, f"{command} {guest}: {status} {out} {err}")
        status, out, err = run(host, command, "twin")
        check(status == AMBIGUOUS and (command[0] == "monitor" or not out) and
              all(word in err for word in ("domid 11", SAME % 11, "domid 12", SAME % 12)),
              f"{command} twin: {status} {out} {err}")
        for guest in ("", "007", "99999", "0", "web--incoming", "x" * 128):
            status, out, err = run(host, command, guest)
            check(status == USAGE and not out, f"{command} {guest}: {status} {out} {err}")
    equal(json.loads(host.attachd.ctl("list", SAME % 10, "--json")[1])[0]["domid"], 10, "by UUID")
    status, _, err = host.attachd.ctl("attach", "77", "demo")
    check(status == NOT_FOUND and "domid 77" in err, f"no such domid: {err}")
    status, _, err = host.attachd.ctl("wait", "web1", "../x")
    check(status == USAGE and "no channel" in err, f"wait for no channel: {status} {err}")


@case
def names_that_are_not_utf8(host):
    host.attachd.start()
    host.guest(9, "w\xe9b")
    name = b"w\xe9b"
    equal(host.attachd.ctl("attach", name, "demo")[0], 0, "attach")
    for command in COMMANDS:
        status, out, err = run(host, command, name)
        check(status == EXPECTED.get(command[0], 0), f"{command}: {status} {out} {err}")


@case
def names_right_after_creation_and_rename(host):
    """As often as it takes to meet an order before the event."""
    host.attachd.start()
    for domid in range(20, 30):
        one = host.guest(domid, "web1")
        status, _, err = host.attachd.ctl("attach", "web1", "demo")
        equal((status, err), (0, ""), f"attach to domain {domid}, just created")
        equal(one.states(GIFT), ("1", "1"), "its device")
        host.toolstack.rename(domid, f"old{domid}")
        equal(host.attachd.ctl("detach", "web1", "demo")[0], NOT_FOUND, "after the rename")
        equal(one.states(GIFT), ("1", "1"), "its device after that")


@case
def names_and_paths_after_a_rename(host):
    host.attachd.start()
    one = host.guest(7, "web1")
    host.connected(one, 0)
    listed = host.attachd.list()[0]["node"]
    equal(listed, "/dev/mydevice-back/web1/demo", "the path")
    before = len(names_on_the_bus(host))
    gone = host.attachd.ctl_begin("wait", "web1", "demo", "--for=gone")
    host.expect(lambda: len(names_on_the_bus(host)) > before, "it asks")
    host.settle(0.5)
    host.toolstack.rename(7, "shop")
    host.expect(lambda: host.attachd.list()[0]["guest"] == "shop", "it is listed by its name")
    # the kernel's own name of the node; the link is by the name that the guest had
    equal(host.attachd.list()[0]["node"], "/dev/mydevice-back/7-0", "the path after the rename")
    check("/dev/mydevice-back/7-0" in host.attachd.ctl("connect", "shop", "demo")[2], "connect")
    equal(host.attachd.ctl("connect", "web1", "demo")[0], NOT_FOUND, "by its old name")
    two = host.guest(8, "web1")
    host.connected(two, 0)
    equal(json.loads(host.attachd.ctl("list", "web1", "--json")[1])[0]["node"],
          "/dev/mydevice-back/8-0", "of another guest while the link is the first one's")
    host.attachd.kill()
    host.attachd.start()
    equal({entry["guest"]: entry["node"] for entry in host.attachd.list()},
          {"shop": "/dev/mydevice-back/7-0", "web1": "/dev/mydevice-back/8-0"}, "after a restart")
    check(gone.alive(), "it waits")
    one.withdraw(0)
    host.expect(lambda: one.states(0) == (None, None), "it is gone", lambda: one.states(0))
    host.expect(lambda: not gone.alive(), "a wait follows the device of a renamed guest")
    equal(gone.popen.returncode, 0, "its status")


@case
def names_while_xenstored_stands_still(host):
    """Looking does not wait for xenstored for long."""
    host.attachd.start()
    host.connected(host.guest(7, "web1"), 0)
    host.machine.stop_store()
    host.forget_connections()
    began = time.monotonic()
    status, out, _ = host.attachd.ctl("list", "web1")
    check(status == 0 and "demo" in out, f"the list: {status} {out}")
    check(time.monotonic() - began < 8, "it took its time")
