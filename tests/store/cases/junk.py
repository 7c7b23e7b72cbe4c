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
