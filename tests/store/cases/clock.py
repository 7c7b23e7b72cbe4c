# SPDX-License-Identifier: GPL-2.0-or-later
"""The wall clock is set while attachd works: nothing of it is by that clock, on any store."""

import contextlib
import os
import signal
import struct
import time

from harness.runner import case
from harness.world import check, equal

HOUR = 3600
JUMPS = (5 * HOUR, -5 * HOUR, 20 * 365 * 24 * HOUR, 0)


class Clock:
    """attachd's wall clock: set() is by how much it is wrong."""

    def __init__(self, host):
        self.file = os.path.join(host.dir, "clock")
        self.set(0)
        self.env = {"MYDEVICE_CLOCK": self.file,
                    "LD_PRELOAD": os.path.join(host.machine.build, "clock.so"),
                    "ASAN_OPTIONS": host.attachd.env()["ASAN_OPTIONS"] +
                    ":verify_asan_link_order=0"}

    def set(self, seconds):
        # in place: it is mapped
        with open(os.open(self.file, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as stream:
            stream.write(struct.pack("=q", seconds))


@contextlib.contextmanager
def takes(least, most, what):
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    check(least <= took <= most, f"{what} took {took:.1f} s, expected {least} to {most} s")


@case(stores=("oxenstored",))
def clock_jumps_at_each_turn(host):
    clock, one = Clock(host), host.guest(7, "web1")
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\nRateLimitBurst=20\n"
                            "RateLimitIntervalSec=1\n")
    host.attachd.start(env=clock.env)
    for jump in JUMPS:
        clock.set(jump)
        one.request(0, "demo")
        host.expect(lambda: one.attached(0), "it is attached", lambda: one.status(0))
        # in the middle of a handshake
        clock.set(-jump)
        front, back = host.join(one, 0)
        host.expect(lambda: host.attachd.list()[0]["phase"] == "connected", "it is noticed")
        said = host.attachd.list()[0]
        # seen, or all this tests nothing
        check(abs(said["requested_usec"] / 1e6 - time.time() - jump) < 60, f"its clock: {said}")
        check(0 < said["connected_after_usec"] < 10e6, f"the time to connect: {said}")
        # while a deadline runs
        front.ignores = back.ignores = "56"
        with takes(0.8, 5, f"a forced detach, the clock set to {jump} s"):
            one.withdraw(0)
            host.expect(lambda: one.states(0)[1] == "5", "it is told to close")
            clock.set(jump)
            host.expect(lambda: not one.traces(), "it is removed by force", one.traces)
        front.stop()
        # while it waits for its turn
        with takes(0, 8, f"20 requests over the share, the clock set to {jump} s"):
            for devid in range(1, 21):
                one.request(devid, "../no")
            host.expect(lambda: one.status(1), "it answers")
            clock.set(-jump)
            host.expect(lambda: all(one.status(devid) for devid in range(1, 21)),
                        "each has its answer")
        for devid in range(1, 21):
            one.withdraw(devid)
    check("has to wait for its turns" in host.attachd.log_text(), "it never had to wait")


@case(stores=("oxenstored",))
def clock_jumps_at_the_stop(host):
    clock, one = Clock(host), host.guest(7, "web1")
    for jump in JUMPS:
        clock.set(0)
        host.attachd.start(env=clock.env)
        host.expect(lambda: host.attachd.ctl("status")[0] == 0, "it is on the bus")
        clock.set(jump)
        with takes(0, 4, f"a stop, the clock set to {jump} s,"):
            host.attachd.stop()
    equal(host.attachd.log_text().count("leaving without it"), 0, "stops in haste")
    host.attachd.start(env=clock.env)
    host.connected(one, 0)
    host.machine.store.signal(signal.SIGSTOP)
    clock.set(JUMPS[0])
    try:
        # it finds out that the store hangs when it asks whether it lives
        time.sleep(2.5)
        with takes(4, 8, "a stop without the store"):
            host.attachd.process.stop(signal.SIGTERM, within=10)
    finally:
        host.machine.store.signal(signal.SIGCONT)
