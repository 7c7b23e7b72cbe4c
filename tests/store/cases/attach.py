# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest asks and is given what it asked for."""

import os
import re
import statistics
import subprocess
import time

from harness.runner import case, note
from harness.world import check, equal


@case
def attach_on_request(host):
    one = host.guest(7, "web1")
    host.attachd.start()
    one.request(3, "demo", mode="stream", ring_size=65536)
    host.expect(lambda: one.attached(3), "the device is attached", lambda: one.status(3))
    front, back, record = one.frontend(3), one.backend(3), one.record(3)
    expected = {
        front: ("", "n7,r0"),
        f"{front}/backend": (back, "n7,r0"),
        f"{front}/backend-id": ("0", "n7,r0"),
        f"{front}/name": ("demo", "n7,r0"),
        f"{front}/mode": ("stream", "n7,r0"),
        f"{front}/state": ("1", "n7,r0"),
        back: ("", "n0,r7"),
        f"{back}/frontend": (front, "n0,r7"),
        f"{back}/frontend-id": ("7", "n0,r7"),
        f"{back}/online": ("1", "n0,r7"),
        f"{back}/state": ("1", "n0,r7"),
        f"{back}/name": ("demo", "n0,r7"),
        f"{back}/guest": ("web1", "n0,r7"),
        f"{back}/mode": ("stream", "n0,r7"),
        f"{back}/ring-size": ("65536", "n0,r7"),
    }
    nodes = one.nodes(3)
    value, perms = nodes.pop(record)
    equal(perms, "n0", "the record's permissions")
    equal(record, "/mydevice/7/mydevice@demo", "the record")
    check(one.uuid in value, f"the record says {value!r}")
    equal(nodes, expected, "the nodes")
    # what stands above them is of the toolstack alone
    for path in ("/mydevice", "/mydevice/7"):
        equal(host.client.perms(path), "n0", path)
    check(host.client.perms(f"{one.home}/device/mydevice").startswith("n0"),
          "the directory of all its devices is the guest's own")
    check("n7" not in host.client.perms("/local/domain/0/backend/mydevice/7"),
          "the directory of all its backends is the guest's own")


@case
def attach_permissions_as_xenstore_ls_prints_them(host):
    one = host.guest(7, "web1")
    host.attachd.start()
    one.request(0, "demo")
    host.expect(lambda: one.attached(0), "the device is attached", lambda: one.status(0))

    def listed(path):
        out = subprocess.run(["xenstore-ls", "-fp", path], check=True, capture_output=True,
                             env={**os.environ, "XENSTORED_PATH": host.machine.socket}).stdout
        return {re.search(r"\(([^)]*)\)$", line).group(1) for line in out.decode().splitlines()}

    equal(listed(one.frontend(0)), {"n7,r0"}, "permissions below the frontend")
    equal(listed(one.backend(0)), {"n0,r7"}, "permissions below the backend")
    equal(listed("/mydevice"), {"n0"}, "permissions below the record")


@case
def attach_waits_for_the_last_word_of_a_request(host):
    one = host.guest(7, "web1")
    host.attachd.start()
    one.wish(0, "demo", ring_size=4096)
    host.never(lambda: one.traces() or one.status(0), "an answer before the request is whole")
    one.client.write(one.request_path(0, "request"), "1")
    host.expect(lambda: one.attached(0), "the whole request is served", lambda: one.status(0))


@case
def attach_hands_over_the_ring_size(host):
    one = host.guest(7, "web1")
    host.attachd.start()
    sizes = {None: "262144", "4096": "4096", "65536": "65536", "100000": "65536",
             "1048576": "1048576", "4294967296": "1048576", "18446744073709551615": "1048576"}
    for devid, (wish, given) in enumerate(sizes.items()):
        one.request(devid, f"c{devid}", **({"ring_size": wish} if wish else {}))
        host.expect(lambda: one.attached(devid), f"a ring of {wish} is attached",
                    lambda: one.status(devid))
        equal(host.client.get(one.backend(devid, "ring-size")), given, f"a wish for {wish}")


