# SPDX-License-Identifier: GPL-2.0-or-later
"""attachd ends and begins again, in between and in the middle of things."""

import json
import os
import signal

from harness import drivers, proxy
from harness.runner import case, note
from harness.world import check, equal

# what an operator attaches has the highest id that is free
GIFT = 4095


def everything(host):
    return {**host.client.tree("/local/domain"), **host.client.tree("/mydevice")}


def disturbs_nothing(host, end):
    """A daemon that ends and starts again must not touch what is connected."""
    guests = [host.guest(domid, f"web{domid}") for domid in (3, 4, 5)]
    host.attachd.start()
    for one in guests:
        host.connected(one, 0)
        host.connected(one, 1, "log")
    host.expect(lambda: all(entry["phase"] == "connected" for entry in host.attachd.list()),
                "all are connected")
    host.settle(0.2)
    before = everything(host)
    changes = [host.record_events("/local/domain"), host.record_events("/mydevice")]
    for _ in range(3):
        end()
        host.settle(0.1)
        host.attachd.start()
        host.settle(0.3)
    equal(everything(host), before, "all nodes and permissions, after three restarts")
    touched = {path for change in changes for path in change if path != "/mydevice"}
    equal(touched, set(), "what was written meanwhile")
    listed = host.attachd.list()
    equal([entry["phase"] for entry in listed], ["connected"] * 6, "the list")
    equal({(entry["guest"], entry["name"]) for entry in listed},
          {(one.name, name) for one in guests for name in ("demo", "log")}, "who is listed")
    check(all(entry["connected_after_usec"] for entry in listed), "the times are forgotten")
    for one in guests:
        one.withdraw(0)
        host.expect(lambda: one.states(0) == (None, None), "a detach goes on as ever",
                    lambda: one.states(0))


@case
def restart_disturbs_nothing(host):
    disturbs_nothing(host, host.attachd.stop)


@case
def restart_after_kill_disturbs_nothing(host):
    disturbs_nothing(host, host.attachd.kill)


@case
def restart_before_the_drivers_connect(host):
    one = host.guest(7, "web1")
    host.attachd.start()
    one.request(0, "demo")
    host.expect(lambda: one.attached(0), "the device is attached", lambda: one.status(0))
    host.attachd.kill()
    nodes = one.nodes(0)
    host.attachd.start()
    host.settle(0.2)
    equal(one.nodes(0), nodes, "the device after a restart")
    host.join(one, 0)
    host.expect(lambda: host.attachd.list()[0]["phase"] == "connected", "it is noticed")


@case
def restart_finishes_a_detach(host):
    one = host.guest(7, "web1")
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    host.attachd.start()
    front, _ = host.connected(one, 0)
    front.ignores = "56"
    one.withdraw(0)
    host.expect(lambda: one.states(0)[1] == "5", "it is told to close", lambda: one.states(0))
    host.attachd.kill()
    host.attachd.start()
    host.expect(lambda: not one.traces(), "the next one removes it", one.traces)


def whole_or_nothing(host, one, when, devid=0):
    """Never one directory without the other, or without a record."""
    front, back = host.client.tree(one.frontend(devid)), host.client.tree(one.backend(devid))
    record = host.client.get(one.record(devid))
    check(bool(front) == bool(back) == (record is not None),
          f"{when}: half a device: {sorted({**front, **back})}, record {record!r}")


def withdraw(host, one):
    one.withdraw(0)
    host.expect(lambda: not one.traces(), "all goes again", one.traces)
    return one


def at_every_step(host, begin, done, *, killed=lambda host, one, when: None, undo=withdraw):
    """Kills attachd before its nth request since begin(), for every n, looks
    by killed() at what it left, starts it again, and expects done() each time.
    undo() returns the guest for the next one. Returns how many steps there are."""
    between = proxy.Proxy(host.machine.socket, os.path.join(host.dir, "proxy"))
    host.attachd.store_path = between.path
    one = host.guest(7, "web1")
    step, reached = 0, True
    while reached:
        step += 1
        host.attachd.start()
        if not begin(one, prepare=True):
            host.settle(0.01)
        hit = []

        def act(kind):
            os.kill(host.attachd.process.pid, signal.SIGKILL)
            hit.append(kind)
            return False

        between.arm(step, act)
        begin(one, prepare=False)
        host.expect(lambda: hit or done(one), f"it gets to step {step} or to the end")
        between.arm(0, lambda kind: False)
        reached = bool(hit)
        if reached:
            host.attachd.process.popen.wait()
            killed(host, one, f"killed before step {step}")
            host.attachd.start()
            host.expect(lambda: done(one), f"all is well after a kill before step {step}",
                        lambda: (one.status(0), one.traces(), kept(host, one)))
        one = undo(host, one)
        host.attachd.stop()
        check(step < 200, "it never ends")
    host.attachd.store_path = host.machine.socket
    between.close()
    return step - 1


