# SPDX-License-Identifier: GPL-2.0-or-later
"""Users who send orders faster than the XenStore thread or polkit can answer them."""

import collections
import os
import signal
import subprocess

from harness import attachd, process
from harness.runner import case
from harness.world import Skip, check, equal

# of a user, that wait: bus/manage.c
ORDERS, LOOKS = 8, 64
SENT = 100
LIMIT = "org.freedesktop.DBus.Error.LimitsExceeded"


def prepare(host):
    """A host with a guest, where others than root can run the programs."""
    program = os.path.join(host.machine.build, "flood")
    if os.getuid():
        raise Skip("needs root, to be somebody else")
    if subprocess.run([*attachd.become(65534), program], check=False).returncode != 2:
        raise Skip(f"{program} is out of reach for others")
    os.chmod(host.dir, 0o711)
    host.attachd.start()
    host.guest(7, "web1")
    host.expect(lambda: host.attachd.ctl("status", "web1")[0] == 0 or
                host.attachd.ctl("policy", "web1")[0] == 0, "the guest is known")


def flood(host, user, *call, count=SENT):
    """A growing list of answers, and the process."""
    one = process.Process("flood", [*attachd.become(user), os.path.join(host.machine.build, "flood"),
                                    str(count), *call], host.machine.log("flood"),
                          host.attachd.env(), stdout=subprocess.PIPE)
    host.attachd.begun.append(one)
    os.set_blocking(one.popen.stdout.fileno(), False)
    answers = []
    rest = [b""]

    def read():
        more = one.popen.stdout.read()
        lines = (rest[0] + (more or b"")).split(b"\n")
        rest[0] = lines.pop()
        answers.extend(line.decode() for line in lines)
        return answers

    host.expect(lambda: "sent" in read(), "all is sent")
    answers.remove("sent")
    return read, one


def answered(host, read, n, what):
    host.expect(lambda: len(read()) >= n, what, lambda: len(read()))
    host.settle(0.2)
    return dict(collections.Counter(read()))


@case(stores=("c",))
def flood_of_looks(host):
    prepare(host)
    host.machine.store.signal(signal.SIGSTOP)
    floods = []
    try:
        # those of all kinds count together
        first, _ = flood(host, 65534, "Policy", "web1", "log", count=40)
        host.settle(0.2)
        equal(first(), [], "answers to the first")
        for call in (("FindGuest", "web1"), ("PolicySections",)):
            read, _ = flood(host, 65534, *call)
            left = SENT - (LOOKS - 40) if call[0] == "FindGuest" else SENT
            equal(answered(host, read, left, f"{call[0]} is refused"), {LIMIT: left}, call[0])
            floods.append(read)
        # another user, and root who has no limit
        read, _ = flood(host, 1, "FindGuest", "web1", count=LOOKS)
        root, _ = flood(host, None, "FindGuest", "web1")
        host.settle(0.3)
        equal((read(), root()), ([], []), "answers to others")
        # who gives up does not get a second share before the first is done
        gone, one = flood(host, 2, "FindGuest", "web1", count=LOOKS)
        host.settle(0.2)
        equal(gone(), [], "answers to a third user")
        one.kill()
        read2, _ = flood(host, 2, "FindGuest", "web1", count=10)
        equal(answered(host, read2, 10, "it is refused"), {LIMIT: 10}, "after it has gone")
    finally:
        host.machine.store.signal(signal.SIGCONT)
    for one, count in ((first, 40), (read, LOOKS), (root, SENT)):
        equal(answered(host, one, count, "the others are answered"), {"ok": count}, "answers")
    equal(floods[0]().count("ok"), LOOKS - 40, "answers to the second")
    read, _ = flood(host, 65534, "FindGuest", "web1", count=LOOKS)
    equal(answered(host, read, LOOKS, "the user may look again"), {"ok": LOOKS}, "afterwards")


@case(stores=("c",))
def flood_of_orders_before_polkit_is_asked(host):
    """They wait for XenStore, where the guest is looked up, and count from the beginning."""
    prepare(host)
    polkit = host.attachd.start_polkit("silence")
    order = ("Attach", "web1", "log")
    host.machine.store.signal(signal.SIGSTOP)
    try:
        read, one = flood(host, 65534, *order)
        left = SENT - ORDERS
        equal(answered(host, read, left, "the others are refused"), {LIMIT: left}, "answers")
        other, _ = flood(host, 1, *order, count=1)
        host.settle(0.2)
        equal(other(), [], "another user")
        one.kill()
        again, _ = flood(host, 65534, *order)
        equal(answered(host, again, SENT, "they are refused"), {LIMIT: SENT}, "after it has gone")
    finally:
        host.machine.store.signal(signal.SIGCONT)
    # polkit is asked for those who are still there
    check(b"manage-devices" in polkit.popen.stdout.readline(), "no question")
    read, one = flood(host, 65534, *order)
    for _ in range(ORDERS):
        check(b"manage-devices" in polkit.popen.stdout.readline(), "no question")
    equal(answered(host, read, left, "the others are refused"), {LIMIT: left}, "at polkit")
    one.kill()
    for _ in range(ORDERS):
        equal(polkit.popen.stdout.readline(), b"cancel\n", "what polkit receives")