@case
def attach_hands_over_the_mode(host):
    host.attachd.set_policy("[Defaults]\nMode=packet stream\n[Guest old]\nMode=stream\n")
    one, old = host.guest(7, "web1"), host.guest(8, "old")
    host.attachd.start()
    for devid, (wish, given) in enumerate({None: "packet", "stream": "stream",
                                           "packet": "packet"}.items()):
        one.request(devid, f"c{devid}", **({"mode": wish} if wish else {}))
        host.expect(lambda: one.attached(devid), f"mode {wish} is attached",
                    lambda: one.status(devid))
        equal(host.client.get(one.backend(devid, "mode")), given, f"a wish for mode {wish}")
        check(f"mode={given}" in host.client.get(one.record(devid)), "the record")
    equal([entry["mode"] for entry in host.attachd.list()], ["packet", "stream", "packet"],
          "the list")
    old.request(0, "demo", mode="packet")
    host.expect(lambda: "packet" in (old.status(0) or "") and old.status(0).startswith("denied: "),
                "a mode that the guest may not have is denied", lambda: old.status(0))
    old.request(0, "demo", mode="stream")
    host.expect(lambda: old.attached(0), "the other one is given", lambda: old.status(0))


@case
def attach_refuses_wishes_that_are_none(host):
    one = host.guest(7, "web1")
    host.attachd.start()
    wishes = [{"ring_size": size} for size in ("4095", "0", "-1", "0x1000", "1e6", "", "4096 ",
                                               "99999999999999999999999", "64K\n")]
    wishes += [{"mode": mode} for mode in ("packets", "", "STREAM", "stream\0", "x" * 1000)]
    for devid, wish in enumerate(wishes):
        one.request(devid, f"c{devid}", **wish)
        host.expect(lambda: (one.status(devid) or "").startswith("error: "),
                    f"{wish} is refused", lambda: one.status(devid))
    equal(one.traces(), {}, "what is left of refused requests")
    one.client.write(one.request_path(50, "name"), "demo")
    one.client.write(one.request_path(50, "request"), "2")
    host.expect(lambda: (one.status(50) or "").startswith("error: "),
                "a request of a later version is refused", lambda: one.status(50))


@case
def attach_after_a_request_is_corrected(host):
    one = host.guest(7, "web1")
    host.attachd.start()
    one.request(0, "../demo")
    host.expect(lambda: (one.status(0) or "").startswith("error: "), "the name is refused",
                lambda: one.status(0))
    one.request(0, "demo")
    host.expect(lambda: one.attached(0), "the corrected request is served", lambda: one.status(0))


@case
def attach_requests_older_than_the_daemon(host):
    guests = [host.guest(domid, f"web{domid}") for domid in (3, 4, 5)]
    for one in guests:
        one.request(0, "demo")
        one.request(1, "log")
    host.attachd.start()
    for one in guests:
        for devid in (0, 1):
            host.expect(lambda: one.attached(devid), f"{one.name} gets device {devid}",
                        lambda: one.status(devid))


@case
def attach_before_there_is_a_name(host):
    """xl names a guest that arrives by migration only once it is complete."""
    host.attachd.start()
    one = host.guest(7, "web1--incoming")
    one.request(0, "demo")
    host.never(lambda: one.traces(), "a device for a guest that is still arriving")
    host.toolstack.rename(7, "web1")
    host.expect(lambda: one.attached(0), "the guest that arrived is served",
                lambda: one.status(0))
    equal(host.client.get(one.backend(0, "guest")), "web1", "its name")


