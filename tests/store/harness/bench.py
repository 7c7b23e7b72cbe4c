# SPDX-License-Identifier: GPL-2.0-or-later
"""The cost of a guest: see tests/store/bench."""

import glob
import json
import os
import statistics
import subprocess
import sys
import threading
import time

from harness import guest, machine, proxy, wire, world

IDLE_SECONDS = 5
ONE_BY_ONE = 200
SCRIPTS = 5


def percentile(values, percent):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * percent / 100))]


def wake_ups(pid):
    """Of all threads, since they began."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/status"):
        with open(path, encoding="ascii") as stream:
            total += sum(int(line.split()[1]) for line in stream
                         if line.startswith("voluntary_ctxt_switches"))
    return total


def cpu_seconds(host):
    """Of all threads, to the nanosecond."""
    total = 0
    for path in glob.glob(f"/proc/{host.attachd.process.pid}/task/*/schedstat"):
        with open(path, encoding="ascii") as stream:
            total += int(stream.read().split()[0])
    return total / 1e9


def records(host, guest=""):
    try:
        return len(host.client.list(f"/mydevice{guest}"))
    except wire.StoreError:
        return 0


def play_manager(host):
    """Reads what the daemon tells its manager: if nobody did, it would wait in the end."""
    def read():
        while host.attachd.running():
            host.attachd.read_notifications()
            time.sleep(1)

    threading.Thread(target=read, daemon=True).start()


def wait(condition, within=300):
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError("it never happened")
        time.sleep(0.002)


def arrive(host, count):
    """So many guests, with the few nodes that matter, and without transactions: those
    of C xenstored take longer the more there is in it."""
    guests, requests = [], []
    for domid in range(1, count + 1):
        one = host.guests[domid] = guest.Guest(host, domid, f"web{domid}")
        guests.append(one)
        host.machine.command("create", domid, one.uuid)
        for path, value, perms in ((one.home, "", f"n0,r{domid}"),
                                   (f"{one.home}/name", one.name, None),
                                   (f"{one.home}/vm", f"/vm/{one.uuid}", None),
                                   (f"{one.home}/device", "", f"n0,r{domid}"),
                                   (f"{one.home}/data", "", f"n{domid}")):
            requests.append((wire.WRITE, wire.raw(f"{path}\0{value}")))
            if perms:
                requests.append((wire.SET_PERMS,
                                 wire.raw(f"{path}\0" + perms.replace(",", "\0") + "\0")))
    errors = host.client.flood(requests)
    if errors:
        raise RuntimeError(f"the guests cannot be made: {errors}")
    for one in guests:
        host.client.introduce(one.domid)
        host.machine.command("running", one.domid)
    return guests


def leave(host, guests):
    """They are destroyed one after the other, as a shutting host does it."""
    for one in guests:
        del host.guests[one.domid]
        host.toolstack.destroy(one.domid)


def all_at_once(host, guests):
    """Everybody asks before anybody is served: (seconds, CPU seconds), for each."""
    requests = []
    for one in guests:
        requests += [(wire.WRITE, wire.raw(one.request_path(0, "name")) + b"\0demo"),
                     (wire.WRITE, wire.raw(one.request_path(0, "request")) + b"\x001")]
    cpu, began = cpu_seconds(host), time.monotonic()
    host.client.flood(requests)
    wait(lambda: records(host) == len(guests))
    took = time.monotonic() - began
    host.settle(0.3)
    return took / len(guests), (cpu_seconds(host) - cpu) / len(guests)


def one_by_one(host, guests):
    """Seconds from the request to the answer, of each."""
    client, took = host.connect(), []
    for one in guests[:ONE_BY_ONE]:
        status = one.request_path(1, "status")
        client.write(one.request_path(1, "name"), "log")
        began = time.monotonic()
        client.write(one.request_path(1, "request"), "1")
        while not client.get(status):
            pass
        took.append(time.monotonic() - began)
    return took


def yardstick(host, guests):
    """Seconds for a bare client to do the same to the store: what of it all is the store's own."""
    client, took = host.connect(), []

    def attach(one):
        def body(transaction):
            for path in (one.frontend(2), one.backend(2)):
                client.remove(path, transaction)
                client.mkdir(path, transaction)
                client.set_perms(path, f"n0,r{one.domid}", transaction)
                for node in range(6):
                    client.write(f"{path}/{node}", "x", transaction)
        client.atomically(body)
        client.write(one.request_path(2, "status"), "attached")

    for one in guests[:ONE_BY_ONE]:
        began = time.monotonic()
        attach(one)
        took.append(time.monotonic() - began)
    for one in guests[:ONE_BY_ONE]:
        for path in (one.frontend(2), one.backend(2), one.request_path(2)):
            client.remove(path)
    return statistics.median(took)


