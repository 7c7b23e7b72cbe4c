# SPDX-License-Identifier: GPL-2.0-or-later
"""xenstored itself dies, hangs, comes back, or is a difficult one."""

import json
import os
import signal
import subprocess
import time

from harness import proxy, wire
from harness.runner import case
from harness.world import check, equal


def connected_to_store(host):
    status, out, _ = host.attachd.ctl("status", "--json")
    return status == 0 and json.loads(out)["xenstore_connected"]


@case
def stores_come_later(host):
    host.machine.stop_store()
    host.forget_connections()
    host.attachd.start(ready=False, env={"WATCHDOG_USEC": "1500000"})
    host.attachd.wait_notified("STATUS", ".*[Ww]aiting for xenstored.*")
    check(not connected_to_store(host), "it claims to be connected")
    host.start_store()
    one = host.guest(7, "web1")
    one.request(0, "demo")
    host.expect(lambda: one.attached(0), "it serves when there is a store",
                lambda: one.status(0))
    host.attachd.wait_notified("READY", "1")


@case
def stores_die_and_come_back_empty(host):
    """As when C xenstored is killed on a real host: guests have to be told of
    to the new one, and nothing of theirs is there any more."""
    guests = [host.guest(domid, f"web{domid}") for domid in (3, 4)]
    host.attachd.start()
    for one in guests:
        host.connected(one, 0)
    for _ in range(2):
        host.machine.stop_store()
        host.forget_connections()
        host.expect(lambda: not connected_to_store(host), "the loss is noticed", within=6)
        equal({entry["guest"] for entry in host.attachd.list()}, {"web3", "web4"},
              "the list without a store: what goes on without it")
        host.restart_store()
        host.expect(lambda: connected_to_store(host), "it is connected again", within=6)
        for one in guests:
            check(not one.traces(), f"something is made up: {one.traces()}")
        host.expect(lambda: not host.attachd.list(), "nothing of it is told of any more")
        for one in guests:
            host.connected(one, 0)
    check(host.attachd.running(), "attachd died")


@case
def stores_die_in_the_middle_of_attaches(host):
    host.attachd.start()
    for round_ in range(3):
        guests = [host.guest(domid, f"web{domid}") for domid in range(1, 8)]
        for one in guests:
            one.request(0, "demo")
        host.settle(0.004 * round_)
        host.machine.stop_store()
        host.forget_connections()
        for one in guests:
            host.machine.command("destroy", one.domid)
        host.guests.clear()
        host.start_store()
        host.expect(lambda: connected_to_store(host), "it is connected again", within=6)
    one = host.guest(20, "web20")
    host.connected(one, 0)


@case
def stores_that_end_one_connection(host):
    """For what it asks and for what it is told attachd has one each; either may be cut off alone."""
    between = proxy.Proxy(host.machine.socket, os.path.join(host.dir, "between"))
    host.attachd.store_path = between.path
    host.attachd.start()
    first = host.guest(6, "web")
    host.connected(first, 0)
    waiting = host.attachd.ctl_begin("wait", "web", "demo", "--for=gone")
    for number in (0, 1):
        one = host.guest(7 + number, f"web{number}")
        host.connected(one, 0)
        gone = host.attachd.log_text().count("has gone")
        between.cut(number)
        host.expect(lambda: host.attachd.log_text().count("has gone") > gone,
                    f"it sees the end of connection {number}")
        host.expect(lambda: connected_to_store(host), "it connects again")
        one.request(1, "log")
        host.expect(lambda: one.attached(1), "who asks is served", lambda: one.status(1))
    check(waiting.alive(), "a channel was told to be gone that was connected all the time")
    first.withdraw(0)
    host.expect(lambda: not waiting.alive(), "it is told when it goes")
    between.close()


@case
def stores_gone_for_good_and_attachd_is_stopped(host):
    one = host.guest(7, "web1")
    host.attachd.start()
    host.connected(one, 0)
    host.machine.stop_store()
    host.forget_connections()
    began = time.monotonic()
    host.attachd.stop()
    check(time.monotonic() - began < 3, "it took its time")


