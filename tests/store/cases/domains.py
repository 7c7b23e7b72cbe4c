# SPDX-License-Identifier: GPL-2.0-or-later
"""Driver domains: channels that another guest serves, which ends, comes back and lies."""

import signal

from harness import drivers, wire
from harness.runner import case
from harness.world import Failure, check, equal

POLICY = "[Defaults]\nDetachTimeoutSec=1\nRateLimitBurst=1000\n[Device far]\nBackend=net\n"
FAR, NEAR = 0, 1
LEFT = "does not follow it to another domain"


def join(host, one, net, devid=FAR):
    """Both drivers of a channel that net serves: the frontend's."""
    host.expect(lambda: one.states(devid, by=net.domid) == ("1", "1"), f"{net.name} is to serve it",
                lambda: (one.status(devid), one.traces()))
    front = drivers.Frontend(one, devid)
    drivers.Backend(one, devid, by=net)
    both_connected(host, one, net, devid)
    return front


def both_connected(host, one, net, devid=FAR):
    host.expect(lambda: one.states(devid, by=net.domid) == ("4", "4"), "the drivers connect",
                lambda: one.states(devid, by=net.domid))


def begin(host, policy=POLICY):
    """A guest with two channels, of which the domain net serves one."""
    host.attachd.set_policy(policy)
    host.attachd.start()
    net, one = host.guest(8, "net"), host.guest(7, "web1")
    host.connected(one, NEAR, "near")
    one.request(FAR, "far")
    front = join(host, one, net)
    host.expect(lambda: phase(host) == "connected", "it is listed so", host.attachd.list)
    return one, net, front


def entry(host, name="far"):
    found = [entry for entry in host.attachd.list() if entry["name"] == name]
    return found[0] if found else {}


def phase(host):
    return entry(host).get("phase")


def stranded(host, one, old):
    """Its frontend is still there, and has seen that its backend is not."""
    host.expect(lambda: phase(host) == "stranded" and one.states(FAR, by=old.domid) == ("6", None),
                "the guest keeps its end, closed",
                lambda: (entry(host), one.states(FAR, by=old.domid)))
    host.expect(lambda: (one.status(FAR) or "").startswith("error: "), "it is told",
                lambda: one.status(FAR))
    check(not host.client.tree(one.backend(FAR, by=old.domid)), "the backend's nodes are left")


def returned(host, one, net):
    """The directories are anew, and those of the domain that serves it now."""
    host.expect(lambda: one.states(FAR, by=net.domid) == ("1", "1"), "it is served again",
                lambda: (entry(host), one.status(FAR)))
    front = one.frontend(FAR)
    equal(host.client.get(f"{front}/backend"), one.backend(FAR, by=net.domid), "backend")
    equal(host.client.get(f"{front}/backend-id"), str(net.domid), "backend-id")
    check(not host.client.get(f"{front}/ring-ref"), "the old offer is still there")
    for path, perms in ((front, f"n{one.domid},r{net.domid}"),
                        (one.backend(FAR, by=net.domid), f"n{net.domid},r{one.domid}")):
        for node, (_, found) in host.client.tree(path).items():
            equal(found, perms, node)
    check(f"backend={net.domid} " in host.client.get(one.record(FAR)), "the record is the old one")
    drivers.Backend(one, FAR, by=net)
    both_connected(host, one, net)
    host.expect(lambda: one.status(FAR) == "attached", "its request is answered anew",
                lambda: one.status(FAR))
    host.expect(lambda: phase(host) == "connected", "it is connected", host.attachd.list)
    equal(entry(host)["backend_domid"], net.domid, "who is listed")
    check(" moved=0 " in host.client.get(one.record(FAR)), "it is to be waited for still")


