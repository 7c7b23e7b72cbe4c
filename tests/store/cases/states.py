# SPDX-License-Identifier: GPL-2.0-or-later
"""The life of a device, from Initialising to the last node gone."""

import time

from harness import drivers, wire
from harness.runner import case
from harness.world import check, equal


def gone(host, one, within=10):
    host.expect(lambda: not one.traces(), "nothing is left", one.traces, within)


@case
def states_connected_is_noticed(host):
    one = host.guest(7, "web1")
    host.attachd.start()
    one.request(0, "demo")
    host.expect(lambda: one.attached(0), "the device is attached", lambda: one.status(0))
    entry, = host.attachd.list()
    equal({key: entry[key] for key in ("guest", "domid", "devid", "name", "uuid", "phase",
                                       "frontend_state", "backend_state", "node")},
          {"guest": "web1", "domid": 7, "devid": 0, "name": "demo", "uuid": one.uuid,
           "phase": "waiting", "frontend_state": "Initialising",
           "backend_state": "Initialising", "node": "/dev/mydevice-back/web1/demo"},
          "what is listed before the drivers come")
    host.join(one, 0)

    def listed():
        entry, = host.attachd.list()
        return (entry["phase"], entry["frontend_state"], entry["backend_state"])

    host.expect(lambda: listed() == ("connected", "Connected", "Connected"),
                "the list says connected", listed)
    entry, = host.attachd.list()
    check(entry["connected_after_usec"] > entry["written_after_usec"] > 0,
          f"the times: {entry}")


@case
def states_every_step_of_the_drivers_is_listed(host):
    one = host.guest(7, "web1")
    host.attachd.start()
    one.request(0, "demo")
    host.expect(lambda: one.attached(0), "the device is attached", lambda: one.status(0))
    steps = [("backend", "2", "InitWait"), ("frontend", "3", "Initialised"),
             ("backend", "4", "Connected"), ("frontend", "4", "Connected"),
             ("frontend", "5", "Closing"), ("backend", "5", "Closing"),
             ("frontend", "6", "Closed"), ("backend", "6", "Closed")]
    for end, state, name in steps:
        if end == "frontend":
            one.client.write(one.frontend(0, "state"), state)
        else:
            host.client.write(one.backend(0, "state"), state)
        host.expect(lambda: host.attachd.list()[0][f"{end}_state"] == name,
                    f"the {end} is listed as {name}", host.attachd.list)


@case
def states_detach_when_the_request_is_removed(host):
    one, other = host.guest(7, "web1"), host.guest(8, "web2")
    host.attachd.start()
    host.connected(one, 0)
    host.connected(other, 0)
    one.request(1, "log")
    host.expect(lambda: one.attached(1), "the second device is attached", lambda: one.status(1))
    changes = host.record_events(one.backend(0))
    one.withdraw(0)
    host.expect(lambda: one.states(0) == (None, None), "both directories go",
                lambda: one.states(0))
    check(one.backend(0, "online") in changes, f"it was never told to go: {changes}")
    check(one.attached(1), "its other device went too")
    one.withdraw(1)
    gone(host, one)
    equal(other.states(0), ("4", "4"), "the other guest's device")
    equal([entry["domid"] for entry in host.attachd.list()], [8], "the list")


@case
def states_detach_before_any_driver_came(host):
    one = host.guest(7, "web1")
    host.attachd.start()
    one.request(0, "demo")
    host.expect(lambda: one.attached(0), "the device is attached", lambda: one.status(0))
    one.withdraw(0)
    gone(host, one, within=2)


@case
def states_detach_when_only_the_word_request_is_removed(host):
    one = host.guest(7, "web1")
    host.attachd.start()
    host.connected(one, 0)
    one.client.remove(one.request_path(0, "request"))
    gone(host, one)


