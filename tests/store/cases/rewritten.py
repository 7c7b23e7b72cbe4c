# SPDX-License-Identifier: GPL-2.0-or-later
"""Another program rewrites what stands in XenStore for a device, as tutorials have it."""

from harness.runner import case
from harness.world import check, equal

POLICY = "[Defaults]\nDetachTimeoutSec=1\n"


def lines(host):
    return [line for line in host.attachd.log_text().splitlines() if "another program" in line]


def chmod(host, path, perms):
    for node in host.client.tree(path):
        host.client.set_perms(node, perms)


def whole(host, one, devid):
    """With the owners that attachd gives."""
    perms = {path: perms for path, (_, perms) in
             (host.client.tree(one.frontend(devid)) | host.client.tree(one.backend(devid))).items()}
    return perms and all(found == ("n0,r7" if "/backend/" in path and path.startswith(
        "/local/domain/0/") else "n7,r0") for path, found in perms.items())


def by_hand(host, one, devid):
    """activate.sh of a tutorial."""
    front, back = one.frontend(devid), one.backend(devid)
    for path, value in ((f"{front}/backend-id", "0"), (f"{front}/backend", back + "/"),
                        (f"{front}/state", "1"), (f"{back}/frontend-id", "9"),
                        (f"{back}/frontend", front), (f"{back}/online", "1"),
                        (f"{back}/state", "1")):
        host.client.write(path, value)
    chmod(host, front, "r0,b7")
    chmod(host, back, "b0,r7")


@case
def rewritten_by_a_tutorials_script(host):
    host.attachd.set_policy(POLICY)
    host.attachd.start()
    one, other = host.guest(7, "web1"), host.guest(8, "web2")
    front, _ = host.connected(one, 0)
    host.connected(other, 0)
    before = other.nodes(0)
    for turn in (1, 2):
        host.settle(0.3)
        before_lines = len(lines(host))
        by_hand(host, one, 0)
        host.expect(lambda: whole(host, one, 0), "its owners are restored",
                    lambda: one.nodes(0))
        equal(host.client.get(one.frontend(0, "backend")), one.backend(0), "its backend")
        equal(host.client.get(one.backend(0, "frontend-id")), "7", "its frontend's domain")
        # a driver that reads its own state begins as if just probed
        front.stop()
        front, _ = host.join(one, 0)
        said = "\n".join(lines(host)[before_lines:])
        for words in (f"changed {one.frontend(0)}/backend: expected \"{one.backend(0)}\", found "
                      f"\"{one.backend(0)}/\"",
                      f"changed {one.backend(0)}/frontend-id: expected \"7\", found \"9\"",
                      f"permissions of {one.frontend(0)}: expected n7,r0, found r0,b7",
                      f"permissions of {one.backend(0)}: expected n0,r7, found b0,r7",
                      f"changed {one.backend(0)}/state: expected Connected, found Initialising"):
            check(words in said, f"round {turn}: {words!r} is not in: {said}")
    equal(other.nodes(0), before, "another guest's device")


@case
def rewritten_permissions_of_a_connected_device(host):
    """It stays connected meanwhile."""
    host.attachd.set_policy(POLICY)
    host.attachd.start()
    one = host.guest(7, "web1")
    host.connected(one, 0)
    host.settle(1.2)
    chmod(host, one.backend(0), "r0,b7")
    host.expect(lambda: whole(host, one, 0), "its owners are restored", lambda: one.nodes(0))
    equal(one.states(0), ("4", "4"), "its states")
    check(f"permissions of {one.backend(0)}: expected n0,r7, found r0,b7" in "\n".join(lines(host)),
          lines(host))
    # nothing is said of drivers that do what drivers do
    before = len(lines(host))
    one.withdraw(0)
    host.expect(lambda: one.states(0) == (None, None), "it goes", lambda: one.states(0))
    front, _ = host.connected(one, 1)
    front.reload()
    host.settle(1.5)
    equal(len(lines(host)), before, "lines about drivers")


@case
def rewritten_again_and_again_by_its_guest(host):
    """It owns its directory; it is set right less and less often."""
    host.attachd.set_policy(POLICY)
    host.attachd.start()
    one = host.guest(7, "web1")
    host.connected(one, 0)
    path = one.frontend(0)
    for i in range(40):
        one.client.write(f"{path}/backend-id", "8")
        one.client.write(f"{path}/junk{i}", "junk")
        one.client.set_perms(f"{path}/state", "b7")
        one.client.write(f"{path}/state", "4")
        host.settle(0.3)
    check(len(lines(host)) < 40, f"{len(lines(host))} lines in 12 s")
    host.attachd.stop()
    host.attachd.start()
    one.withdraw(0)
    host.expect(lambda: not one.traces(), "it goes", one.traces)
