# SPDX-License-Identifier: GPL-2.0-or-later
"""The host itself: is it one that attachd's behaviour can be judged by?"""

import subprocess

from harness import wire
from harness.runner import case
from harness.world import Failure, check, equal


def refused(client, action, *arguments):
    try:
        action(*arguments)
    except wire.StoreError as error:
        equal(error.name, "EACCES", f"{arguments[0]}")
        return
    raise Failure(f"a guest may {action.__name__} {arguments[0]}")


@case
def host_guest_has_no_more_rights_than_a_real_one(host):
    one, other = host.guest(7, "web1"), host.guest(8, "web2")
    host.client.make("/mydevice", "n0")
    host.client.make("/mydevice/7", "n0", "secret")
    one.client.write("data/mine", "1")
    equal(host.client.perms(f"{one.home}/data/mine"), "n7", "who owns what a guest wrote")
    refused(one.client, one.client.read, "/mydevice/7")
    refused(one.client, one.client.write, f"{other.home}/data/x", "1")
    refused(one.client, one.client.read, f"{other.home}/data")
    refused(one.client, one.client.write, f"{one.home}/name", "liar")
    refused(one.client, one.client.write, f"{one.home}/device/mydevice/0/state", "1")
    refused(one.client, one.client.write, "/local/domain/0/backend/mydevice/7/0/state", "4")
    refused(one.client, one.client.set_perms, f"{one.home}/device", "n7")


@case
def host_enforces_quotas(host):
    one = host.guest(7, "web1")
    errors = one.client.flood((wire.WRITE, b"data/%d\0x" % i) for i in range(1500))
    check(400 < sum(errors.values()) < 1000, f"1500 nodes of a guest: {errors}")
    host.client.write("/tool/of-dom0", "1")
    try:
        one.client.write("data/0", "x" * 3000)
    except wire.StoreError as error:
        check(error.name in ("ENOSPC", "EINVAL", "E2BIG"), f"3000 bytes: {error.name}")
    else:
        raise Failure("a node of 3000 bytes was taken")


@case
def host_tells_of_domains_that_come_and_go(host):
    events = []
    host.connect().watch("@introduceDomain", lambda path: events.append("introduced"))
    host.connect().watch("@releaseDomain", lambda path: events.append("released"))
    host.settle(0.05)
    events.clear()
    one = host.guest(7, "web1")
    host.expect(lambda: events == ["introduced"], "an introduction is told", lambda: events)
    host.toolstack.shut_down(7, "crash")
    host.expect(lambda: events == ["introduced", "released"], "a crash is told", lambda: events)
    host.destroy(one)
    host.expect(lambda: events[2:], "the end is told", lambda: events)
    equal(events[2:], ["released"] * len(events[2:]), "what is told at the end")
    again = host.guest(7, "web1")
    again.client.write("data/a", "1")


@case
def host_serves_ordinary_clients(host):
    one = host.guest(7, "web1")
    one.client.write("data/a", "1")
    one.disconnect()

    def tool(*argv, domid=7):
        path = host.machine.guest_socket(domid) if domid else host.machine.socket
        return subprocess.run(argv, env={"XENSTORED_PATH": path, "PATH": "/usr/bin:/bin"},
                              capture_output=True, timeout=60, check=False)

    equal(tool("xenstore-read", "data/a").stdout, b"1\n", "xenstore-read in a guest")
    check(tool("xenstore-write", "/tool/x", "1").returncode != 0, "a guest wrote /tool/x")
    listing = tool("xenstore-ls", "-fp", one.home, domid=0).stdout.decode()
    check(f'{one.home}/data/a = "1"   (n7)' in listing, f"xenstore-ls -fp says: {listing}")
    # the watches of one client are none of the next one's business
    one.client.watch("data", lambda path: None)
    one.disconnect()
    equal(tool("xenstore-read", "data/a").stdout, b"1\n", "xenstore-read after a watcher")