@case
def states_attach_again_after_detach(host):
    one = host.guest(7, "web1")
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    host.attachd.start()
    for _ in range(3):
        front, _ = host.connected(one, 0)
        one.withdraw(0)
        gone(host, one)
        front.stop()
    # at once: nothing of the old device may be taken for the new one
    front, _ = host.connected(one, 0)
    front.stop()
    one.withdraw(0)
    one.request(0, "other")
    host.expect(lambda: host.client.get(one.backend(0, "name")) == "other"
                and one.attached(0), "the new request is served",
                lambda: (one.status(0), one.nodes(0)))


def forced(host, one, ignored):
    began = time.monotonic()
    one.withdraw(0)
    gone(host, one)
    took = time.monotonic() - began
    check(took > 0.8, f"{ignored}: gone after {took:.1f} s already")
    check("by force" in host.attachd.log_text(), "the log does not tell that it was forced")


@case
def states_backend_that_ignores_closing_is_removed_by_force(host):
    one = host.guest(7, "web1")
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    host.attachd.start()
    _, back = host.connected(one, 0)
    back.ignores = "56"
    forced(host, one, "a backend that does not close")


@case
def states_frontend_that_ignores_closing_is_removed_by_force(host):
    one = host.guest(7, "web1")
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    host.attachd.start()
    front, _ = host.connected(one, 0)
    front.ignores = "56"
    forced(host, one, "a frontend that does not close")


@case
def states_driver_reloaded_in_the_guest(host):
    one = host.guest(7, "web1")
    host.attachd.start()
    front, _ = host.connected(one, 0)
    changes = host.record_events(one.backend(0, "online"))
    front.reload()
    host.expect(lambda: one.states(0) == ("4", "4"), "it connects again", lambda: one.states(0))
    # the driver asks again when it is loaded
    one.request(0, "demo")
    host.settle()
    equal(one.states(0), ("4", "4"), "after the same request again")
    equal(one.status(0), "attached", "the answer to it")
    equal(changes, [], "what attachd did to the backend")


@case
def states_forged_by_the_frontend(host):
    one, other = host.guest(7, "web1"), host.guest(8, "web2")
    host.attachd.start()
    host.connected(other, 0)
    one.request(0, "demo")
    host.expect(lambda: one.attached(0), "the device is attached", lambda: one.status(0))
    host.settle(0.1)
    before = host.client.tree(one.backend(0))
    forged = [str(state) for state in range(9)] + [
        "", "-1", "04", "4 ", " 4", "+4", "4\0", "\0", "0x4", "99999999999999999999", "9",
        "\x1b[2J", "%n%n", "\xff\xfe", "x" * 2000]
    for value in forged + forged[::-1]:
        one.client.write(one.frontend(0, "state"), value)
        host.dispatch(0)
    one.client.write(one.frontend(0, "state"), "\x1b[31mred")
    host.settle()
    equal(host.client.tree(one.backend(0)), before, "the backend, after all that was forged")
    for state, name in (("\x1b[31mred", "Unknown"), ("5", "Closing"), ("1", "Initialising")):
        one.client.write(one.frontend(0, "state"), state)
        host.expect(lambda: [entry["frontend_state"] for entry in host.attachd.list()
                             if entry["domid"] == 7] == [name], f"{state!r} is listed as {name}")
    check("\x1b" not in host.attachd.log_text(), "raw characters in the log")
    equal(other.states(0), ("4", "4"), "the other guest's device")
    one.withdraw(0)
    gone(host, one)


