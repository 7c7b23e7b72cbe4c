# SPDX-License-Identifier: GPL-2.0-or-later
"""XenStore's quotas: what is used up is said by name, to who can do something
about it, and passes by itself."""

import os

from harness import proxy, wire
from harness.runner import case
from harness.world import check, equal

# What each xenstored calls it, in an answer to who is over his quota.
NAMES = {
    "c": {"nodes": "ENOSPC", "size": "ENOSPC", "watches": "E2BIG", "transactions": "ENOSPC"},
    "oxenstored": {"nodes": "EQUOTA", "size": "E2BIG", "watches": "EQUOTA",
                   "transactions": "EQUOTA"},
}
TEXTS = {
    "nodes": "the guest's quota of XenStore nodes is used up",
    "size": "it is more than XenStore takes: the quota of a node's size, or 4096 bytes",
    "watches": "the quota of XenStore watches is used up",
    "transactions": "the quota of XenStore transactions is used up",
}


def over(client, what):
    """All that is refused to who asks for too much of it."""
    if what == "nodes":
        requests = [(wire.WRITE, b"data/full/%d\0x" % i) for i in range(1500)]
    elif what == "size":
        requests = [(wire.WRITE, b"data/long\0" + b"x" * 3000)]
    elif what == "watches":
        requests = [(wire.WATCH, b"data/%d\0t\0" % i) for i in range(200)]
    else:
        requests = [(wire.TRANSACTION_START, b"\0")] * 30
    return set(client.flood(requests))


@case
def quota_of_guests_and_of_domain_0(host):
    """For a domain 0 there is none but one: what attachd meets of the others it
    meets by a proxy that answers as the stock daemons answer here."""
    one = host.guest(7, "web1")
    for what, name in NAMES[host.kind].items():
        equal(over(one.client, what), {name}, f"a guest over its quota of {what}")
        one.disconnect()
    client = host.connect()
    for what in ("watches", "transactions"):
        equal(over(client, what), set(), f"domain 0 over the quota of {what}")


@case
def quota_of_nodes_is_not_in_the_way(host):
    """The nodes of its frontend are the guest's own, but it is domain 0 that writes them."""
    one = host.guest(7, "web1")
    host.attachd.start()
    equal(over(one.client, "nodes"), {NAMES[host.kind]["nodes"]}, "1500 nodes")
    one.client.remove("data/full/0")
    one.client.remove("data/full/1")
    one.client.remove("data/full/2")
    one.client.remove("data/full/3")
    one.request(0, "demo")
    equal(over(one.client, "nodes"), {NAMES[host.kind]["nodes"]}, "1500 nodes again")
    host.expect(lambda: one.attached(0), "it is attached", lambda: one.status(0))
    equal(len(one.nodes(0)), 16, "nodes of its device")
    one.client.remove("data/full")
    one.withdraw(0)
    host.expect(lambda: not one.traces(), "and goes", one.traces)


@case
def quota_of_a_nodes_size(host):
    """Nothing attachd writes is longer than the stock quota; an operator's own may be less."""
    host.machine.stop_store()
    host.forget_connections()
    host.start_store(maxsize=128)
    host.attachd.start()
    one = host.guest(7, "web1")
    one.request(0, "demo")
    if host.kind == "c":
        # it holds for guests alone
        host.expect(lambda: one.attached(0), "it is attached", lambda: one.status(0))
        return
    host.expect(lambda: one.status(0), "an answer")
    equal(one.status(0), f"error: cannot be attached: {TEXTS['size']}", "the answer")
    equal(one.traces(), {}, "what is left of it")
    check(TEXTS["size"] in host.attachd.log_text(), "the log does not say why")


class Refusal:
    """Answers the next request of a kind, on a path, as who is over a quota is answered."""

    def __init__(self):
        self.kind = self.path = self.error = None

    def arm(self, error, kind, path=b""):
        self.kind, self.path, self.error = kind, path, error

    def __call__(self, kind, payload):
        if kind != self.kind or not payload.startswith(self.path):
            return None
        self.kind = None
        return self.error


@case
def quota_by_name(host):
    between = proxy.Proxy(host.machine.socket, os.path.join(host.dir, "proxy"))
    host.attachd.store_path = between.path
    between.meddle = refusal = Refusal()
    names = NAMES[host.kind]
    refusal.arm(names["watches"], wire.WATCH)
    host.attachd.start()
    check(f"cannot begin to serve: {TEXTS['watches']}; trying again" in host.attachd.log_text(),
          f"the start: {host.attachd.log_text()}")
    guests = {what: host.guest(domid, f"web{domid}") for domid, what in enumerate(TEXTS, 1)}
    host.settle(0.2)
    for what, one in guests.items():
        kind, path = {
            "nodes": (wire.WRITE, wire.raw(one.frontend(0, "backend"))),
            "size": (wire.WRITE, wire.raw(one.backend(0, "name"))),
            "watches": (wire.WATCH, wire.raw(one.backend(0, "state"))),
            "transactions": (wire.TRANSACTION_START, b""),
        }[what]
        # of domain 0's writes only the store that says so refuses long ones
        refusal.arm("E2BIG" if what == "size" else names[what], kind, path)
        one.request(0, "demo")
        host.expect(lambda: one.status(0), "an answer")
        equal(one.status(0), f"error: cannot be attached: {TEXTS[what]}", f"over {what}")
        equal(one.traces(), {}, f"what is left over {what}")
    for what, one in guests.items():
        host.expect(lambda: one.attached(0), f"it is attached by itself, after {what}",
                    lambda: one.status(0))
    # of an operator's order: the device goes, and the note about it waits
    one = guests["nodes"]
    refusal.arm(names["nodes"], wire.WRITE, b"/mydevice/1/withheld")
    status, _, err = host.attachd.ctl("detach", "web1", "demo")
    equal((status, err), (0, ""), "detach")
    check(f"cannot note that it is to stay away: {TEXTS['nodes']}" in host.attachd.log_text(),
          "the log does not say why")
    between.close()
