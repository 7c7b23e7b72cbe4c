# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests that were not granted are shown, whatever their guests do."""

import json
import os

from harness.runner import case
from harness.world import check, equal

POLICY = """\
[Guest web*]
Channels=log late
[Device late]
Backend=driver
[Defaults]
RateLimitBurst=1000000
"""


def shown(host, *guest):
    status, out, err = host.attachd.ctl("list", "--all", "--json", *guest)
    equal((status, err), (0, ""), "mydevicectl list --all")
    return json.loads(out)["requests"]


def states(host):
    return {(one["devid"], one["name"]): (one["state"], one["withdrawn"]) for one in shown(host)}


def becomes(host, expected):
    host.expect(lambda: states(host) == expected, f"{expected} is shown", lambda: states(host))


def metric(host):
    _, out, _ = host.attachd.ctl("metrics")
    name = "mydevice_requests_not_granted"
    return {line.split('"')[1]: int(line.split()[1]) for line in out.splitlines()
            if line.startswith(name)}


@case
def not_granted_is_shown_with_its_reason(host):
    host.attachd.set_policy(POLICY)
    host.attachd.start()
    one = host.guest(7, "web1")
    host.connected(one, 0, "log")
    equal(shown(host), [], "at first")
    one.request(1, "secret")
    one.request(2, "../x")
    one.request(3, "late")
    one.request(4, "log")
    denied = {(1, "secret"): ("denied", False), (4, "log"): ("denied", False)}
    becomes(host, {**denied, (2, None): ("failing", False), (3, "late"): ("waiting", False)})
    entry = next(one for one in shown(host) if one["devid"] == 1)
    check("Channels= in attachd.conf" in entry["reason"], f"the reason: {entry}")
    equal((entry["guest"], entry["domid"], entry["uuid"], entry["count"], entry["last_usec"]),
          ("web1", 7, one.uuid, 1, entry["since_usec"]), "the rest")
    check(abs(entry["since_usec"] - os.stat(host.attachd.log).st_mtime * 1e6) < 60e6, "the time")
    equal(metric(host), {"denied": 2, "waiting": 1, "failing": 1, "withdrawn": 0}, "the metric")
    status, out, _ = host.attachd.ctl("status")
    check("Not granted: 2 denied, 1 waiting, 1 failing, 0 withdrawn" in out, out)
    equal(json.loads(host.attachd.ctl("status", "--json")[1])["requests_not_granted"],
          {"denied": 2, "waiting": 1, "failing": 1, "withdrawn": 0}, "as JSON")
    status, out, _ = host.attachd.ctl("list", "--all")
    check("Requests that were not granted:" in out and "secret" in out, out)
    check("secret" not in host.attachd.ctl("list")[1], "list without --all")
    status, out, _ = host.attachd.ctl("status", "web1", "secret")
    check(status == 0 and "denied" in out and "late" not in out, out)
    equal(len(shown(host, "nobody")), 0, "of another guest")
    # what it gets is no more in the list
    host.guest(9, "driver")
    host.expect(lambda: (3, "late") not in states(host), "it is granted", lambda: states(host))
    host.attachd.set_policy("")
    host.attachd.reload()
    host.expect(lambda: one.attached(1), "another policy grants it", lambda: one.status(1))
    becomes(host, {(4, "log"): ("denied", False), (2, None): ("failing", False)})
    host.destroy(one)
    becomes(host, {(4, "log"): ("denied", True), (2, None): ("failing", True)})


@case
def not_granted_cannot_be_hidden(host):
    """By withdrawing the request, by changing it, by removing the whole directory, or by a flood."""
    host.attachd.set_policy(POLICY)
    host.attachd.start()
    one = host.guest(7, "web1")
    one.request(1, "secret")
    host.expect(lambda: one.status(1), "it is answered")
    one.withdraw(1)
    becomes(host, {(1, "secret"): ("denied", True)})
    one.request(1, "other")
    becomes(host, {(1, "secret"): ("denied", True), (1, "other"): ("denied", False)})
    one.request(1, "log")
    host.expect(lambda: one.attached(1), "one that may be", lambda: one.status(1))
    becomes(host, {(1, "secret"): ("denied", True), (1, "other"): ("denied", True)})
    one.request(2, "third")
    host.expect(lambda: one.status(2), "it is answered")
    one.client.remove(f"{one.home}/data/mydevice")
    becomes(host, {(1, "secret"): ("denied", True), (1, "other"): ("denied", True),
                   (2, "third"): ("denied", True)})
    equal(metric(host)["withdrawn"], 3, "the metric")
    for number in range(100):
        one.request(number % 3 + 10, f"flood-{number}")
        host.expect(lambda: (10 + number % 3, f"flood-{number}") in states(host), "it is seen")
    found = shown(host)
    equal([entry["name"] for entry in found[:3]], ["secret", "other", "third"], "the first")
    equal(found[-2]["name"], "flood-99", "the last")
    equal((found[-1]["state"], found[-1]["count"], len(found)), ("left-out", 87, 17), "the others")
    check("87 more requests" in host.attachd.ctl("list", "--all")[1], "the table")


@case(stores=("c",))
def not_granted_outlasts_the_connection(host):
    """A guest that has xenstored restarted, or its own connection lost, hides nothing by it."""
    host.attachd.set_policy(POLICY)
    host.attachd.start()
    one, other = host.guest(7, "web1"), host.guest(8, "web2")
    for guest in (one, other):
        guest.request(1, "secret")
        host.expect(lambda: guest.status(1), "it is answered")
        guest.withdraw(1)
    host.expect(lambda: all(entry["withdrawn"] for entry in shown(host)), "they are withdrawn")
    host.restart_store()
    host.expect(lambda: host.attachd.list() == [] and
                json.loads(host.attachd.ctl("status", "--json")[1])["xenstore_connected"],
                "it is connected again")
    equal(sorted(entry["guest"] for entry in shown(host)), ["web1", "web2"], "what is shown")


@case
def not_granted_outlasts_the_guest(host):
    """A guest that reboots, which makes it another domain, hides nothing by it."""
    host.attachd.set_policy(POLICY)
    host.attachd.start()
    one = host.guest(7, "web1")
    one.request(1, "secret")
    host.expect(lambda: one.status(1), "it is answered")
    host.destroy(one)
    becomes(host, {(1, "secret"): ("denied", True)})
    again = host.guest(8, "web1")
    again.request(1, "log")
    host.expect(lambda: again.attached(1), "one that may be", lambda: again.status(1))
    becomes(host, {(1, "secret"): ("denied", True)})
    equal([entry["domid"] for entry in shown(host)], [7], "whose it is")


@case(stores=("c",))
def not_granted_of_a_guest_that_storms(host):
    host.attachd.set_policy("[Guest *]\nRateLimitBurst=2\nRateLimitIntervalSec=5\nChannels=log\n")
    host.attachd.start()
    one = host.guest(7, "web1")
    for devid in range(8):
        one.request(devid, "secret")
    host.expect(lambda: (None, None) in states(host), "that it waits is shown",
                lambda: states(host))
    equal(states(host)[None, None], ("waiting", False), "its state")
    host.attachd.set_policy("[Guest *]\nChannels=log\n")
    host.attachd.reload()
    host.expect(lambda: len(states(host)) == 8 and (None, None) not in states(host),
                "all are looked at", lambda: states(host))