@case
def attach_twenty_guests_at_once(host):
    host.attachd.start()
    guests = [host.guest(domid, f"web{domid}") for domid in range(1, 21)]
    for one in guests:
        one.wish(0, "demo")
        one.wish(1, "log")
    for one in guests:
        one.client.write(one.request_path(0, "request"), "1")
        one.client.write(one.request_path(1, "request"), "1")
    host.expect(lambda: all(one.attached(devid) for one in guests for devid in (0, 1)),
                "each of 20 guests gets two devices",
                lambda: [(one.name, devid, one.status(devid)) for one in guests
                         for devid in (0, 1) if not one.attached(devid)])
    for one in guests:
        equal(host.client.get(one.backend(1, "frontend")), one.frontend(1), "the other end")
    for one in guests:
        host.join(one, 0)
    listed = {(entry["domid"], entry["devid"]): entry for entry in host.attachd.list()}
    equal(set(listed), {(one.domid, devid) for one in guests for devid in (0, 1)}, "the list")
    host.expect(lambda: sum(entry["phase"] == "connected" for entry in host.attachd.list()) == 20,
                "20 of them are listed as connected")
    for one in list(guests):
        host.destroy(one)
    host.expect(lambda: not any(one.traces() for one in guests) and host.attachd.list() == [],
                "nothing is left of 20 guests", lambda: [one.traces() for one in guests])


@case
def attach_two_channels_of_one_name(host):
    one, other = host.guest(7, "web1"), host.guest(8, "web2")
    host.attachd.start()
    one.request(0, "demo")
    host.expect(lambda: one.attached(0), "the first is attached", lambda: one.status(0))
    one.request(1, "demo")
    host.expect(lambda: (one.status(1) or "").startswith("denied: "), "the second is denied",
                lambda: one.status(1))
    other.request(0, "demo")
    host.expect(lambda: other.attached(0), "another guest has its own names",
                lambda: other.status(0))
    check(one.attached(0), "the first has gone")
    one.withdraw(0)
    host.expect(lambda: one.attached(1), "the second has it when the first is gone",
                lambda: one.status(1))


@case
def attach_guest_with_an_unsafe_name(host):
    host.attachd.start()
    names = ("../../0", "a b", "web\x1b[31m1", "x\n/mydevice", "é" * 20, "%s%n%s", "n" * 300)
    guests = [host.guest(domid + 1, name) for domid, name in enumerate(names)]
    for one in guests:
        one.request(0, "demo")
    for one in guests:
        host.expect(lambda: one.attached(0), f"{one.name!r} is served", lambda: one.status(0))
        equal(host.client.get(one.backend(0, "guest")), None, f"the node guest for {one.name!r}")
    listed = host.attachd.list()
    equal(len(listed), len(guests), "how many are listed")
    for entry in listed:
        check(entry["guest"].isascii() and entry["guest"].isprintable(),
              f"a raw name is listed: {entry['guest']!r}")
        equal(entry["node"], f"/dev/mydevice-back/{entry['domid']}-0", "the node's path")
    _, table, _ = host.attachd.ctl("list")
    check(all(line.isprintable() for line in table.splitlines()), f"a raw name: {table!r}")
    check("\x1b" not in host.attachd.log_text(), "a raw name in the log")


@case(build="plain")
def attach_in_less_time_than_a_script(host):
    """Figures only, no verdict: they are compared where nothing else runs."""
    one = host.guest(7, "web1")
    host.attachd.start()
    waits, written = [], []
    for devid in range(8):
        one.client.watch(one.request_path(devid, "status"), lambda path: None)
        one.wish(devid, f"c{devid}")
        one.client.write(one.request_path(devid, "request"), "1")
        asked = time.monotonic()
        host.expect(lambda: one.status(devid), "an answer")
        waits.append(time.monotonic() - asked)
        written += [entry["written_after_usec"] for entry in host.attachd.list()
                    if entry["devid"] == devid]
        one.withdraw(devid)
    script = os.path.join(os.path.dirname(os.path.dirname(__file__)), "activate.sh")
    began = time.monotonic()
    subprocess.run(["sh", script, "7", "60"], check=True,
                   env={**os.environ, "XENSTORED_PATH": host.machine.socket})
    by_script = time.monotonic() - began
    equal(host.client.get(one.backend(60, "state")), "1", "what the script wrote")
    note(f"{host.kind}: request to answer {statistics.median(waits) * 1e3:.1f} ms"
         f" (of it until the nodes are written {statistics.median(written) / 1e3:.1f} ms),"
         f" an activate script {by_script * 1e3:.1f} ms")