@case
def domains_end_in_every_way_and_come_back(host):
    one, net, _ = begin(host)
    near = one.nodes(NEAR)
    changes = host.record_events(one.frontend(NEAR))
    for domid, end in ((9, "destroy"), (10, "zombie"), (11, "crash"), (12, "poweroff")):
        if end in ("crash", "poweroff"):
            host.toolstack.shut_down(net.domid, end)
            # it is not destroyed yet, and holds what it has mapped; its nodes go
            stranded(host, one, net)
        host.destroy(net, zombie=end == "zombie")
        stranded(host, one, net)
        net = host.guest(domid, "net")
        returned(host, one, net)
    equal((one.nodes(NEAR), changes), (near, []), "the channel that domain 0 serves")
    host.destroy(one)
    host.expect(lambda: not host.client.tree(f"/local/domain/{net.domid}/backend/mydevice")
                and not one.traces(), "nothing is left of it")


@case
def domains_nodes_go_before_the_domain_and_the_next_comes_between(host):
    one, net, _ = begin(host)
    net.disconnect()
    host.toolstack.remove_nodes(net.domid)
    stranded(host, one, net)
    new = host.guest(9, "net")
    returned(host, one, new)
    nodes = one.nodes(FAR)
    host.destroy(net)
    host.settle()
    equal((one.nodes(FAR), one.states(FAR, by=9)), (nodes, ("4", "4")),
          "after the end of who served it before")


@case
def domains_over_restarts_of_the_daemon(host):
    one, net, _ = begin(host)
    nodes = one.nodes(FAR)

    def restart():
        host.attachd.kill()
        host.attachd.start()

    restart()
    host.settle()
    equal(one.nodes(FAR), nodes, "what is connected")
    # the end is not seen; the end and the return are not seen; only the return is not seen
    host.attachd.kill()
    host.destroy(net)
    host.attachd.start()
    stranded(host, one, net)
    restart()
    stranded(host, one, net)
    host.attachd.kill()
    net = host.guest(9, "net")
    host.attachd.start()
    returned(host, one, net)
    host.attachd.kill()
    host.destroy(net)
    net = host.guest(10, "net")
    host.attachd.start()
    returned(host, one, net)
    host.attachd.kill()
    host.destroy(net)
    host.destroy(one)
    host.attachd.start()
    host.expect(lambda: not one.traces(), "nothing is left of a guest that is gone, too", one.traces)


@case
def domains_renamed(host):
    """Who serves a channel goes on to; the name says who is to serve the next one."""
    one, net, _ = begin(host)
    nodes = one.nodes(FAR)
    host.toolstack.rename(net.domid, "other")
    net.name = "other"
    two = host.guest(20, "web2")
    two.request(FAR, "far")
    host.expect(lambda: '"net"' in (two.status(FAR) or ""), "nobody has the name",
                lambda: two.status(FAR))
    new = host.guest(9, "net")
    join(host, two, new)
    host.settle()
    equal((one.nodes(FAR), one.states(FAR, by=8)), (nodes, ("4", "4")), "the first one's")
    host.destroy(net)
    returned(host, one, new)


@case
def domains_two_of_one_name(host):
    """Nobody knows which of them is meant; what is served goes on."""
    one, net, _ = begin(host)
    nodes = one.nodes(FAR)
    twin = host.guest(9, "net")
    two = host.guest(20, "web2")
    two.request(FAR, "far")
    host.expect(lambda: "not the only one" in (two.status(FAR) or ""), "it is refused",
                lambda: two.status(FAR))
    host.settle()
    equal(one.nodes(FAR), nodes, "what is served")
    host.destroy(net)
    returned(host, one, twin)
    join(host, two, twin)
    # and by a rename, with a device that waits
    third = host.guest(10, "net")
    host.guest(11, "net")
    host.destroy(twin)
    stranded(host, one, twin)
    host.settle()
    stranded(host, one, twin)
    host.toolstack.rename(11, "another")
    returned(host, one, third)