@case(stores=("c",))
def stores_that_hang(host):
    """Calls of libxenstore have no timeout. The part that talks to the manager
    must go on all the same, and the watchdog must not be told that all is well."""
    one = host.guest(7, "web1")
    host.attachd.start(env={"WATCHDOG_USEC": "3000000"})
    host.connected(one, 0)
    host.machine.store.signal(signal.SIGSTOP)
    status, out, _ = host.attachd.ctl("list", "--json")
    equal((status, len(json.loads(out))), (0, 1), "the list while the store hangs")

    def fed():
        host.attachd.states.pop("WATCHDOG", None)
        time.sleep(2.2)
        return "WATCHDOG" in host.attachd.read_notifications()

    deadline = time.monotonic() + 25
    while fed():
        check(time.monotonic() < deadline, "the watchdog is fed although nothing works")
    host.machine.store.signal(signal.SIGCONT)
    host.expect(fed, "the watchdog is fed again", within=10)
    two = host.guest(8, "web2")
    host.connected(two, 0)
    equal(one.states(0), ("4", "4"), "the device that was there")
    check("left alone" not in host.attachd.log_text(), "a guest is blamed for it")
    host.machine.store.signal(signal.SIGSTOP)
    time.sleep(2.5)
    began = time.monotonic()
    try:
        host.attachd.process.stop(signal.SIGTERM, within=10)
    finally:
        host.machine.store.signal(signal.SIGCONT)
    check(time.monotonic() - began < 9, "SIGTERM had to wait for the store")


@case(stores=("oxenstored",), eagain=True)
def stores_that_fail_commits_at_random(host):
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    host.attachd.start()
    guests = [host.guest(domid, f"web{domid}") for domid in range(1, 11)]
    for one in guests:
        one.request(0, "demo")
    host.expect(lambda: all(one.attached(0) for one in guests), "each is attached",
                lambda: [one.status(0) for one in guests])
    for one in guests[:5]:
        host.join(one, 0)
    for one in guests:
        one.withdraw(0)
    host.expect(lambda: not any(one.traces() for one in guests), "each goes again",
                lambda: [one.traces() for one in guests])


class Competitor:
    """Between the last word of a transaction and its commit it changes what
    every attach reads, as often as it may."""

    def __init__(self, host, domid, mark):
        self.client = wire.Client(host.machine.socket)
        self.changes = f"/local/domain/{domid}"
        self.mark = mark
        self.may = self.done = 0
        self.marked = False

    def __call__(self, kind, payload):
        if kind == wire.TRANSACTION_START:
            self.marked = False
        elif kind == wire.WRITE:
            self.marked |= payload.startswith(self.mark)
        elif kind == wire.TRANSACTION_END and payload == b"T\0" and self.marked and self.may:
            self.may -= 1
            self.done += 1
            self.client.write(self.changes, str(self.done))


