# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest writes where it must not, and where it may but nobody may believe it."""

from harness import wire
from harness.runner import case
from harness.world import Failure, check, equal


def refused(one, kind, path, *rest):
    try:
        one.client.call(kind, b"\0".join([wire.raw(path), *rest]) + (b"" if rest else b"\0"))
    except wire.StoreError as error:
        check(error.name in ("EACCES", "ENOENT"), f"{path}: {error.name}")
        return
    raise Failure(f"the guest was allowed request {kind} on {path}")


@case
def forbidden_paths_are_out_of_reach(host):
    one, other = host.guest(7, "web1"), host.guest(8, "web2")
    host.attachd.start()
    host.connected(one, 0)
    host.connected(other, 0)
    host.settle(0.1)
    before = {**one.nodes(0), **other.nodes(0)}
    targets = [one.backend(0), one.backend(0, "state"), one.backend(0, "online"),
               one.backend(0, "new"), one.record(0), "/mydevice", "/mydevice/7/mydevice@new",
               "/mydevice/new", other.frontend(0), other.frontend(0, "state"),
               other.backend(0, "state"), other.record(0), other.request_path(0, "request"),
               other.request_path(1, "request"), one.frontend(1),
               "/local/domain/0/backend/mydevice/7", "/local/domain/0/backend/mydevice/7/9",
               f"{one.home}/device/mydevice", f"{one.home}/name", f"{one.home}/vm"]
    for path in targets:
        refused(one, wire.WRITE, path, b"1")
        if host.client.get(path) is not None:
            refused(one, wire.RM, path)
        refused(one, wire.SET_PERMS, path, b"b7", b"")
    for path in (one.record(0), other.frontend(0), other.frontend(0, "state"),
                 other.backend(0, "state"), other.request_path(0, "name")):
        refused(one, wire.READ, path)
    for path in ("/mydevice", other.frontend(0), "/local/domain/0/backend/mydevice/8"):
        refused(one, wire.DIRECTORY, path)
    equal({**one.nodes(0), **other.nodes(0)}, before, "the nodes after it tried")


LIES = ("backend", "backend-id", "state", "ring-ref", "event-channel", "protocol")


@case
def forbidden_lies_in_its_own_frontend_are_not_believed(host):
    """It owns that directory: what it makes of it must hit nobody else."""
    one, other = host.guest(7, "web1"), host.guest(8, "web2")
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    host.attachd.start()
    host.connected(other, 0)
    host.client.make("/tool/treasure", "n0", "gold")
    host.settle(0.1)
    before = {**other.nodes(0), **host.client.tree("/tool")}
    targets = [other.backend(0), "/tool/treasure", "/tool", "/", "/mydevice", "/local/domain/0",
               "/local/domain/0/backend", "../../../../../tool", "", "x" * 2000,
               "/local/domain/7/backend/mydevice/7/0"]
    for target in targets:
        front, _ = host.connected(one, 0)
        one.client.write(one.frontend(0, "backend"), target)
        one.client.write(one.frontend(0, "backend-id"), "8")
        one.client.write(one.frontend(0, "frontend"), target)
        one.withdraw(0)
        host.expect(lambda: not one.traces(), f"all is gone, though it said {target!r}",
                    one.traces)
        front.stop()
        equal({**other.nodes(0), **host.client.tree("/tool")}, before,
              f"what is another's, after {target!r}")


@case
def forbidden_lies_told_while_the_daemon_was_away(host):
    one, other = host.guest(7, "web1"), host.guest(8, "web2")
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    host.attachd.start()
    host.connected(one, 0)
    host.connected(other, 0)
    host.client.make("/tool/treasure", "n0", "gold")
    host.attachd.kill()
    before = {**other.nodes(0), **host.client.tree("/tool")}
    one.client.write(one.frontend(0, "backend"), other.backend(0))
    one.client.write(one.frontend(0, "backend-id"), "8")
    host.attachd.start()
    host.settle()
    equal({**other.nodes(0), **host.client.tree("/tool")}, before, "what is another's")
    one.withdraw(0)
    host.expect(lambda: not one.traces(), "its own goes", one.traces)
    equal({**other.nodes(0), **host.client.tree("/tool")}, before, "what is another's, then")


@case
def forbidden_permissions_that_the_guest_changes(host):
    one, other = host.guest(7, "web1"), host.guest(8, "web2")
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    host.attachd.start()
    for perms in ("b7", "n7", "n7,b8", "w7,w8"):
        front, _ = host.connected(one, 0)
        one.client.set_perms(one.frontend(0), perms)
        one.client.set_perms(one.frontend(0, "state"), perms)
        one.client.set_perms(one.request_path(0), perms)
        one.withdraw(0)
        host.expect(lambda: not one.traces(), f"all is gone in spite of {perms}", one.traces)
        front.stop()
    one.client.set_perms(f"{one.home}/data/mydevice", "b7,b8")
    other.client.write(one.request_path(1, "name"), "stolen")
    other.client.write(one.request_path(1, "request"), "1")
    # what its owner lets others write is its own request all the same
    host.expect(lambda: one.attached(1), "it is the owner's", lambda: one.status(1))
    equal(host.client.perms(one.frontend(1)), "n7,r0", "whose frontend it is")
    equal(host.client.perms(one.backend(1)), "n0,r7", "whose backend it is")


