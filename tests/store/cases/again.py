# SPDX-License-Identifier: GPL-2.0-or-later
"""What an operator attached comes back with its guest, known by its UUID."""

import signal

from harness.runner import case
from harness.world import check, equal

GIFT = 4095
POLICY = "[Defaults]\nDetachTimeoutSec=1\n"


def attach(host, guest, name, *options):
    status, _, err = host.attachd.ctl("attach", guest, name, *options)
    equal((status, err), (0, ""), f"attach {guest} {name}")


def has(host, one, name="log"):
    """As an operator's device, with both of its directories whole."""
    return any((entry["domid"], entry["name"], entry["origin"]) == (one.domid, name, "operator")
               and None not in one.states(entry["devid"]) for entry in host.attachd.list())


def begin(host):
    host.attachd.set_policy(POLICY)
    host.attachd.start()
    one = host.guest(7, "web1")
    host.expect(lambda: host.attachd.ctl("attach", "web1", "log", "--mode=packet",
                                         "--ring-size=8192")[0] == 0, "it is attached")
    host.join(one, GIFT)
    host.noted(one, GIFT)
    return one


def rename(host, one, name):
    host.toolstack.rename(one.domid, name)
    one.name = name


@case
def again_after_reboot_and_restore(host):
    one = begin(host)
    other = host.guest(20, "other")
    for domid, kill in ((8, False), (9, True), (10, False)):
        host.toolstack.shut_down(one.domid, "reboot")
        if kill:
            host.attachd.kill()
        host.destroy(one)
        one, before = host.guest(domid, "web1", one.uuid), one
        if kill:
            host.attachd.start()
        host.expect(lambda: has(host, one), f"domain {domid} has it again", host.attachd.list)
        equal((host.client.get(one.backend(GIFT, "mode")),
               host.client.get(one.backend(GIFT, "ring-size"))), ("packet", "8192"),
              "its settings")
        host.expect(lambda: not before.traces(), "nothing is left of before", before.traces)
        host.join(one, GIFT)
    equal(other.traces(), {}, "what another guest has")
    equal(host.client.perms("/mydevice/kept"), "n0", "who may read what is kept")
    # its guest deletes it, and gets it back; an operator detaches it, and that is that
    host.attachd.ctl("detach", "web1", "log")
    equal(one.states(GIFT), (None, None), "the device")
    check(not host.client.tree(f"/mydevice/kept/{one.uuid}"), "it is still kept")
    host.destroy(one)
    one = host.guest(11, "web1", one.uuid)
    one.request(0, "demo")
    host.expect(lambda: one.attached(0), "the guest is served", lambda: one.status(0))
    check(not has(host, one), "what was detached came back")


@case
def again_after_its_guest_deleted_it(host):
    one = begin(host)
    for path in (one.frontend(GIFT, "state"), one.frontend(GIFT, "backend")):
        one.client.remove(path)
    host.expect(lambda: one.states(GIFT) == ("1", "1"), "it comes back", one.traces)
    check(has(host, one), f"it is another device: {host.attachd.list()}")


@case
def again_for_one_of_two_with_one_uuid(host):
    one = begin(host)
    copy = host.guest(8, "copy", one.uuid)
    copy.request(0, "demo")
    host.expect(lambda: copy.attached(0), "the copy is served", lambda: copy.status(0))
    equal([entry["name"] for entry in host.attachd.list() if entry["domid"] == 8], ["demo"],
          "what the copy has")
    host.destroy(one)
    host.settle()
    check(not has(host, copy), "the copy has inherited")
    attach(host, "copy", "mine")
    again = host.guest(9, "web1", copy.uuid)
    again.request(0, "demo")
    host.expect(lambda: again.attached(0), "it is served", lambda: again.status(0))
    check(not has(host, again, "mine") and not has(host, again), "it has the copy's, or what "
          "may be the copy's")
    host.attachd.kill()
    host.attachd.start()
    equal({(entry["domid"], entry["name"]) for entry in host.attachd.list()},
          {(8, "demo"), (8, "mine"), (9, "demo")}, "after a restart")