@case
def domains_never_come(host):
    """Whoever ends it meanwhile: nothing is left."""
    for domid, end in ((30, "withdraw"), (31, "destroy"), (32, "delete"), (33, "detach")):
        host.attachd.set_policy(POLICY.replace("net", f"net{domid}"))
        if host.attachd.running():
            host.attachd.reload()
        else:
            host.attachd.start()
        net, one = host.guest(domid + 10, f"net{domid}"), host.guest(domid, f"web{domid}")
        one.request(FAR, "far")
        join(host, one, net)
        host.expect(lambda: phase(host) == "connected", "it is listed so")
        host.destroy(net)
        stranded(host, one, net)
        host.settle(1.3)
        stranded(host, one, net)
        if end == "withdraw":
            one.withdraw(FAR)
        elif end == "destroy":
            host.destroy(one)
        elif end == "delete":
            one.client.remove(one.frontend(FAR))
        else:
            equal(host.attachd.ctl("detach", one.name, "far")[0], 0, "detach")
        host.expect(lambda: not [path for path in one.traces() if "/mydevice/0" in path
                                 or path.endswith("mydevice-0")],
                    f"after {end} nothing is left", one.traces, within=3)
        equal(entry(host), {}, f"what is listed after {end}")
        if end != "destroy":
            host.destroy(one)


@case
def domains_another_policy_meanwhile(host):
    one, net, _ = begin(host)
    host.destroy(net)
    stranded(host, one, net)
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    host.attachd.reload()
    host.expect(lambda: one.states(FAR) == ("1", "1"), "domain 0 serves it", one.traces)
    drivers.Backend(one, FAR)
    host.expect(lambda: one.states(FAR) == ("4", "4"), "it connects", lambda: one.states(FAR))


@case
def domains_frontend_that_does_not_let_go(host):
    """A driver that does not follow gets a new device, in its own time."""
    one, net, front = begin(host)
    front.stop()
    host.destroy(net)
    host.expect(lambda: phase(host) == "stranded", "it is noticed", host.attachd.list)
    host.settle(1.3)
    equal(one.states(FAR)[0], "4", "its end while there is no other")
    changes = host.record_events(one.frontend(FAR, "backend"))
    new = host.guest(9, "net")
    host.never(lambda: host.client.tree(one.backend(FAR, by=9)), "one before it had the time", 0.7)
    front = join(host, one, new)
    check(changes, "its directory was never removed")
    check(LEFT in host.attachd.log_text(), "nobody is told")


@case
def domains_frontend_that_does_not_follow(host):
    """One of an earlier version lets go, and is waited for as long as it may still follow."""
    one, net, front = begin(host)
    front.stay()
    host.destroy(net)
    stranded(host, one, net)
    net = host.guest(9, "net")
    moved = ("moved", ("1", "1"))
    host.expect(lambda: (phase(host), one.states(FAR, by=9)) == moved, "it is moved",
                lambda: (phase(host), one.states(FAR, by=9)))
    changes = host.record_events(one.frontend(FAR, "backend"))
    host.never(lambda: changes, "an end before its backend waits for it", 1.3)
    host.attachd.kill()
    host.attachd.start()
    equal(phase(host), "moved", "after a restart")
    drivers.Backend(one, FAR, by=net)
    host.never(lambda: changes, "an end before it had the time", 0.7)
    equal(phase(host), "moved", "meanwhile")
    check(LEFT not in host.attachd.log_text(), "it is given up too early")
    host.expect(lambda: changes, "it is removed", host.attachd.list)
    front.stop()
    join(host, one, net)
    host.expect(lambda: phase(host) == "connected", "a new one takes its place", host.attachd.list)
    check(LEFT in host.attachd.log_text(), "nobody is told")
    check(" moved=0 " in host.client.get(one.record(FAR)), "it is to be waited for still")


@case
def domains_hotplug_script(host):
    """Its script is gone with it, and is run anew where it comes back."""
    one, net, _ = begin(host, POLICY + "Script=/etc/xen/scripts/net\n")
    status = one.backend(FAR, "hotplug-status", by=8)
    equal(host.client.get(status), "waiting", "the script")
    net.client.write(status, "connected")
    host.expect(lambda: entry(host).get("hotplug") == "connected", "it is noticed")
    host.destroy(net)
    stranded(host, one, net)
    equal(entry(host)["hotplug"], None, "its script")
    net = host.guest(9, "net")
    returned(host, one, net)
    equal(host.client.get(one.backend(FAR, "hotplug-status", by=9)), "waiting", "the new script")
    net.client.write(one.backend(FAR, "hotplug-status", by=9), "connected")
    host.expect(lambda: entry(host).get("hotplug") == "connected", "it is noticed again")


