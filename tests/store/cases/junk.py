# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests that are none, and far too many of them."""

from harness import wire
from harness.runner import case, note
from harness.world import check, equal

MIB = 1024


def plain(text):
    return text.isascii() and text.isprintable()


@case
def junk_device_ids(host):
    one = host.guest(7, "web1")
    host.attachd.start()
    ids = ["x", "00", "01", "007", "-1", "4096", "65536", "4294967296", "18446744073709551616",
           "0x1", "1e3", "1-2", "_", "@releaseDomain", "A" * 200, "9" * 200]
    taken = []
    for devid in ids:
        one.request(devid, "demo")
        taken.append(devid)
    # the store itself refuses these
    for devid in ("..", "../..", " 1", "1 ", "1.0", "\x1b[31m", "a\nb"):
        try:
            one.request(devid, "demo")
            taken.append(devid)
        except wire.StoreError as error:
            equal(error.name, "EINVAL", repr(devid))
    one.request(4095, "demo")
    host.expect(lambda: one.attached(4095), "the highest id is served", lambda: one.status(4095))
    host.settle()
    equal(set(host.client.list(f"{one.home}/device/mydevice")), {"4095"}, "the devices")
    equal(set(host.client.list("/local/domain/0/backend/mydevice/7")), {"4095"}, "the backends")
    for devid in taken:
        status = one.status(devid)
        check(status is None or status.startswith("error: ") and plain(status),
              f"{devid}: {status!r}")
    equal(len(host.attachd.list()), 1, "how many are listed")
    check("\x1b" not in host.attachd.log_text(), "raw characters in the log")


@case
def junk_names(host):
    one = host.guest(7, "web1")
    host.attachd.set_policy("[Defaults]\nMaxChannels=100\n")
    host.attachd.start()
    names = ["", "../../etc/passwd", "..", ".", "a/b", "/", "1abc", "-x", ".x", "_x", " a", "a ",
             "a b", "x" * 64, "x" * 2000, "a\nb", "a\0b", "\0", "\x1b[31mred", "\x07", "a\x7f",
             "\xff\xfe", "caf\xe9", "%s%n%x", "$(reboot)", "`id`", "a;b", "a=b", "'", '"', "\\"]
    for devid, name in enumerate(names):
        one.request(devid, name)
    for devid, name in enumerate(names):
        status = host.expect(lambda: one.status(devid), f"an answer to {name[:40]!r}")
        check(status.startswith("error: ") and plain(status) and len(status) < 400,
              f"{name[:40]!r}: {status!r}")
    equal(one.traces(), {}, "what is left of them")
    check(all(plain(line) for line in host.attachd.log_text().splitlines()),
          "raw characters in the log")
    for devid, name in enumerate(("a", "A.b_c-9", "x" * 63)):
        one.request(devid, name)
        host.expect(lambda: one.attached(devid), f"{name} is served", lambda: one.status(devid))


@case
def junk_where_nodes_should_be(host):
    one = host.guest(7, "web1")
    host.attachd.start()
    root = f"{one.home}/data/mydevice"
    one.client.write(root, "x" * 1500)
    one.client.write(f"{root}/0", "y" * 1500)
    one.client.write(f"{root}/0/name/deep/er", "z")
    one.client.write(f"{root}/0/request/deep", "z")
    one.client.write(f"{root}/1", "1")
    one.client.write(f"{root}/2/request", "x" * 1500)
    one.client.write(f"{root}/request", "1")
    one.client.write(f"{root}/name", "demo")
    one.request(3, "demo")
    host.expect(lambda: one.attached(3), "a request among junk is served", lambda: one.status(3))
    one.client.remove(root)
    host.expect(lambda: not one.traces(), "without requests nothing is left", one.traces)
    one.request(3, "demo")
    host.expect(lambda: one.attached(3), "and a new one is served", lambda: one.status(3))


@case
def junk_permissions_and_order(host):
    """Nodes appear and go between every two reads."""
    one = host.guest(7, "web1")
    host.attachd.start()
    for _ in range(100):
        path = one.request_path(0).encode()
        one.client.flood([(wire.WRITE, path + b"/request\x001"), (wire.WRITE, path + b"/name\0demo"),
                          (wire.RM, path + b"\0"), (wire.WRITE, path + b"/request\x001"),
                          (wire.RM, path + b"/request\0"), (wire.RM, path + b"\0")])
    one.request(0, "demo")
    host.expect(lambda: one.attached(0), "the last word counts", lambda: one.status(0))
    one.withdraw(0)
    host.expect(lambda: not one.traces(), "and the very last", one.traces)