@case
def forbidden_frontend_filled_up_to_the_quota(host):
    one = host.guest(7, "web1")
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    host.attachd.start()
    host.connected(one, 0)
    path = one.frontend(0).encode()
    errors = one.client.flood((wire.WRITE, path + b"/d%d/x%d\0x" % (i % 40, i))
                              for i in range(1500))
    check(errors, "the quota was never reached")
    one.withdraw(0)
    host.expect(lambda: not one.traces(), "all of it goes", one.traces)


def write_or_remove(action, *arguments):
    """If it is still there to do it with."""
    try:
        action(*arguments)
    except wire.StoreError as error:
        check(error.name in ("EACCES", "ENOENT"), f"{arguments[0]}: {error.name}")


def remove_frontend(host, one):
    """All it can of it."""
    try:
        one.client.remove(one.frontend(0))
    except wire.StoreError as error:
        # some stores want the right to write to the parent too
        equal(error.name, "EACCES", "removing its own frontend")
        for path in host.client.tree(one.frontend(0)):
            if path != one.frontend(0):
                write_or_remove(one.client.remove, path)


def write_frontend(one, nodes):
    for path, (value, _) in nodes.items():
        write_or_remove(one.client.write, path, value)


@case
def forbidden_frontend_removed_by_its_guest(host):
    """A guest may do it to itself in any state: the backend goes too, and what
    it still asks for comes back whole."""
    one, other = host.guest(7, "web1"), host.guest(8, "web2")
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    host.attachd.start()
    host.connected(other, 0)
    front, back = host.connected(one, 0)
    front.stop()
    front.ignores = "123456"
    remove_frontend(host, one)
    host.expect(lambda: one.states(0) == ("1", "1") and one.attached(0),
                "it comes back", lambda: (one.states(0), one.status(0)))
    del back
    host.join(one, 0)
    equal(other.states(0), ("4", "4"), "the other guest's device")


@case
def forbidden_frontend_rebuilt_by_its_guest(host):
    """Nodes that were taken away and put back in between are those of before."""
    one = host.guest(7, "web1")
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    host.attachd.start()
    front, _ = host.connected(one, 0)
    front.stop()
    for _ in range(50):
        for node in LIES:
            one.client.remove(one.frontend(0, node))
        for node in LIES:
            one.client.write(one.frontend(0, node), "4")
    host.settle(2)
    check(host.attachd.running(), "attachd died")
    one.withdraw(0)
    host.expect(lambda: not one.traces(), "all of it goes", one.traces)


@case
def forbidden_directories_rebuilt_in_every_state(host):
    """A guest in each of them takes its directories away and puts them back."""
    states = [*"0123456789", "", "junk"]
    guests = [host.guest(domid, f"web{domid}") for domid in range(1, len(states) + 1)]
    other = host.guest(50, "other")
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    host.attachd.start()
    host.connected(other, 0)
    kept = other.nodes(0)
    for one in guests:
        one.request(0, "demo")
    for one, state in zip(guests, states):
        front, back = host.connected(one, 0)
        front.stop()
        back.ignores = "123456789"
        one.client.write(one.frontend(0, "state"), state)
    host.settle(0.2)
    for pause in (0, 0.05):
        for one, state in zip(guests, states):
            nodes = host.client.tree(one.frontend(0))
            remove_frontend(host, one)
            one.withdraw(0)
            host.settle(pause)
            write_frontend(one, nodes)
            one.request(0, "demo")
            host.settle(pause)
            remove_frontend(host, one)
            write_frontend(one, nodes)
        host.settle(0.3)
    equal(other.nodes(0), kept, "what another guest has")
    for one, state in zip(guests, states):
        host.expect(lambda: one.attached(0) and host.client.get(one.record(0)) and
                    host.client.get(one.frontend(0, "backend")) == one.backend(0) and
                    host.client.perms(one.frontend(0)) == f"n{one.domid},r0",
                    f"in the end it has what it asks for, after state {state!r}",
                    lambda: (one.status(0), one.nodes(0)), within=20)
        one.withdraw(0)
    for one, state in zip(guests, states):
        host.expect(lambda: not one.traces(), f"it all goes, after state {state!r}", one.traces)
    equal(other.nodes(0), kept, "what another guest has, then")
