# SPDX-License-Identifier: GPL-2.0-or-later
"""The cost of a guest: see tests/store/bench."""

import contextlib
import glob
import json
import os
import select
import statistics
import subprocess
import sys
import threading
import time

from harness import guest, machine, proxy, wire, world

IDLE_SECONDS = 20
WATCHDOG_SECONDS = 10
ONE_BY_ONE = 100
SCRIPTS = 5
# Of few guests there are more rounds: nobody can tell 2 ms of CPU time from chance.
GUESTS_AT_LEAST = 100
# C xenstored needs seconds for an attach among thousands: then fewer ask.
BUDGET_SECONDS = 20
# of CPU time in a moment: a probe of the store or two, and no more
REST_SECONDS = 0.002
CALLGRIND_SLOWER = 50


def percentile(values, percent):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * percent / 100))]


def wake_ups(pid):
    """Of each thread since it began: the first, that for XenStore, libxenstore's."""
    found = []
    for task in sorted(map(int, os.listdir(f"/proc/{pid}/task"))):
        with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as stream:
            found += [int(line.split()[1]) for line in stream
                      if line.startswith("voluntary_ctxt_switches")]
    return found


def cpu_seconds(pid):
    """Of all threads, to the nanosecond."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with open(path, encoding="ascii") as stream:
            total += int(stream.read().split()[0])
    return total / 1e9


class Meter:
    """CPU seconds of attachd and of its store since it was made."""

    def __init__(self, host):
        self.pids = host.attachd.process.pid, host.machine.store.pid
        self.before = self.read()

    def read(self):
        return [cpu_seconds(pid) for pid in self.pids]

    def took(self):
        return [now - before for now, before in zip(self.read(), self.before)]


def records(host, guest=""):
    try:
        return len(host.client.list(f"/mydevice{guest}"))
    except wire.StoreError:
        return 0


def count_of(host, what):
    """As the daemon says; None while it is not yet on the bus."""
    code, out, _ = host.attachd.ctl("status", "--json")
    return json.loads(out)[what] if code == 0 else None


def play_manager(host):
    """Reads what the daemon tells its manager."""
    def read():
        # the socket is closed when the host ends
        with contextlib.suppress(OSError):
            while host.attachd.running():
                host.attachd.read_notifications()
                time.sleep(1)

    threading.Thread(target=read, daemon=True).start()


def wait(condition, within=120, pause=0.002):
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError("it never happened")
        time.sleep(pause)


def arrive(host, domids):
    """So many guests, with the few nodes that matter, and without transactions: those
    of C xenstored take longer the more there is in it."""
    guests, requests = [], []
    for domid in domids:
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


def rest(host, least=REST_SECONDS):
    """Until attachd has done what it had to do: of an arrival more than to know the guests.
    It may wait for the store, which is busy then."""
    def so_far():
        return cpu_seconds(host.attachd.process.pid) + cpu_seconds(host.machine.store.pid)

    spent = least + 1
    while spent > least:
        before = so_far()
        host.settle(0.3)
        spent = so_far() - before


def spread(guests, count):
    """So many of them, evenly."""
    return [guests[i * len(guests) // count] for i in range(count)]


def ask(host, guests):
    host.client.flood([request for one in guests for request in (
        (wire.WRITE, wire.raw(one.request_path(0, "name")) + b"\0demo"),
        (wire.WRITE, wire.raw(one.request_path(0, "request")) + b"\x001"))])


def answered(host, guests):
    """Has each its answer? attachd itself is not asked: that would be its time."""
    waiting = list(guests)

    def ask_store():
        while waiting and host.client.get(waiting[-1].request_path(0, "status")):
            waiting.pop()
        return not waiting

    return ask_store


def at_once(host, count, asking):
    """All arrive, and then so many of them ask: of each, how long it took, and CPU seconds."""
    meter = Meter(host)
    guests = arrive(host, range(1, count + 1))
    wait(lambda: count_of(host, "guests") == count, pause=0.02)
    rest(host)
    arrival, _ = meter.took()
    # C xenstored takes longer for those that came earlier
    guests = spread(guests, asking)
    meter, began = Meter(host), time.monotonic()
    ask(host, guests)
    wait(answered(host, guests), within=600, pause=0.05)
    took = time.monotonic() - began
    rest(host)
    attach, store = meter.took()
    return guests, {"at_once_sec": took / asking, "at_once_arrival_cpu_sec": arrival / count,
            "at_once_attach_cpu_sec": attach / asking, "at_once_store_cpu_sec": store / asking}


def one_by_one(host, count):
    """More come one after the other, and ask: how long it took each, and CPU seconds."""
    client, took, cpu, store = host.connect(), [], 0, 0
    client.timeout = 300
    answers = []
    began = time.monotonic()
    for domid in range(count + 1, count + 1 + min(count, ONE_BY_ONE)):
        meter = Meter(host)
        one, = arrive(host, [domid])
        path = one.request_path(0, "status")
        client.write(one.request_path(0, "name"), "log")
        token = client.watch(path, answers.append)
        asked = time.monotonic()
        client.write(one.request_path(0, "request"), "1")
        # to ask again and again would take the store's time
        while not (answers and client.get(path)):
            answers.clear()
            if not client.has_events():
                select.select([client], [], [], 10)
            client.dispatch()
        took.append(time.monotonic() - asked)
        client.unwatch(path, token)
        spent = meter.took()
        cpu, store = cpu + spent[0], store + spent[1]
        if len(took) >= 5 and time.monotonic() - began > BUDGET_SECONDS:
            break
    return took, cpu / len(took), store / len(took)


def yardstick(host, guests):
    """What of it all is the store's own: a bare client writes the same nodes. Seconds, and CPU
    seconds of the store."""
    client, took = host.connect(), []
    client.timeout = 300

    def attach(one):
        def body(transaction):
            client.read(one.home, transaction)
            client.write(f"/mydevice/{one.domid}/yard-2", "x" * 200, transaction)
            for path, nodes in ((one.frontend(2), 3), (one.backend(2), 8)):
                client.remove(path, transaction)
                client.mkdir(path, transaction)
                client.set_perms(path, f"n0,r{one.domid}", transaction)
                for node in range(nodes):
                    client.write(f"{path}/{node}", "x", transaction)
        client.atomically(body)
        client.write(one.request_path(2, "status"), "attached")

    meter = Meter(host)
    began = time.monotonic()
    for one in guests:
        begun = time.monotonic()
        attach(one)
        took.append(time.monotonic() - begun)
        if len(took) >= 5 and time.monotonic() - began > BUDGET_SECONDS / 2:
            break
    cpu = meter.took()[1] / len(took)
    for one in guests[:len(took)]:
        client.remove(f"/mydevice/{one.domid}/yard-2")
    return statistics.median(took), cpu


def by_script(host, guests):
    """Seconds of what a host without attachd does, for each."""
    script = os.path.join(os.path.dirname(os.path.dirname(__file__)), "activate.sh")
    took = []
    for one in guests:
        began = time.monotonic()
        subprocess.run(["sh", script, str(one.domid), "60"], check=True,
                       env={**os.environ, "XENSTORED_PATH": host.machine.socket})
        took.append(time.monotonic() - began)
    return statistics.median(took)


def idle(host, between):
    """Of a daemon that has nothing to do: all its wake-ups a second, and those that neither the
    probe of the store nor the watchdog is the reason for, and messages that are no probe."""
    between.wait_idle(host, 1)
    between.arm(0, lambda kind: False)
    before = wake_ups(host.attachd.process.pid)
    time.sleep(IDLE_SECONDS)
    woken = [now - then for now, then in zip(wake_ups(host.attachd.process.pid), before)]
    # For a probe its thread wakes for the clock and for the answer in two pieces; one more was
    # under way. libxenstore's thread reads events only, and there are none.
    of_probes = 3 * (between.probes + 1)
    reasons = [IDLE_SECONDS // WATCHDOG_SECONDS, of_probes, 0]
    others = sum(max(0, n - reason) for n, reason in zip(woken, reasons))
    return {"idle_wakeups": sum(woken) / IDLE_SECONDS, "idle_others": others / IDLE_SECONDS,
            "idle_probes": between.probes / IDLE_SECONDS,
            "idle_messages": len(between.kinds) - between.probes}


def end(host, guests):
    """Seconds for each, destroyed one after the other as a shutting host does it."""
    began = time.monotonic()
    for one in guests:
        del host.guests[one.domid]
        host.toolstack.destroy(one.domid)
    wait(lambda: not any(records(host, f"/{one.domid}") for one in guests))
    return (time.monotonic() - began) / len(guests)


def messages(host, count):
    """To the store, for one attach and its answer, and of a daemon at rest."""
    between = proxy.Proxy(host.machine.socket, os.path.join(host.dir, "between"))
    host.client.timeout = 300
    one = arrive(host, range(1, count + 1))[-1]
    host.attachd.store_path = between.path
    host.attachd.start(ready=False)
    play_manager(host)
    wait(lambda: count_of(host, "guests") == count, pause=0.1)
    found = []
    for devid in range(3):
        between.wait_idle(host, 0.7)
        between.arm(0, lambda kind: False)
        host.client.write(one.request_path(devid, "name"), f"c{devid}")
        host.client.write(one.request_path(devid, "request"), "1")
        wait(lambda d=devid: host.client.get(one.request_path(d, "status")))
        between.wait_idle(host, 0.7)
        found.append((len(between.kinds) - between.probes,
                      between.kinds.count(wire.TRANSACTION_START)))
    at_rest = idle(host, between)
    host.attachd.stop()
    between.close()
    return {"messages": min(found)[0], "transactions": min(found)[1], **at_rest}


def callgrind_total(path):
    with open(path, encoding="ascii", errors="replace") as stream:
        return next(int(line.split()[1]) for line in stream if line.startswith("totals: "))


def instructions(host, count):
    """Of attachd itself for each that arrives and asks, at once. Unlike time they do not depend
    on what else the machine does, or on how dear it is to wake up."""
    out = os.path.join(host.dir, "callgrind")
    host.attachd.start(under=("valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"))
    play_manager(host)
    host.client.timeout = 600

    def so_far(number):
        rest(host, REST_SECONDS * CALLGRIND_SLOWER)
        subprocess.run(["vgdb", f"--pid={host.attachd.process.pid}", "dump"], check=True,
                       capture_output=True)
        return callgrind_total(f"{out}.{number}")

    so_far(1)
    guests = arrive(host, range(1, count + 1))
    wait(lambda: count_of(host, "guests") == count, pause=0.1)
    arrival = so_far(2)
    guests = spread(guests, asking_among(host.kind, count))
    ask(host, guests)
    wait(answered(host, guests), within=600, pause=0.1)
    attach = so_far(3)
    host.attachd.stop()
    return {"instructions": round(arrival / count + attach / len(guests))}


def asking_among(kind, count):
    if count <= 500:
        return count
    # at 1000 some 0.15 s, and it grows with their square in one, with their number in the other
    growth = (count / 1000) ** 2 if kind == "c" else count / 4000
    return max(20, min(count, int(BUDGET_SECONDS / (0.15 * growth))))


def with_guests(host, count, first):
    """first: of the rounds with so many; what takes long or does not vary is done once."""
    host.attachd.start()
    play_manager(host)
    host.client.timeout = 600
    asking = asking_among(host.kind, count)
    asked, figures = at_once(host, count, asking)
    figures = {"guests": count, "asking": asking, **figures}
    times, figures["one_cpu_sec"], figures["one_store_cpu_sec"] = one_by_one(host, count)
    figures["one_times"] = times
    came = [host.guests[domid] for domid in range(count + 1, count + 1 + len(times))]
    figures["yardstick_sec"], figures["yardstick_cpu_sec"] = \
        yardstick(host, spread(asked, min(asking, 20)))
    if not first:
        return figures
    figures["script_sec"] = by_script(host, spread(asked, SCRIPTS))
    figures["rss_kib"] = host.attachd.resident_kib()
    figures["end_sec"] = end(host, came[:20])
    return figures


def merge(rounds):
    """Of several rounds: the means, and percentiles over all."""
    merged = dict(rounds[0])
    for key, value in rounds[-1].items():
        if isinstance(value, float):
            merged[key] = statistics.mean(one[key] for one in rounds)
    times = [value for one in rounds for value in one["one_times"]]
    merged["one_p50_sec"] = statistics.median(times)
    merged["one_p99_sec"] = percentile(times, 99)
    merged["one_times"] = times
    merged["at_once_cpu_sec"] = merged["at_once_arrival_cpu_sec"] + merged["at_once_attach_cpu_sec"]
    merged["rounds"] = len(rounds)
    return merged


def run(kind, builds, measure):
    host = world.World(os.path.abspath("build/store"), kind, builds)
    try:
        host.attachd.build = "plain"
        host.start_store()
        return measure(host)
    finally:
        host.close()


def measure_count(kind, builds, count):
    rounds = [run(kind, builds, lambda host, n=number: with_guests(host, count, n == 0))
              for number in range(max(1, min(10, GUESTS_AT_LEAST // count)))]
    figures = merge(rounds)
    figures.update(run(kind, builds, lambda host: messages(host, count)))
    figures.update(run(kind, builds, lambda host: instructions(host, count)))
    return figures


COLUMNS = (
    ("guests", "{guests:6}"),
    ("ask", "{asking:5}"),
    ("at once: ms", "{at_once_sec:11.2f}"),
    ("CPU ms", "{at_once_cpu_sec:6.3f}"),
    ("instructions", "{instructions:12}"),
    ("store's", "{at_once_store_cpu_sec:7.2f}"),
    ("one by one: p50", "{one_p50_sec:15.2f}"),
    ("p99 ms", "{one_p99_sec:6.2f}"),
    ("CPU ms", "{one_cpu_sec:6.3f}"),
    ("bare writes: ms", "{yardstick_sec:15.2f}"),
    ("store's", "{yardstick_cpu_sec:7.2f}"),
    ("script ms", "{script_sec:9.1f}"),
    ("messages", "{messages:8}"),
    ("txns", "{transactions:4}"),
    ("RSS KiB", "{rss_kib:7}"),
    ("idle/s", "{idle_wakeups:6.2f}"),
    ("end ms", "{end_sec:6.2f}"),
)


def print_row(figures):
    shown = {key: value * 1e3 if key.endswith("_sec") else value
             for key, value in figures.items()}
    print("  ".join(form.format(**shown).rjust(len(title)) for title, form in COLUMNS), flush=True)


def numbers(kind, rows):
    """(what, found, target, whether it is met)"""
    first = rows[0]
    last = max([row for row in rows if row["guests"] <= 1000] or rows,
               key=lambda row: row["guests"])
    span = f"{last['guests']} guests against {first['guests']}"

    def over_bare(row):
        return row["at_once_store_cpu_sec"] / row["yardstick_cpu_sec"]

    def growth(key):
        return last[key] / first[key]

    def row(what, found, target, unit=""):
        return f"{kind}: {what}", f"{found:.2f}{unit}", f"<= {target:g}{unit}", found <= target

    yield row(f"attachd's instructions for a guest, at once, {span}", growth("instructions"), 1.2,
              "x")
    yield row(f"attachd's CPU for a guest, at once, {span}", growth("at_once_cpu_sec"), 1.2, "x")
    yield row(f"attachd's CPU for a guest, one by one, {span}", growth("one_cpu_sec"), 1.2, "x")
    # what the store does for a write grows with the guests, whoever writes
    yield row(f"xenstored's CPU for an attach over that of bare writes, {span}",
              over_bare(last) / over_bare(first), 1.2, "x")
    yield row(f"messages for an attach, {span}", growth("messages"), 1, "x")
    yield row(f"RSS with {last['guests']} guests", last["rss_kib"] / 1024, 16, " MiB")
    yield row("probes of the store a second, idle", last["idle_probes"], 0.5)
    yield row("wake-ups a second, idle, without that reason", last["idle_others"], 0)
    yield row("messages to the store, idle, other than it", last["idle_messages"], 0)
    yield row("request to answer, against activate.sh", first["one_p50_sec"] / first["script_sec"],
              0.05, "x")


def print_numbers(found):
    lines = [(*line[:3], "met" if line[3] else "missed")
             for kind, rows in found.items() for line in numbers(kind, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(4)]
    print()
    for what, value, target, result in lines:
        print(what.ljust(widths[0]), value.rjust(widths[1]), target.ljust(widths[2]), result,
              sep="  ")


def main(arguments):
    results, *counts = arguments
    builds = {"plain": os.path.abspath("build")}
    found = {}
    for kind in machine.STORES:
        if not machine.find_store(kind):
            print(f"{kind}: no such xenstored is installed")
            continue
        print(f"{kind} xenstored, for each guest:")
        print("  ".join(title for title, _ in COLUMNS), flush=True)
        found[kind] = []
        for count in map(int, counts):
            found[kind].append(measure_count(kind, builds, count))
            print_row(found[kind][-1])
    print_numbers(found)
    with open(results, "w", encoding="ascii") as stream:
        json.dump(found, stream, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
