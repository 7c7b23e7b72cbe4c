# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests that end, at any moment and in every way, and come back."""

import os

from harness import drivers, proxy
from harness.runner import case
from harness.world import check, equal


def all_gone(host, domids):
    """Nothing under any of the three trees, nor of the parents made for it."""
    def left():
        return {path: node for path, node in (
            host.client.tree("/local/domain/0/backend") | host.client.tree("/mydevice")
            | {path: node for domid in domids
               for path, node in host.client.tree(f"/local/domain/{domid}").items()}).items()
            if path not in ("/local/domain/0/backend", "/mydevice")}

    host.expect(lambda: not left(), "both directories, their parents and the record are gone",
                left)
    equal(host.attachd.list(), [], "the list")


def dies_in_every_way(host, prepare):
    """prepare(guest) brings a guest to the moment in question."""
    other = host.guest(30, "bystander")
    host.attachd.start()
    host.connected(other, 0)
    kept = other.nodes(0)
    domid = 6
    for end in ("destroy", "zombie", "crash", "poweroff"):
        domid += 1
        one = host.guest(domid, f"web{domid}")
        prepare(one)
        if end in ("crash", "poweroff"):
            host.toolstack.shut_down(domid, end)
            host.expect(lambda: not one.traces(), f"the devices of a guest after {end} go",
                        one.traces)
        host.destroy(one, zombie=end == "zombie")
        host.expect(lambda: not one.traces() and not host.client.tree(one.home),
                    f"nothing is left after {end}",
                    lambda: {**one.traces(), **host.client.tree(one.home)})
        equal([entry["domid"] for entry in host.attachd.list()], [30], "the list")
    equal(other.nodes(0), kept, "the other guest's device")
    host.destroy(other)
    all_gone(host, range(7, domid + 1))


@case
def death_between_name_and_request(host):
    dies_in_every_way(host, lambda one: one.wish(0, "demo"))


@case
def death_right_after_the_request(host):
    dies_in_every_way(host, lambda one: one.request(0, "demo"))


@case
def death_before_the_drivers_connect(host):
    def prepare(one):
        one.request(0, "demo")
        host.expect(lambda: one.attached(0), "the device is attached", lambda: one.status(0))
        drivers.Backend(one, 0)
        one.client.write(one.frontend(0, "ring-ref"), "8")
        one.client.write(one.frontend(0, "state"), drivers.INITIALISED)
    dies_in_every_way(host, prepare)


@case
def death_while_connected(host):
    def prepare(one):
        host.connected(one, 0)
        host.connected(one, 1, "log")
    dies_in_every_way(host, prepare)


@case
def death_while_closing(host):
    def prepare(one):
        front, back = host.connected(one, 0)
        front.ignores = back.ignores = "56"
        one.withdraw(0)
        host.expect(lambda: one.states(0)[1] == drivers.CLOSING, "it is told to close")
    dies_in_every_way(host, prepare)


def at_every_step_of_an_attach(host, happen, done):
    """attachd halts before each of the requests it makes for an attach, while
    happen(guest) happens. done(guest) has to hold soon after."""
    between = proxy.Proxy(host.machine.socket, os.path.join(host.dir, "proxy"))
    host.attachd.store_path = between.path
    host.attachd.start()
    step, halted = 0, True
    while halted:
        step += 1
        one = host.guest(100 + step, f"web{step}")
        one.wish(0, "demo")
        # what attachd has to do about the guest itself is over
        host.settle(0.03)
        reached, go_on = between.halt_at(step)
        one.client.write(one.request_path(0, "request"), "1")
        host.expect(lambda: reached.is_set() or one.attached(0), f"it gets to step {step}")
        halted = reached.is_set()
        happen(one)
        go_on.set()
        # it may have been so before attachd went on
        between.wait_idle(host)
        host.expect(lambda: done(one), f"all is well after step {step}",
                    lambda: {**one.traces(), **host.client.tree(f"{one.home}/data")})
        between.wait_idle(host)
        check(done(one), f"after step {step} something came back: {one.traces()}")
        if one.domid in host.guests:
            host.destroy(one)
        check(step < 200, "it never ends")
    check(step > 10, f"only {step} steps")
    host.expect(lambda: host.attachd.list() == [], "the list is empty", host.attachd.list)
    host.attachd.stop()
    between.close()


@case
def death_at_every_step_of_an_attach(host):
    at_every_step_of_an_attach(
        host, host.destroy, lambda one: not one.traces() and not host.client.tree(one.home))


