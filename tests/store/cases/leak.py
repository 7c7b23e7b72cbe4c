# SPDX-License-Identifier: GPL-2.0-or-later
"""Nothing is left of what has gone: not in the store, and not in attachd."""

import os
import shutil
import subprocess

from harness import machine, proxy, wire
from harness.runner import case, note
from harness.world import Skip, check, equal

# attach and detach, each of so many devices at once
ROUNDS = 10000
GUESTS = 10
DEVICES = 8
# an id that was just in use rests for a while
DEVIDS = 64 * DEVICES
# some 50 bytes a round; the heap of one that loses nothing has grown by up to 232 KiB
GROWTH_KIB = 512

POLICY = f"[Defaults]\nRateLimitBurst=1000000\nMaxChannels={DEVICES}\n"


def for_all(host, guests, first, requests):
    """One message of each guest's part for each of its devices, as domain 0 may write them."""
    errors = host.client.flood([request for one in guests
                                for devid in range(first, first + DEVICES)
                                for request in requests(one, devid)])
    equal(dict(errors), {}, "the store's answers")


def ask(one, devid):
    return ((wire.WRITE, wire.raw(one.request_path(devid, "name")) + b"\0c%d" % devid),
            (wire.WRITE, wire.raw(one.request_path(devid, "request")) + b"\x001"))


def withdraw(one, devid):
    return ((wire.RM, wire.raw(one.request_path(devid)) + b"\0"),)


def recorded(host, one):
    try:
        return len(host.client.list(f"/mydevice/{one.domid}"))
    except wire.StoreError:
        return 0


def do_rounds(host, guests, rounds):
    """So many devices come and go, and as many as there are guests and ids at a time."""
    for number in range(rounds // (GUESTS * DEVICES)):
        first = number * DEVICES % DEVIDS
        for_all(host, guests, first, ask)
        last = [one.request_path(first + DEVICES - 1, "status") for one in guests]
        host.expect(lambda: all(recorded(host, one) == DEVICES for one in guests)
                    and all(map(host.client.get, last)), "all are attached", within=30)
        for_all(host, guests, first, withdraw)
        host.expect(lambda: not any(recorded(host, one) for one in guests), "all are detached",
                    within=30)


class Traces:
    """Of attachd, when it has nothing to do."""

    def __init__(self, host, between):
        # the last id that was used has rested
        host.settle(1)
        between.wait_idle(host, 0.3)
        kinds = between.kinds
        self.fds = len(os.listdir(f"/proc/{host.attachd.process.pid}/fd"))
        self.watches = kinds.count(wire.WATCH) - kinds.count(wire.UNWATCH)
        self.devices = len(host.attachd.list())
        self.nodes = {path for root in ("/local/domain", "/mydevice")
                      for path in host.client.tree(root)}
        self.kib = host.attachd.resident_kib()


@case(build="plain", alone=False)
def leak_nothing_in_ten_thousand_rounds(host):
    between = proxy.Proxy(host.machine.socket, os.path.join(host.dir, "between"))
    host.attachd.store_path = between.path
    host.attachd.set_policy(POLICY)
    guests = [host.guest(domid, f"web{domid}") for domid in range(1, GUESTS + 1)]
    host.attachd.start()
    # what is allocated once
    do_rounds(host, guests, ROUNDS // 10)
    before = Traces(host, between)
    do_rounds(host, guests, ROUNDS)
    after = Traces(host, between)
    between.close()
    equal(after.nodes, before.nodes, "nodes in the store")
    equal((after.fds, after.watches, after.devices), (before.fds, before.watches, before.devices),
          "file descriptors, watches, devices")
    note(f"{host.kind}: after {ROUNDS} attaches and detaches: {after.fds} file descriptors,"
         f" {after.watches} watches, {after.kib - before.kib} KiB more than before")
    check(after.kib - before.kib < GROWTH_KIB, f"it grew by {after.kib - before.kib} KiB")


@case(build="plain", stores=("oxenstored",))
def leak_nothing_that_valgrind_sees(host):
    """Through attach, connect, reload, detach, the end of the store, restart and stop."""
    if not shutil.which("valgrind"):
        raise Skip("valgrind is not installed: tests/deps store")
    valgrind = ["valgrind", "--leak-check=full", "--show-leak-kinds=definite,indirect,possible",
                "--errors-for-leak-kinds=definite,indirect,possible", "--track-fds=no",
                "--error-exitcode=97"]
    one, two = host.guest(7, "web1"), host.guest(8, "web2")
    host.attachd.start(under=valgrind)
    host.connected(one, 0)
    host.connected(two, 0, "log")
    host.attachd.set_policy("[Device given]\nAlways=yes\n[Device log]\nRingSize=64K\n")
    host.attachd.reload()
    host.expect(lambda: len(host.attachd.list()) == 4, "what is given is there", within=20)
    one.withdraw(0)
    host.expect(lambda: one.states(0) == (None, None), "it is detached", within=20)
    host.destroy(two)
    host.expect(lambda: len(host.attachd.list()) == 1, "a guest's devices go with it", within=20)
    host.attachd.set_policy("nonsense\n")
    host.attachd.reload()
    equal(host.attachd.process.stop(within=30), 0, "valgrind's verdict, in attachd.log")
    host.attachd.set_policy("")
    host.attachd.start(under=valgrind)
    host.connected(one, 1, "again")
    host.restart_store()
    host.connected(one, 0)
    equal(host.attachd.process.stop(within=30), 0, "valgrind's verdict after a restart")


LEAK = """\
#include <stdlib.h>
int main(void)
{
	static void *volatile lost;
	lost = malloc(100);
	lost = NULL;
	return 0;
}
"""


@case(stores=(machine.STORES[0],))
def leak_at_exit_is_seen_by_the_sanitizer(host):
    """All other cases rely on it: a leak is a defect in the log, and attachd's status then."""
    program = os.path.join(host.dir, "leak")
    subprocess.run(["cc", "-O0", "-fsanitize=address", "-x", "c", "-o", program, "-"],
                   input=LEAK.encode(), check=True)
    done = subprocess.run([program], env={**os.environ, **host.attachd.env()},
                          capture_output=True, check=False)
    check(b"LeakSanitizer" in done.stderr and done.returncode == 99,
          f"status {done.returncode}: {done.stderr.decode()[:200]}")