@case
def stores_with_a_competing_writer(host):
    """Each commit fails: there are few tries, a clear word, and others are served."""
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    between = proxy.Proxy(host.machine.socket, os.path.join(host.dir, "proxy"))
    host.attachd.store_path = between.path
    one, other = host.guest(7, "web1"), host.guest(8, "web2")
    between.meddle = rival = Competitor(host, 7, b"/mydevice/7/mydevice@")
    host.attachd.start()
    rival.may = 15
    one.request(0, "demo")
    host.expect(lambda: one.attached(0), "it is attached by the last try", lambda: one.status(0))
    equal(rival.may, 0, "conflicts that were left")
    rival.may, rival.done = 10**6, 0
    one.request(1, "log")
    host.expect(lambda: one.status(1), "it is told")
    equal(one.status(1),
          "error: cannot be attached: XenStore stayed busy with other transactions", "the answer")
    equal(rival.done, 16, "tries")
    equal(one.states(1), (None, None), "what is left of it")
    other.request(0, "demo")
    host.expect(lambda: other.attached(0), "another guest is served", lambda: other.status(0),
                within=1)
    host.expect(lambda: rival.done > 16, "it is tried again")
    host.settle(1)
    check(rival.done <= 64, f"{rival.done} tries in some 2 s")
    rival.may = 0
    host.expect(lambda: one.attached(1), "it is attached by itself", lambda: one.status(1))
    lines = [line for line in host.attachd.log_text().splitlines() if "stayed busy" in line]
    equal(len(lines), 1, f"lines about it: {lines}")
    # nobody can be asked to close, so it goes by force
    host.join(one, 0)
    rival.mark, rival.changes = wire.raw(one.backend(0, "online")), one.backend(0, "state")
    rival.may = 10**6
    one.withdraw(0)
    host.expect(lambda: one.states(0) == (None, None), "it goes all the same",
                lambda: one.states(0))
    check("cannot ask the drivers to close: XenStore stayed busy" in host.attachd.log_text(),
          "the log does not say why")
    between.close()
    rival.client.close()


def control_of(host):
    """xenstore-control of this very xenstored, and the latter's binary."""
    binary = os.path.realpath(f"/proc/{host.machine.store.pid}/exe")
    return os.path.join(os.path.dirname(binary), "xenstore-control"), binary


@case(stores=("c",))
def stores_that_put_off_transactions(host):
    """Before a live update nobody may begin one, until the last that was begun has ended.
    It is no guest's fault, though a guest may take its time, and others are answered."""
    host.attachd.start()
    one, slow, late = (host.guest(domid, name) for domid, name in
                       ((7, "web1"), (8, "slow"), (9, "web3")))
    host.connected(one, 0)
    slow.client.call(wire.TRANSACTION_START, b"\0")
    control, binary = control_of(host)
    with subprocess.Popen([control, "live-update", "-t", "9", binary],
                          env={**os.environ, "XENSTORED_PATH": host.machine.socket},
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as update:
        host.settle(0.5)
        late.request(0, "demo")
        host.expect(lambda: late.attached(0), "it is served when the update has been given up",
                    lambda: late.status(0), within=25)
        update.wait(20)
    log = host.attachd.log_text()
    check("left alone" not in log and "not this daemon" not in log, "the wait was taken for a stall")
    equal(one.states(0), ("4", "4"), "the device that was there")


def command_line(pid):
    """After a live update it says so."""
    with open(f"/proc/{pid}/cmdline", "rb") as stream:
        return stream.read().split(b"\0")


@case
def stores_updated_live(host):
    """xenstored replaces itself with everybody connected, and one who asks."""
    one, late = host.guest(7, "web1"), host.guest(9, "web3")
    host.attachd.start()
    host.connected(one, 0)
    host.settle(0.1)
    before = one.nodes(0)
    control, binary = control_of(host)
    one.disconnect()
    old = command_line(host.machine.store.pid)
    late.request(0, "demo")
    late.disconnect()
    done = subprocess.run([control, "live-update", "-F", "-t", "10", binary],
                          env={**os.environ, "XENSTORED_PATH": host.machine.socket},
                          capture_output=True, timeout=30, check=False)
    equal(done.returncode, 0, f"live update: {done.stdout} {done.stderr}")
    check(command_line(host.machine.store.pid) != old, f"it is the old one: {old}")
    host.forget_connections()
    host.client = host.toolstack.client = host.connect()
    equal(one.nodes(0), before, "the device after a live update")
    two = host.guest(8, "web2")
    host.connected(two, 0)
    host.expect(lambda: late.attached(0), "who asked meanwhile is served", lambda: late.status(0))
    equal({(entry["domid"], entry["phase"]) for entry in host.attachd.list()},
          {(7, "connected"), (8, "connected"), (9, "waiting")}, "the list")
    check("has gone" not in host.attachd.log_text(), "it lost its connection")