@case(build="plain")
def junk_thousands_of_requests(host):
    # as fast as it can: what all that costs is the question here
    host.attachd.set_policy("[Defaults]\nRateLimitBurst=0\n")
    one, other = host.guest(7, "web1"), host.guest(8, "web2")
    host.attachd.start()
    other.request(0, "demo")
    host.expect(lambda: other.attached(0), "a device is attached", lambda: other.status(0))
    before = host.attachd.resident_kib()
    asked = 200
    for devid in range(asked):
        one.request(devid, f"c{devid}")
    host.expect(lambda: all(one.status(devid) for devid in range(asked)), "each has its answer",
                lambda: [devid for devid in range(asked) if not one.status(devid)], within=20)
    answers = [one.status(devid) for devid in range(asked)]
    equal(answers.count("attached"), 8, "how many were attached")
    check(all(answer == "attached" or answer.startswith("denied: ") for answer in answers),
          f"the answers: {set(answers)}")
    equal(len(host.attachd.list()), 9, "how many are listed")
    # the same id again and again, and every id there is, one after the other
    for first in range(0, 4096, 128):
        requests = []
        for devid in range(first, first + 128):
            path = one.request_path(devid).encode()
            requests += [(wire.WRITE, path + b"/name\0n%d" % devid),
                         (wire.WRITE, path + b"/request\x001"), (wire.RM, path + b"\0")]
        one.client.flood(requests)
    one.client.remove(f"{one.home}/data/mydevice")
    host.expect(lambda: not one.traces(), "nothing is left", one.traces, within=20)
    grown = host.attachd.resident_kib() - before
    check(grown < 2 * MIB, f"attachd grew by {grown} KiB")
    lines = host.attachd.log_text().count("\n")
    check(lines < 300, f"attachd wrote {lines} lines about it")
    note(f"{host.kind}: attachd grew by {grown} KiB and wrote {lines} lines"
         " for 4296 requests of one guest")
    one.request(0, "demo")
    host.expect(lambda: one.attached(0), "it is served again", lambda: one.status(0))
    equal(other.status(0), "attached", "the other guest's device")


@case(build="plain")
def junk_values_of_4_kib(host):
    """In each node of a guest's that attachd reads, as no stock quota would let it."""
    host.machine.stop_store()
    host.forget_connections()
    host.start_store(maxsize=8192)
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    one, other = host.guest(7, "web1"), host.guest(8, "web2")
    host.attachd.start()
    host.connected(other, 0)
    host.connected(one, 4000)
    kept = other.nodes(0)
    host.settle(0.2)
    before, lines = host.attachd.resident_kib(), host.attachd.log_text().count("\n")

    def longest(path, what):
        return what * (4096 - len(path) - 1)

    devid = 0
    for what in ("x", "\x1b", "9", "\0", "\xff"):
        for node in ("request", "name", "mode", "ring-size"):
            one.wish(devid, f"c{devid}")
            if node != "request":
                one.client.write(one.request_path(devid, node),
                                 longest(one.request_path(devid, node), what))
            one.client.write(one.request_path(devid, "status"),
                             longest(one.request_path(devid, "status"), what))
            one.client.write(one.request_path(devid, "request"),
                             longest(one.request_path(devid, "request"), what)
                             if node == "request" else "1")
            host.expect(lambda: (one.status(devid) or "").startswith("error: "),
                        f"4 KiB of {what!r} in {node} are refused", lambda: one.status(devid))
            answer = one.status(devid)
            check(plain(answer) and node in answer and "..." in answer and len(answer) < 300,
                  f"4 KiB of {what!r} in {node}: {answer!r}")
            one.withdraw(devid)
            devid += 1
        one.client.write(one.frontend(4000, "state"),
                         longest(one.frontend(4000, "state"), what))
        host.expect(lambda: [entry["frontend_state"] for entry in host.attachd.list()
                             if entry["domid"] == 7] == ["Unknown"], "its state is listed")
        one.client.write(one.frontend(4000, "state"), "4")
    # another one each time: each is answered, and not each is logged
    path = one.request_path(0, "name")
    one.wish(0, "demo")
    for i in range(150):
        one.client.write(path, f"{i}" + longest(path, "\x1b")[8:])
        one.client.write(one.request_path(0, "request"), "1")
        host.expect(lambda: f'name "{i}' in (one.status(0) or ""), "it is refused")
    host.settle(0.3)
    log = host.attachd.log_text().splitlines()
    check(len(log) - lines < 100 and max(map(len, log)) < 1000 and all(map(plain, log)),
          f"{len(log) - lines} lines, the longest of {max(map(len, log))}")
    grown = host.attachd.resident_kib() - before
    check(grown < MIB, f"attachd grew by {grown} KiB")
    # what it reads when it begins
    for node in ("backend", "backend-id", "state"):
        one.client.write(one.frontend(4000, node), longest(one.frontend(4000, node), "/"))
    host.attachd.kill()
    host.attachd.start()
    # the drivers may have connected again before this looks
    host.expect(lambda: one.states(4000) in (("1", "1"), ("4", "4")) and one.attached(4000) and
                host.client.get(one.frontend(4000, "backend")) == one.backend(4000) and
                host.client.get(one.frontend(4000, "backend-id")) == "0",
                "what is not whole is made anew", lambda: one.nodes(4000))
    equal(other.nodes(0), kept, "the other guest's device")
    note(f"{host.kind}: attachd grew by {grown} KiB and wrote {len(log) - lines} lines"
         " about values of 4 KiB")