@case
def again_after_migration_on_one_host(host):
    one = begin(host)
    nodes = one.nodes(GIFT)
    two = host.guest(8, "web1--incoming", one.uuid)
    host.never(two.traces, "a device for a guest that is still arriving")
    equal(one.nodes(GIFT), nodes, "the one it is a copy of")
    rename(host, one, "web1--migratedaway")
    rename(host, two, "web1")
    host.expect(lambda: has(host, two), "it has it at once", host.attachd.list)
    host.join(two, GIFT)
    host.destroy(one)
    host.expect(lambda: not one.traces(), "nothing is left of the first", one.traces)
    equal(two.states(GIFT), ("4", "4"), "the device of the one that arrived")
    # by another name it is the same guest
    rename(host, two, "shop")
    host.expect(lambda: [entry["guest"] for entry in host.attachd.list()] == ["shop"],
                "it is listed by its new name", host.attachd.list)
    host.destroy(two)
    three = host.guest(9, "shop", two.uuid)
    host.expect(lambda: has(host, three), "it has it again", host.attachd.list)


@case
def again_after_migration_that_failed(host):
    """The copy goes, and the first one, renamed in vain, goes on."""
    one = begin(host)
    nodes = one.nodes(GIFT)
    two = host.guest(8, "web1--incoming", one.uuid)
    rename(host, one, "web1--migratedaway")
    host.settle(0.1)
    host.destroy(two)
    rename(host, one, "web1")
    host.settle()
    equal(one.nodes(GIFT), nodes, "its device")
    equal([(entry["domid"], entry["guest"]) for entry in host.attachd.list()], [(7, "web1")],
          "the list")


def reset(host, one):
    one.disconnect()
    host.toolstack.soft_reset(one.domid, one.name, one.uuid)


def reset_unseen(host, one):
    """The daemon has no turn before all of it is over."""
    host.attachd.process.signal(signal.SIGSTOP)
    reset(host, one)
    host.attachd.process.signal(signal.SIGCONT)


@case
def again_after_a_restart_while_it_migrates(host):
    """Without Xen's word for it, the store's is enough for whose the device is."""
    one = begin(host)
    nodes = one.nodes(GIFT)
    for options in ((), ("--xenctrl=none",)):
        host.attachd.kill()
        rename(host, one, "web1--migratedaway")
        host.attachd.start(*options)
        host.settle()
        equal(one.nodes(GIFT), nodes, f"its device, while it is about to leave {options}")
        rename(host, one, "web1")
        host.expect(lambda: has(host, one), "it stayed, and has it", host.attachd.list)
        equal(one.nodes(GIFT), nodes, f"its device, when it stayed {options}")


@case
def again_after_soft_reset(host):
    """The same domain, and all of its directories anew."""
    host.attachd.set_policy(POLICY + "[Device given]\nAlways=yes\n")
    host.attachd.start()
    one = host.guest(7, "web1")
    host.expect(lambda: host.attachd.ctl("attach", "web1", "log")[0] == 0, "it is attached")
    host.connected(one, 0)
    for begin_anew in (reset, reset_unseen, reset_unseen, reset):
        begin_anew(host, one)
        host.expect(lambda: {(entry["name"], entry["phase"]) for entry in host.attachd.list()} ==
                    {("log", "waiting"), ("given", "waiting")},
                    f"it has what it is given ({begin_anew.__name__})", host.attachd.list)
        for entry in host.attachd.list():
            host.expect(lambda: one.states(entry["devid"]) == ("1", "1"), "it is fresh")
        check(one.states(0) == (None, None), "what it has not asked for again is there")
        host.connected(one, 0)


@case
def again_after_soft_reset_that_went_unnoticed(host):
    one = begin(host)
    host.attachd.kill()
    reset(host, one)
    host.attachd.start()
    host.expect(lambda: one.states(GIFT) == ("1", "1"), "it has it again", one.traces)
    host.join(one, GIFT)
