# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest has watches and reads none of their events, so that oxenstored serves
whoever writes what it watches no more."""

import time

from harness import wire
from harness.runner import case, note
from harness.world import check, equal

REQUESTS = 300
# more than oxenstored keeps for a watch, with what attachd adds
JUNK = 650
# C xenstored takes a second of the processor for each ten of them
WATCHES = {"c": 20, "oxenstored": 90}


class Deaf:
    """What such a guest does, over a connection that nobody else reads from."""

    def __init__(self, host, one):
        self.one = one
        self.watches = WATCHES[host.kind]
        self.client = one.client
        host.clients.remove(self.client)

    def begin(self):
        equal(self.client.flood([(wire.WATCH, b"data/mydevice\0t%d\0" % number)
                                 for number in range(self.watches)]), {}, "refused watches")
        number = int(wire.text(self.client.call(wire.TRANSACTION_START, b"\0").rstrip(b"\0")))
        for devid in range(REQUESTS):
            self.client.write(f"data/mydevice/{devid}/request", "1", number)
        for value in range(JUNK):
            self.client.write("data/mydevice/junk", value, number)
        self.client.send(wire.TRANSACTION_END, b"T\0", number)

    def listen(self):
        """From now on it reads. It gives up its watches, too."""
        for number in range(self.watches):
            self.client.send(wire.UNWATCH, b"data/mydevice\0t%d\0" % number)
        try:
            while True:
                self.client.receive(time.monotonic() + 1)
        except wire.StoreGone:
            self.client.inbox = b""


def left_alone(host):
    return host.attachd.log_text().count("left alone for")


@case
def stall_by_who_reads_nothing(host):
    deaf_one, quiet = host.guest(7, "deaf"), host.guest(8, "quiet")
    host.attachd.start()
    host.connected(deaf_one, 1000)
    host.connected(quiet, 0)
    # C xenstored takes seconds for what follows, and serves nobody meanwhile
    quiet.client.timeout = host.client.timeout = 60
    deaf = Deaf(host, deaf_one)
    deaf.begin()
    asked = time.monotonic()
    quiet.request(1, "log")
    if host.kind == "oxenstored":
        host.expect(lambda: left_alone(host), "it is found out", within=20)
        note(f"found out after {time.monotonic() - asked:.1f} s")
    host.expect(lambda: quiet.attached(1), "another guest is served", lambda: quiet.status(1),
                within=60)
    if host.kind == "oxenstored":
        status, _, words = host.attachd.ctl("attach", "deaf", "more")
        check(status == 9 and "left alone" in words, f"an order: {status}, {words}")
        host.expect(lambda: "left alone for 16 s" in host.attachd.log_text(),
                    "the next time is longer", within=30)
        quiet.request(2, "more")
        host.expect(lambda: quiet.attached(2), "another guest is served then", within=10)
    deaf.listen()
    host.expect(lambda: deaf_one.status(REQUESTS - 1), "it is served itself when it reads",
                within=40)
    equal(left_alone(host), 2 if host.kind == "oxenstored" else 0, "times that it was left alone")
    host.expect(lambda: "deaf" in {entry["guest"] for entry in host.attachd.list()},
                "what it had is known again")
    equal((deaf_one.states(1000), quiet.states(0)), (("4", "4"), ("4", "4")), "what was there")
    check("has gone" not in host.attachd.log_text(), "it lost the store")