@case
def death_of_the_nodes_at_every_step_of_an_attach(host):
    """The toolstack removes them first and the domain some time after."""
    at_every_step_of_an_attach(
        host, lambda one: host.toolstack.remove_nodes(one.domid),
        lambda one: not one.traces() and not host.client.tree(one.home))


@case
def death_of_a_request_at_every_step_of_an_attach(host):
    """It is withdrawn: neither a device nor an answer to nobody may be left."""
    at_every_step_of_an_attach(
        host, lambda one: one.withdraw(0),
        lambda one: not one.traces() and not host.client.tree(one.request_path(0)))


@case
def death_of_a_zombie_that_somebody_holds(host):
    """Its backend goes when it is dying, not when it is at last gone: that
    backend is what holds it."""
    one = host.guest(7, "web1")
    host.attachd.start()
    _, back = host.connected(one, 0)
    back.ignores = "123456"
    host.destroy(one, zombie=True)
    all_gone(host, [7])
    host.machine.command("destroy", 7)
    again = host.guest(7, "web1")
    host.connected(again, 0)


@case
def death_of_twenty_guests_at_once(host):
    host.attachd.start()
    guests = [host.guest(domid, f"web{domid}") for domid in range(1, 21)]
    for one in guests:
        one.request(0, "demo")
    for one in guests:
        host.destroy(one)
    all_gone(host, range(1, 21))


@case
def death_and_rebirth_by_reboot(host):
    one = host.guest(7, "web1")
    host.attachd.start()
    host.connected(one, 0)
    for domid in (8, 9):
        host.toolstack.shut_down(one.domid, "reboot")
        host.destroy(one)
        before, one = one, host.guest(domid, "web1", one.uuid)
        host.connected(one, 0)
        host.expect(lambda: not before.traces(), "nothing of its earlier life is left",
                    before.traces)
    entry, = host.attachd.list()
    equal((entry["domid"], entry["uuid"]), (9, one.uuid), "who is listed")


@case
def death_and_another_guest_of_the_same_id(host):
    host.attachd.start()
    for round_ in range(5):
        one = host.guest(7, f"web{round_}", f"00000000-0000-4000-8000-00000000000{round_}")
        host.connected(one, 0, f"demo{round_}")
        equal(host.client.get(one.backend(0, "name")), f"demo{round_}", "whose device it is")
        equal(host.client.get(one.backend(0, "guest")), f"web{round_}", "whose backend it is")
        entry, = host.attachd.list()
        equal(entry["uuid"], one.uuid, "who is listed")
        host.destroy(one)


@case
def death_and_another_guest_while_the_daemon_was_away(host):
    one, kept = host.guest(7, "web1"), host.guest(9, "web3")
    host.attachd.start()
    host.connected(one, 0)
    host.connected(kept, 0)
    host.attachd.kill()
    host.destroy(one)
    two = host.guest(7, "web2")
    nodes = kept.nodes(0)
    host.attachd.start()
    host.expect(lambda: not two.traces(), "what was another's is gone", two.traces)
    two.request(0, "log")
    host.expect(lambda: two.attached(0), "the new guest is served", lambda: two.status(0))
    equal(host.client.get(two.backend(0, "name")), "log", "whose device it is")
    equal(kept.nodes(0), nodes, "who lived on")


@case
def death_while_the_daemon_was_away(host):
    one, two = host.guest(7, "web1"), host.guest(8, "web2")
    host.attachd.start()
    host.connected(one, 0)
    host.connected(two, 0)
    host.attachd.stop()
    host.destroy(one)
    two.withdraw(0)
    host.attachd.start()
    host.expect(lambda: not one.traces() and not two.traces(), "both are cleaned up",
                lambda: {**one.traces(), **two.traces()})


@case
def death_is_not_a_suspended_guest(host):
    """It may be resumed where it is, with its devices as they were."""
    one = host.guest(7, "web1")
    host.attachd.start()
    host.connected(one, 0)
    nodes = one.nodes(0)
    host.toolstack.shut_down(7, "suspend")
    host.settle()
    host.toolstack.unpause(7)
    host.settle(0.1)
    equal(one.nodes(0), nodes, "the device after a cancelled suspend")


@case
def death_of_a_guest_that_never_was_whole(host):
    host.attachd.start()
    host.toolstack.make(7, "web1", "00000000-0000-4000-8000-000000000007")
    host.settle(0.1)
    host.toolstack.remove_nodes(7)
    host.machine.command("destroy", 7)
    one = host.guest(7, "web1")
    host.connected(one, 0)
    check(one.attached(0), "the next one of this id")