@case
def states_forged_while_connected(host):
    """And with them all else that stands in its directory."""
    one, other = host.guest(7, "web1"), host.guest(8, "web2")
    host.attachd.start()
    host.connected(other, 0)
    front, back = host.connected(one, 0)
    front.stop()
    back.ignores = "12345678"
    host.settle(0.1)
    kept, mine = other.nodes(0), host.client.tree(one.backend(0))
    changes = host.record_events("/local/domain/0/backend")
    lies = [("backend", other.backend(0)), ("backend", "/mydevice"), ("backend", ""),
            ("backend-id", "8"), ("backend-id", "-1"), ("frontend", other.frontend(0)),
            ("online", "0"), ("hotplug-status", "error")]
    names = dict(enumerate(("Unknown", "Initialising", "InitWait", "Initialised", "Connected",
                            "Closing", "Closed", "Reconfiguring", "Reconfigured")))
    forged = [(str(state), name) for state, name in names.items()]
    forged += [(junk, "Unknown") for junk in ("", "04", "4 ", "-4", "4\0", "\x1b[2J", "x" * 1500)]
    for number, (state, name) in enumerate(forged):
        node, lie = lies[number % len(lies)]
        one.client.write(one.frontend(0, node), lie)
        one.client.write(one.frontend(0, "state"), state)
        host.expect(lambda: [(entry["frontend_state"], entry["backend_state"])
                             for entry in host.attachd.list() if entry["domid"] == 7] ==
                    [(name, "Connected")], f"{state!r} is listed as {name}", host.attachd.list)
    equal(changes, [], "what was changed of any backend")
    one.client.write(one.frontend(0, "state"), "4")
    host.expect(lambda: [entry["phase"] for entry in host.attachd.list()] == ["connected"] * 2,
                "it is connected again", host.attachd.list)
    check("\x1b" not in host.attachd.log_text(), "raw characters in the log")
    equal((other.nodes(0), host.client.tree(one.backend(0))), (kept, mine), "both backends")
    back.ignores = ""
    one.withdraw(0)
    host.expect(lambda: one.states(0)[1] in ("5", None), "it is told to close", within=2)
    one.client.write(one.frontend(0, "state"), "6")
    gone(host, one)
    equal(other.nodes(0), kept, "the other guest's device")


@case
def states_forged_while_it_is_detached(host):
    one = host.guest(7, "web1")
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    host.attachd.start()
    for state in ("0", "3", "7", "junk"):
        front, back = host.connected(one, 0)
        front.ignores = back.ignores = "123456"
        one.withdraw(0)
        host.expect(lambda: one.states(0)[1] in (drivers.CLOSING, None), "it is told to close")
        try:
            one.client.write(one.frontend(0, "state"), state)
        except wire.StoreError as error:  # gone already is as good
            equal(error.name, "EACCES", "writing a state")
        gone(host, one)
        front.stop()


@case
def states_handshake_without_end(host):
    """Each round is real: looked at, logged, told to who listens. So it has to
    cost less and less, and stop costing when it stops."""
    one, other = host.guest(7, "web1"), host.guest(8, "web2")
    host.attachd.start()
    host.connected(one, 0)
    monitor = host.attachd.ctl_begin("monitor", "--json")

    def loop(seconds):
        rounds, deadline = 0, time.monotonic() + seconds
        while time.monotonic() < deadline:
            for state in "156134":
                one.client.write(one.frontend(0, "state"), state)
                host.settle(0.002)
            rounds += 1
        return rounds

    loop(1)
    host.expect(lambda: "begins again and again" in host.attachd.log_text(), "it is noticed")
    lines = host.attachd.log_text().count("\n")
    rounds = loop(3)
    check(rounds > 50, f"only {rounds} rounds")
    lines = host.attachd.log_text().count("\n") - lines
    check(lines < 12, f"{lines} lines in the log for {rounds} rounds")
    equal(host.attachd.log_text().count("begins again and again"), 1, "lines about it")
    monitor.stop()
    told = monitor.popen.stdout.read().count(b"\n")
    check(told < 60, f"{told} events on the bus for {rounds} rounds")
    # meanwhile and afterwards
    host.connected(other, 0)
    host.expect(lambda: [entry["phase"] for entry in host.attachd.list()] == ["connected"] * 2,
                "what it is in the end is seen", host.attachd.list, within=12)
    loop(0.5)
    began = time.monotonic()
    one.withdraw(0)
    host.expect(lambda: one.states(0)[1] in ("5", None), "it is told to close at once")
    check(time.monotonic() - began < 1, "a detach had to wait for it")