@case(build="plain")
def restart_killed_at_every_step_of_an_attach(host):
    def begin(one, prepare):
        if prepare:
            one.wish(0, "demo")
        else:
            one.client.write(one.request_path(0, "request"), "1")

    steps = at_every_step(host, begin, lambda one: one.attached(0),
                          killed=whole_or_nothing)
    check(steps > 10, f"only {steps} steps")
    note(f"{host.kind}: killed at each of {steps} steps of an attach")


@case(build="plain")
def restart_killed_at_every_step_of_a_detach(host):
    def begin(one, prepare):
        if prepare:
            one.request(0, "demo")
            host.expect(lambda: one.attached(0), "it is attached", lambda: one.status(0))
            # as if connected, by drivers that close at once
            one.client.write(one.frontend(0, "state"), "4")
            host.client.write(one.backend(0, "state"), "4")
            host.expect(lambda: host.attachd.list()[0]["phase"] == "connected", "it is noticed")
            host.settle(0.05)
            one.client.write(one.frontend(0, "state"), "6")
            host.settle(0.05)
        else:
            host.client.write(one.backend(0, "state"), "6")
            one.withdraw(0)

    steps = at_every_step(host, begin, lambda one: not one.traces())
    check(steps > 5, f"only {steps} steps")
    note(f"{host.kind}: killed at each of {steps} steps of a detach")


@case(build="plain")
def restart_killed_at_every_step_of_a_detach_that_closes(host):
    """With drivers that close when they are asked to, which is not at once."""
    ends = []

    def begin(one, prepare):
        if prepare:
            ends[:] = host.connected(one, 0)
            host.settle(0.05)
        else:
            one.withdraw(0)

    def done(one):
        if one.traces():
            return False
        if ends:
            ends[0].stop()
            ends.clear()
        return True

    steps = at_every_step(host, begin, done)
    check(steps > 15, f"only {steps} steps")
    note(f"{host.kind}: killed at each of {steps} steps of a detach with closing")


class Order:
    """mydevicectl VERB web1 log, and what is to become of it: once it is noted
    or answered it is carried out, whatever happens; until then nothing is."""

    def __init__(self, host, verb, noted, carried_out, undone):
        self.host, self.verb = host, verb
        self.noted, self.carried_out, self.undone = noted, carried_out, undone
        self.process = None
        self.holds = True

    def begin(self):
        self.host.expect(lambda: self.host.attachd.ctl("status")[0] == 0, "it is on the bus")
        # until it is killed
        self.holds = True
        self.process = self.host.attachd.ctl_begin(self.verb, "web1", "log")

    def killed(self, host, one, when):
        if self.verb == "attach":
            whole_or_nothing(host, one, when, GIFT)
        self.holds = bool(self.noted(one))

    def done(self, one):
        if self.process.alive():
            return False
        if self.holds or not self.process.popen.returncode:
            return self.carried_out(one)
        return self.undone(one)


def kept(host, one):
    return host.client.tree(f"/mydevice/kept/{one.uuid}")


def has_log(host, one):
    # it may not be on the bus yet
    status, out, _ = host.attachd.ctl("list", "--json")
    return one.states(GIFT) != (None, None) and bool(kept(host, one)) and \
        status == 0 and [entry["name"] for entry in json.loads(out)] == ["log"]


def without_log(host, one):
    return one.states(GIFT) == (None, None) and not kept(host, one) and \
        host.client.get(one.record(GIFT)) is None


def another(host, one):
    """What an operator took from a guest would be noted until its end."""
    host.attachd.ctl("detach", one.name, "log", "--force")
    host.destroy(one)
    host.expect(lambda: not one.traces(), "nothing is left", one.traces)
    return host.guest(7, "web1")


@case(build="plain")
def restart_killed_at_every_step_of_an_order_to_attach(host):
    order = Order(host, "attach", lambda one: kept(host, one), lambda one: has_log(host, one),
                  lambda one: without_log(host, one))

    def begin(one, prepare):
        if not prepare:
            order.begin()

    steps = at_every_step(host, begin, order.done, killed=order.killed, undo=another)
    check(steps > 10, f"only {steps} steps")
    note(f"{host.kind}: killed at each of {steps} steps of an order to attach")


@case(build="plain")
def restart_killed_at_every_step_of_an_order_to_detach(host):
    order = Order(host, "detach", lambda one: host.client.tree("/mydevice/7/withheld"),
                  lambda one: without_log(host, one), lambda one: has_log(host, one))

    def begin(one, prepare):
        if prepare:
            equal(host.attachd.ctl("attach", "web1", "log")[0], 0, "attach")
            # as if connected, by drivers that closed already
            one.client.write(one.frontend(GIFT, "state"), "6")
            host.client.write(one.backend(GIFT, "state"), "4")
            host.expect(lambda: host.attachd.list()[0]["backend_state"] == "Connected",
                        "it is noticed")
            host.settle(0.02)
        else:
            order.begin()

    def done(one):
        if host.client.get(one.backend(GIFT, "online")) == "0":
            drivers.switch_state(host.client, one.backend(GIFT, "state"), drivers.CLOSED)
        return order.done(one)

    steps = at_every_step(host, begin, done, killed=order.killed, undo=another)
    check(steps > 10, f"only {steps} steps")
    note(f"{host.kind}: killed at each of {steps} steps of an order to detach")