def by_script(host, guests):
    """Seconds of what a host without attachd does, for each."""
    script = os.path.join(os.path.dirname(os.path.dirname(__file__)), "activate.sh")
    began = time.monotonic()
    for one in guests[:SCRIPTS]:
        subprocess.run(["sh", script, str(one.domid), "60"], check=True,
                       env={**os.environ, "XENSTORED_PATH": host.machine.socket})
    return (time.monotonic() - began) / min(SCRIPTS, len(guests))


def idle(host):
    """(wake-ups a second, CPU seconds a second) of a daemon that has nothing to do."""
    time.sleep(1)
    before, cpu = wake_ups(host.attachd.process.pid), cpu_seconds(host)
    time.sleep(IDLE_SECONDS)
    return ((wake_ups(host.attachd.process.pid) - before) / IDLE_SECONDS,
            (cpu_seconds(host) - cpu) / IDLE_SECONDS)


def messages(host):
    """To the store, for one attach and its answer: (messages, transactions)."""
    between = proxy.Proxy(host.machine.socket, os.path.join(host.dir, "between"))
    host.attachd.store_path = between.path
    one = host.guest(1, "web1")
    host.attachd.start()
    between.wait_idle(host)
    between.arm(0, lambda kind: False)
    one.request(0, "demo")
    host.expect(lambda: one.attached(0), "it is attached")
    between.wait_idle(host, 0.2)
    kinds = list(between.kinds)
    host.attachd.stop()
    between.close()
    return len(kinds), kinds.count(wire.TRANSACTION_START)


def with_guests(host, count):
    host.attachd.start()
    play_manager(host)
    host.client.timeout = 300
    guests = arrive(host, count)
    wait(lambda: json.loads(host.attachd.ctl("status", "--json")[1])["guests"] == count)
    host.settle(0.5)
    figures = {"guests": count, "rss_before_kib": host.attachd.resident_kib()}
    figures["at_once_sec"], figures["at_once_cpu_sec"] = all_at_once(host, guests)
    times = one_by_one(host, guests)
    figures["one_p50_sec"] = statistics.median(times)
    figures["one_p99_sec"] = percentile(times, 99)
    figures["yardstick_sec"] = yardstick(host, guests)
    figures["script_sec"] = by_script(host, guests)
    figures["idle_wakeups"], figures["idle_cpu"] = idle(host)
    figures["rss_kib"] = host.attachd.resident_kib()
    began = time.monotonic()
    leave(host, guests)
    wait(lambda: not records(host))
    figures["end_sec"] = (time.monotonic() - began) / count
    host.attachd.stop()
    return figures


def run(kind, builds, measure):
    host = world.World(os.path.abspath("build/store"), kind, builds)
    try:
        host.attachd.build = "plain"
        host.start_store()
        return measure(host)
    finally:
        host.close()


COLUMNS = (
    ("guests", "{guests:6}", "guests"),
    ("at once: ms", "{at_once_sec:11.2f}", "at_once_sec"),
    ("CPU ms", "{at_once_cpu_sec:6.2f}", "at_once_cpu_sec"),
    ("one by one: p50", "{one_p50_sec:15.2f}", "one_p50_sec"),
    ("p99 ms", "{one_p99_sec:6.2f}", "one_p99_sec"),
    ("the store's share", "{yardstick_sec:17.2f}", "yardstick_sec"),
    ("script ms", "{script_sec:9.1f}", "script_sec"),
    ("RSS KiB", "{rss_kib:7}", "rss_kib"),
    ("idle wake-ups/s", "{idle_wakeups:15.1f}", "idle_wakeups"),
    ("end ms", "{end_sec:6.2f}", "end_sec"),
)


def print_row(figures):
    shown = {key: value * 1e3 if key.endswith("_sec") else value
             for key, value in figures.items()}
    print("  ".join(form.format(**shown) for _, form, _ in COLUMNS), flush=True)


def main(arguments):
    results, *counts = arguments
    builds = {"plain": os.path.abspath("build")}
    found = {}
    for kind in machine.STORES:
        if not machine.find_store(kind):
            print(f"{kind}: no such xenstored is installed")
            continue
        count, transactions = run(kind, builds, messages)
        print(f"{kind} xenstored: {count} messages and {transactions} transactions for an attach;"
              " for each guest:")
        print("  ".join(title for title, _, _ in COLUMNS))
        rows = []
        for guests in map(int, counts):
            rows.append(run(kind, builds, lambda host, n=guests: with_guests(host, n)))
            print_row(rows[-1])
        if len(rows) > 1:
            first, last = rows[0], rows[-1]
            times = {key: last[key] / first[key]
                     for key in ("one_p50_sec", "at_once_cpu_sec", "yardstick_sec")}
            print(f"  of {last['guests']} guests one takes {times['one_p50_sec']:.2f} times what one"
                  f" of {first['guests']} takes; attachd's own CPU time is"
                  f" {times['at_once_cpu_sec']:.2f} times as much, the store's share"
                  f" {times['yardstick_sec']:.2f} times")
        found[kind] = {"messages": count, "transactions": transactions, "runs": rows}
    with open(results, "w", encoding="ascii") as stream:
        json.dump(found, stream, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