def try_to(forge, *args):
    """It may or may not be allowed to."""
    try:
        forge(*args)
        return True
    except wire.StoreError:
        return False


@case
def domains_forge_all_they_own(host):
    """Only the channels that they serve suffer from it."""
    one, net, _ = begin(host)
    two = host.guest(20, "web2")
    host.connected(two, FAR, "own")
    kept = {path: node for path, node in (two.nodes(FAR) | one.nodes(NEAR)).items()}
    changes = host.record_events(two.backend(FAR)), host.record_events(one.backend(NEAR))
    mine, evil = one.backend(FAR, by=8), net.client
    states = [str(state) for state in range(9)] + ["", "9", "-1", "44", "\x1b[31m", "x" * 1500]
    lies = {
        "state": states,
        "online": ["0", "", "2", "yes"],
        "frontend": ["", two.frontend(FAR), one.frontend(NEAR), "/local/domain/0", "x" * 1500],
        "frontend-id": ["0", "20", "-1", "99999999999"],
        "hotplug-status": ["running", "error", "connected", "\x00\x1b"],
        "hotplug-error": ["\x1b]0;x\x07" * 200],
        "name": ["own", "../..", ""], "guest": ["web2"], "mode": ["neither"],
        "ring-size": ["0", "-1", "1"], "node-mode": ["7777"], "script": ["/bin/sh"],
        "error": ["x" * 1500],
    }
    for _ in range(10):
        for node, values in lies.items():
            for value in values:
                try_to(evil.write, f"{mine}/{node}", value)
            host.settle(0.002)
    for path in (two.frontend(FAR, "state"), two.backend(FAR, "state"), one.frontend(NEAR, "state"),
                 one.backend(NEAR, "state"), one.frontend(FAR, "state"), one.record(FAR),
                 two.backend(FAR, "state", by=8), two.frontend(7, "state")):
        if try_to(evil.write, path, "5"):
            raise Failure(f"it has written {path}")
    for perms in ("n8", "n8,b0", "n8,w7"):
        try_to(evil.set_perms, mine, perms)
    for node in ("online", "frontend", "state"):
        try_to(evil.remove, f"{mine}/{node}")
        host.settle(0.05)
    try_to(evil.remove, mine)
    host.settle(0.5)
    for _ in range(3):
        # whatever it gets to serve: gone as soon as it is there
        host.until(lambda: host.client.tree(mine), 4)
        try_to(evil.remove, mine)
    equal({path: node for path, node in (two.nodes(FAR) | one.nodes(NEAR)).items()}, kept,
          "what domain 0 serves")
    equal(changes, ([], []), "what happened there")
    check(host.attachd.log_text().count("\n") < 400, "the log is flooded")
    # another guest is attached meanwhile, and all is well when it is gone
    three = host.guest(21, "web3")
    host.connected(three, FAR, "own")
    host.destroy(net)
    net = host.guest(9, "net")
    host.expect(lambda: one.states(FAR, by=9)[1], "an honest one serves it", one.traces, within=40)
    for each in (one, two, three):
        host.destroy(each)
    host.expect(lambda: host.attachd.list() == [] and
                not host.client.tree("/local/domain/9/backend/mydevice"), "nothing is left")


@case
def domains_that_are_reset_unseen(host):
    """The domain that serves it begins anew, in the same domain, before attachd has a turn."""
    one, net, front = begin(host)
    host.attachd.process.signal(signal.SIGSTOP)
    net.disconnect()
    host.toolstack.soft_reset(net.domid, net.name, net.uuid)
    host.attachd.process.signal(signal.SIGCONT)
    host.expect(lambda: one.states(FAR, by=net.domid) == ("1", "1"), "the guest gets it anew",
                lambda: (entry(host), one.traces()), within=20)
    join(host, one, net)
    equal(one.states(NEAR), ("4", "4"), "what dom0 serves")