@case(build="plain")
def restart_killed_at_every_step_of_a_start(host):
    """With something to keep, something to finish and something to clear away."""
    between = proxy.Proxy(host.machine.socket, os.path.join(host.dir, "proxy"))
    kept, gone = host.guest(7, "web1"), host.guest(8, "web2")
    host.attachd.start()
    host.connected(kept, 0)
    host.attachd.stop()
    host.attachd.store_path = between.path
    host.settle(0.1)
    before = kept.nodes(0)
    step, hit = 0, [True]
    while hit:
        step += 1
        host.client.make(f"{gone.frontend(0)}", "n8,r0")
        host.client.write(f"{gone.frontend(0)}/state", "4")
        host.client.make(f"{gone.backend(0)}", "n0,r8")
        host.client.write(f"{gone.backend(0)}/state", "4")
        host.client.make("/mydevice/8/mydevice@demo", "n0",
                         host.client.get(kept.record(0)))
        hit = []

        def act(kind):
            os.kill(host.attachd.process.pid, signal.SIGKILL)
            hit.append(kind)
            return False

        os.truncate(host.attachd.log, 0)
        between.arm(step, act)
        host.attachd.start(ready=False)
        host.expect(lambda: hit or "connected to XenStore" in host.attachd.log_text(),
                    f"it gets to step {step} or to the end")
        if hit:
            host.attachd.process.popen.wait()
        between.arm(0, lambda kind: False)
        if hit:
            host.attachd.start()
        else:
            host.attachd.wait_notified("READY", "1")
        host.expect(lambda: not gone.traces(), f"garbage goes after a kill before step {step}",
                    gone.traces)
        equal(kept.nodes(0), before, f"what is connected, after a kill before step {step}")
        host.attachd.stop()
        check(step < 200, "it never ends")
    between.close()
    check(step > 20, f"only {step - 1} steps")
    note(f"{host.kind}: killed at each of {step - 1} steps of a start")


@case
def restart_with_a_damaged_record(host):
    """Its own, so only an accident; still no reason to fail or to loop."""
    one, two = host.guest(7, "web1"), host.guest(8, "web2")
    host.attachd.start()
    host.connected(two, 0)
    one.request(0, "demo")
    host.expect(lambda: one.attached(0), "the device is attached", lambda: one.status(0))
    host.attachd.kill()
    nodes = two.nodes(0)
    record = one.record(0)
    written = host.client.get(record)
    check(one.uuid in written, f"the record says {written!r}")
    anothers = written.replace(one.uuid, two.uuid)
    for junk in ("", "junk", "v1", "v1 name=../x backend=99999", "v2", "v2 uuid= devid=0",
                 "v9 uuid=", "x" * 1500, anothers):
        host.client.write(record, junk)
        host.client.write("/mydevice/nonsense", "1")
        host.client.write("/mydevice/7/other-0", "1")
        host.attachd.start()
        host.expect(lambda: one.attached(0) and one.uuid in (host.client.get(record) or "")
                    and host.client.get(one.backend(0, "name")) == "demo",
                    f"it is attached anew after {junk[:20]!r}", lambda: one.nodes(0))
        host.attachd.kill()
    equal(two.nodes(0), nodes, "the other guest's device")


@case
def restart_leaves_devices_made_by_hand_alone(host):
    one = host.guest(7, "web1")
    for path, perms, nodes in ((one.frontend(9), "n7,r0", {"backend": one.backend(9)}),
                               (one.backend(9), "n0,r7", {"frontend": one.frontend(9)})):
        host.client.make(path, perms)
        for node, value in {**nodes, "state": "4"}.items():
            host.client.write(f"{path}/{node}", value)
    before = one.nodes(9)
    host.attachd.start()
    one.request(0, "demo")
    host.expect(lambda: one.attached(0), "the device is attached", lambda: one.status(0))
    one.withdraw(0)
    host.expect(lambda: not one.nodes(0), "and goes")
    equal(one.nodes(9), before, "what somebody made by hand")


@case
def restart_with_more_devices_than_a_message_holds(host):
    """Their records' names take more than 4096 bytes, and libxenstore hangs up on more."""
    count = 330
    host.attachd.set_policy(f"[Defaults]\nRateLimitBurst=100000\nMaxChannels={count}\n")
    host.attachd.start()
    one = host.guest(7, "web1")
    # the guest's own quota of nodes is no matter here
    for devid in range(count):
        for node, value in (("name", f"n{devid}"), ("request", "1")):
            host.client.write(f"/local/domain/7/data/mydevice/{devid}/{node}", value)
    host.expect(lambda: len(host.attachd.list()) == count, "all are attached",
                lambda: len(host.attachd.list()), within=60)
    host.attachd.kill()
    host.attachd.start()
    equal(len(host.attachd.list()), count, "devices after a restart")
    host.destroy(one)
    host.expect(lambda: not host.attachd.list() and not host.client.tree("/mydevice/7"),
                "all of them go with their guest", lambda: len(host.attachd.list()), within=60)
