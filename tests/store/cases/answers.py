# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that writes into the answer to its request does not hide what it was answered."""

from harness.runner import case
from harness.world import check, equal

POLICY = "[Defaults]\nMaxChannels=1\n[Device secret]\nAllow=no\n"


def counted(host):
    """(denied of all guests, refused of domain 7)"""
    lines = dict(line.rsplit(" ", 1) for line in host.attachd.ctl("metrics")[1].splitlines()
                 if not line.startswith("#"))
    return (int(lines["mydevice_denied_total"]),
            int(lines.get('mydevice_guest_refused_total{domid="7",guest="web1"}', 0)))


def lines_about(host, name):
    return [line for line in host.attachd.log_text().splitlines()
            if "denied: " in line and f'"{name}"' in line]


@case
def answers_that_the_guest_wrote_itself(host):
    host.attachd.set_policy(POLICY)
    host.attachd.start()
    one, other = host.guest(7, "web1"), host.guest(8, "web2")
    other.request(0, "secret")
    host.expect(lambda: other.status(0), "an answer")
    expected = other.status(0)
    check(expected.startswith("denied: "), expected)
    before, lines = counted(host), len(lines_about(host, "secret"))
    one.wish(0, "secret", status=expected)
    one.client.write(one.request_path(0, "request"), "1")
    host.expect(lambda: len(lines_about(host, "secret")) == lines + 1, "it is logged",
                lambda: lines_about(host, "secret"))
    host.expect(lambda: counted(host) == (before[0] + 1, before[1] + 1), "it is counted",
                lambda: (before, counted(host)))
    # looked at again, it is not said again
    for _ in range(3):
        host.attachd.reload()
    host.settle(0.3)
    equal(counted(host), (before[0] + 1, before[1] + 1), "it is counted once")
    # another name, and the answer to that is there already, too
    one.client.write(one.request_path(0, "name"), "fine")
    one.client.write(one.request_path(0, "request"), "1")
    host.expect(lambda: one.attached(0), "it is attached", lambda: one.status(0))
    one.request(1, "first")
    host.expect(lambda: one.status(1), "an answer")
    full = one.status(1)
    one.wish(2, "second", status=full)
    one.client.write(one.request_path(2, "request"), "1")
    host.expect(lambda: counted(host)[0] == before[0] + 3, "a second one is counted",
                lambda: (before, counted(host)))
    # the same request with another name, whose denial has the same words
    one.client.write(one.request_path(2, "name"), "third")
    one.client.write(one.request_path(2, "request"), "1")
    host.expect(lambda: counted(host)[0] == before[0] + 4, "a third one is counted",
                lambda: (before, counted(host)))
    # withdrawn, and requested again
    one.withdraw(2)
    host.settle(0.2)
    one.wish(2, "third", status=full)
    one.client.write(one.request_path(2, "request"), "1")
    host.expect(lambda: counted(host)[0] == before[0] + 5, "a fourth one is counted",
                lambda: (before, counted(host)))


@case
def answers_that_the_guest_takes_away(host):
    host.attachd.set_policy(POLICY)
    host.attachd.start()
    one = host.guest(7, "web1")
    host.connected(one, 0)
    one.request(1, "secret")
    for devid in (0, 1):
        host.expect(lambda: one.status(devid), "an answer")
        answer = one.status(devid)
        for lie in ("attached" if devid else "denied: no", "", "x" * 300):
            one.client.write(one.request_path(devid, "status"), lie)
            one.client.write(one.request_path(devid, "request"), "1")
            host.expect(lambda: one.status(devid) == answer, "it is answered again",
                        lambda: one.status(devid))
    equal(one.states(0), ("4", "4"), "its device")


@case
def answers_after_a_restart(host):
    """What is attached is not answered again, what is denied is said again."""
    host.attachd.set_policy(POLICY)
    host.attachd.start()
    one = host.guest(7, "web1")
    host.connected(one, 0)
    one.request(1, "secret")
    host.expect(lambda: one.status(1), "an answer")
    changes = host.record_events(f"{one.home}/data")
    host.attachd.kill()
    host.attachd.start()
    host.expect(lambda: counted(host)[0] == 1, "it is counted", lambda: counted(host))
    equal(changes, [], "what was written")
    equal(len(lines_about(host, "secret")), 2, "lines about it")
