# SPDX-License-Identifier: GPL-2.0-or-later
"""What one case has: a host with a store, guests, and attachd to be started."""

import os
import re
import select
import shutil
import tempfile
import time

from . import attachd, drivers, guest, machine, toolstack, wire


class Failure(AssertionError):
    """What was expected, and what was found."""


class Skip(Exception):
    """Why the case cannot run here."""


class World:
    def __init__(self, build, kind, builds):
        self.dir = tempfile.mkdtemp(prefix="mydevice-store.")
        self.kind = kind
        self.clients = []
        self.guests = {}
        self.attachd = None
        self.machine = None
        try:
            self.machine = machine.Machine(build, self.dir, kind)
            self.attachd = attachd.Attachd(self.machine, builds)
        except BaseException:
            self.close()
            raise
        self.client = None
        self.toolstack = None

    def start_store(self, **options):
        self.machine.start_store(**options)
        self.client = self.connect()
        self.toolstack = toolstack.Toolstack(self.machine, self.client)
        self.toolstack.start_dom0()

    def restart_store(self):
        """xenstored dies and comes back with an empty store, which has to be
        told of the guests again."""
        self.machine.stop_store()
        self.forget_connections()
        self.start_store()
        for one in self.guests.values():
            self.machine.command("reset", one.domid)
            self.machine.command("destroy", one.domid)
            self.toolstack.create(one.domid, one.name, one.uuid)

    def forget_connections(self):
        for client in self.clients:
            client.close()
        self.clients.clear()
        for one in self.guests.values():
            one.connection = None

    def connect(self):
        """One more connection of domain 0, whose events until() delivers."""
        client = wire.Client(self.machine.socket)
        self.clients.append(client)
        return client

    # Guests

    def guest(self, domid, name, uuid=None):
        """As after xl create."""
        self.guests[domid] = guest.Guest(self, domid, name, uuid)
        self.toolstack.create(domid, name, self.guests[domid].uuid)
        return self.guests[domid]

    def destroy(self, one, **options):
        one.disconnect()
        del self.guests[one.domid]
        self.toolstack.destroy(one.domid, **options)
        # no host gives an id again before its store has seen the end
        self.expect(lambda: not self.client.is_introduced(one.domid),
                    f"the store sees that domain {one.domid} is gone")

    def connected(self, one, devid, name="demo", **wishes):
        """Asks for a channel and has both drivers connect: (front, back)."""
        one.request(devid, name, **wishes)
        self.expect(lambda: one.attached(devid), f"{one.name} gets device {devid}",
                    lambda: one.status(devid))
        ends = self.join(one, devid)
        self.noted(one, devid)
        return ends

    def join(self, one, devid):
        front, back = drivers.Frontend(one, devid), drivers.Backend(one, devid)
        self.expect(lambda: one.states(devid) == ("4", "4"), "the drivers connect",
                    lambda: one.states(devid))
        return front, back

    def noted(self, one, devid):
        """Waits for the last thing that is written about a device that connected."""
        self.expect(lambda: re.search("connected=[1-9]", self.client.get(one.record(devid)) or ""),
                    "the record says when it connected")

    # Waiting

    def dispatch(self, seconds):
        """Delivers events to the drivers of the test."""
        waiting = [client for client in self.clients if client.has_events()]
        ready, _, _ = select.select(self.clients, [], [], 0 if waiting else seconds)
        for client in {*waiting, *ready}:
            client.dispatch()

    def until(self, condition, within=10):
        """The last value of condition(): true, or false if time ran out."""
        deadline = time.monotonic() + within
        while True:
            value = condition()
            left = deadline - time.monotonic()
            if value or left <= 0:
                return value
            self.dispatch(min(left, 0.01))

    def expect(self, condition, what, found=None, within=10):
        """Less than 10 s is a claim about speed. More only ends a test that would wait for
        ever, so a machine that is busy with other work has three times as long."""
        if within >= 10:
            within *= 3
        value = self.until(condition, within)
        if not value:
            detail = f", but found: {found()!r}" if found else ""
            raise Failure(f"expected within {within} s that {what}{detail}")
        return value

    def settle(self, seconds=0.3):
        """For what must not happen: gives it the time to."""
        self.until(lambda: False, seconds)

    def never(self, condition, what, seconds=0.5):
        if self.until(condition, seconds):
            raise Failure(f"never expected: {what}")

    def record_events(self, path):
        """A growing list of the changes from path on."""
        changes = []
        self.connect().watch(path, changes.append)
        self.settle(0.05)
        changes.clear()
        return changes

    # The end

    def finish(self):
        """What holds after every case."""
        if self.attachd.running():
            self.attachd.stop()
        defects = self.attachd.defects() if os.path.exists(self.attachd.log) else []
        if defects:
            raise Failure(f"in attachd's log: {defects[0]}")

    def keep_logs(self, where):
        shutil.rmtree(where, ignore_errors=True)
        shutil.copytree(os.path.join(self.dir, "log"), where)
        shutil.copy(self.attachd.policy_file, where)
        try:
            with open(os.path.join(where, "tree.txt"), "w", encoding="utf-8") as stream:
                for path, (value, perms) in wire.Client(self.machine.socket).tree("/").items():
                    stream.write(f"{path} = {value!r} ({perms})\n")
        except (OSError, wire.StoreGone, wire.StoreError) as error:
            with open(os.path.join(where, "tree.txt"), "a", encoding="utf-8") as stream:
                stream.write(f"the store does not tell: {error}\n")

    def close(self):
        for client in self.clients:
            client.close()
        if self.attachd:
            self.attachd.close()
        if self.machine:
            self.machine.close()
        shutil.rmtree(self.dir, ignore_errors=True)


def equal(found, expected, what):
    if found != expected:
        raise Failure(f"{what}: expected {expected!r}, found {found!r}")


def check(condition, what):
    if not condition:
        raise Failure(what)
