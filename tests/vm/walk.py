# SPDX-License-Identifier: GPL-2.0-or-later
"""walk.py LAB STRIDE: attachd and every pair of states, as docs/PROTOCOL.md has it.

Of two guests that stand still, and so have no drivers, one serves a channel of the other for
each pair. The states are forced, all of them at once, as both would write them. What
attachd makes of each pair is compared with the table, and so is what it has read. To die,
the one that serves is let go on. A pair that ends its phase by itself meets a later event of
that phase while attachd stands still, so that it sees both at once. With a STRIDE of more
than 1 it is every so many diagonals of the tables: with 11 there still is each state of either
end. Prints PASS or FAIL and a name for each table.
"""

import itertools
import json
import subprocess
import sys
import time

MARKS = "012345678?-"
NAMES = dict(zip(MARKS, ("Unknown", "Initialising", "InitWait", "Initialised", "Connected",
                         "Closing", "Closed", "Reconfiguring", "Reconfigured", "Unknown", "Gone")))
PHASES = {"w": "waiting", "c": "connected", "C": "closing", "S": "stranded", "M": "moved",
          "m": "moved"}
REMOVED = "RFL"
CONF = "/etc/mydevice/attachd.conf.d/states.conf"
FRONTEND, BACKEND = "still-f", "still-b"
FRONT, BACK = range(2)
# attachd's longest and shortest, and what leaves time to come before it
PATIENT, SOON, IMPATIENT = 300, 60, 1
LONG = 90
# which nobody runs: no driver and no udev looks at what the one that serves has
SCRIPT = "/etc/xen/scripts/states"
# a diagonal with something of each phase: what moves and follows has Initialising in it
FIRST = 4


def tables():
    """{(phase, event): {pair: letter}}, of the first block after the heading."""
    found, about, rows = {}, [], iter(())
    with open("docs/PROTOCOL.md", encoding="utf-8") as document:
        text = document.read().split("### Every pair of states\n")[1].split("```\n")[1]
    for line in filter(str.strip, text.splitlines()):
        if ":" in line:
            phases, events, rest = (part.strip() for part in line.split(":"))
            about = [(phase, event) for phase in phases.split(", ") for event in events.split(", ")]
            for key in about:
                found[key] = {row + column: rest for row in MARKS for column in MARKS}
            rows = iter(("", *MARKS))
        else:
            row = next(rows)
            for column, letter in zip(MARKS, line.split()[1:] if row else ()):
                for key in about:
                    found[key][row + column] = letter
    return found


class Walk:
    def __init__(self, lab, pairs):
        self.lab, self.pairs, self.tables = lab, pairs, tables()
        self.wrong, self.counts = {}, {}
        self.domids, self.born, self.devids = {}, {}, iter(())

    def dom0(self, script):
        ran = subprocess.run(["tests/lab/lab", "--name", self.lab, "run", "sh -e"], text=True,
                             input=script, stdout=subprocess.PIPE, check=True)
        return ran.stdout

    def create(self, *guests):
        for guest in guests:
            self.domids[guest] = self.dom0(f"xl create -q -p /root/still.cfg 'name=\"{guest}\"'\n"
                                           f"xl domid {guest}").strip()

    def be(self, timeout, then, *more):
        """attachd, with a DetachTimeoutSec, which counts for what is still to come."""
        self.dom0(f"printf '%s\\n' '[Guest {FRONTEND}]' MaxChannels=4096 RateLimitBurst=0 "
                  f"Backend={BACKEND} DetachTimeoutSec={timeout} {' '.join(more)} >{CONF}; "
                  f"mydevice-attachd --check >&2; systemctl {then} mydevice-attachd")

    def directory(self, end, devid):
        front, back = (self.domids[guest] for guest in (FRONTEND, BACKEND))
        return (f"/local/domain/{back}/backend/mydevice/{front}/{devid}" if end else
                f"/local/domain/{front}/device/mydevice/{devid}")

    def request(self, devid):
        return f"/local/domain/{self.domids[FRONTEND]}/data/mydevice/{devid}"

    def devices(self):
        """{devid: (when it was asked for, phase, both states)}"""
        return {entry["devid"]: (entry["requested_usec"], entry["phase"],
                                 (entry["frontend_state"], entry["backend_state"]))
                for entry in json.loads(self.dom0("mydevicectl list --json"))
                if entry["guest"] == FRONTEND}

    def until(self, condition):
        deadline = time.monotonic() + LONG
        while time.monotonic() < deadline:
            if condition():
                return True
            time.sleep(1)
        return False

    def attach(self, *parts):
        """For each of these lists of pairs, {devid: pair}."""
        found = [{next(self.devids): pair for pair in part} for part in parts]
        wanted = {devid for part in found for devid in part}
        words = " ".join(f"{self.request(devid)}/{node}" for devid in wanted
                         for node in (f"name p{devid}", "request 1"))
        self.dom0(f"xenstore-write {words}")
        if not self.until(lambda: wanted <= self.devices().keys()):
            raise SystemExit(f"FAIL states-attach: only {len(self.devices())} devices came")
        self.born.update({devid: device[0] for devid, device in self.devices().items()})
        return found

    def withdrawing(self, pairs):
        return f"xenstore-rm {' '.join(map(self.request, pairs))}\n" if pairs else ""

    def withdraw(self, pairs):
        self.dom0(self.withdrawing(pairs))

    def forcing(self, pairs, without=None):
        """All at once; then those that are to have no node lose it, but for the end that
        has lost them all."""
        write, remove = [], []
        for devid, pair in pairs.items():
            for end, mark in enumerate(pair):
                node = f"{self.directory(end, devid)}/state"
                if mark == "-" and end != without:
                    remove.append(node)
                elif mark != "-":
                    write.append(f"{node} {'junk' if mark == '?' else mark}")
        return "".join(f"{command} {' '.join(words)}\n" for command, words in
                       (("xenstore-write", write), ("xenstore-rm", remove)) if words)

    def force(self, pairs, without=None):
        self.dom0(self.forcing(pairs, without))

    def at_once(self, *scripts):
        """All that they do, before attachd sees any of it."""
        self.dom0("trap 'systemctl kill -s CONT mydevice-attachd' EXIT\n"
                  "systemctl kill -s STOP mydevice-attachd\n" + "".join(scripts))

    def crash(self, pairs, without=None):
        """The one that serves, and each pair: attachd hears of its end first, and is not to
        find a pair without it, however few events it has when it goes on."""
        self.at_once(f"""xl unpause {BACKEND}
            for n in $(seq 100); do
                xl list {BACKEND} | tail -n 1 | grep -q -- '---s' && break || sleep 0.1
            done
            xl list {BACKEND} | tail -n 1 | grep -q -- '---s'
            """, self.forcing(pairs, without))

    def replace(self):
        """The one that has crashed; its tree stays."""
        self.dom0(f"xl rename {BACKEND} {BACKEND}-old")
        self.create(BACKEND)

    def find(self, now, devid, expected):
        """What has become of a device, as far as it is known what is expected."""
        device = now.get(devid)
        if not device or device[0] != self.born[devid]:
            return ("removed", None)
        return device[1], device[2] if expected[1] else None

    def check(self, phase, event, pairs, read=False, held=False):
        """read: the pair is what attachd is to have read last, where nothing was to happen;
        held: a script has something to undo"""
        table = self.tables[phase, event]
        expected = {}
        for devid, pair in pairs.items():
            letter = table[pair]
            states = tuple(NAMES[mark] for mark in pair) if read and letter in "wcm=T" else None
            after = ("unplugging" if held else "removed") if letter in REMOVED else \
                PHASES.get(letter, phase)
            expected[devid] = (after, states)
        found = {}
        # what has begun to close may be gone before the last of the others is looked at
        passing = "closing" if phase != "closing" else None

        def is_so():
            now = self.devices()
            found.update({devid: self.find(now, devid, expected[devid]) for devid in pairs
                          if expected[devid] != found.get(devid) or found[devid][0] != passing})
            return found == expected

        self.until(is_so)
        name = f"{phase}-{event}" + "-held" * held
        self.counts[name] = self.counts.get(name, 0) + len(pairs)
        self.wrong.setdefault(name, []).extend(
            f"({', '.join(pair)}): expected {table[pair]}, {expected[devid]}, found {found[devid]}"
            for devid, pair in pairs.items() if found[devid] != expected[devid])

    def report(self):
        for name, wrong in self.wrong.items():
            print(f"FAIL states-{name}: {len(wrong)} pairs: {'; '.join(wrong[:3])}" if wrong else
                  f"PASS states-{name} ({self.counts[name]} pairs)", flush=True)

    def forced(self):
        return int(self.dom0("mydevicectl metrics | sed -n 's/^mydevice_forced_total //p'"))

    # ---- each of these has two guests of its own ----

    def serving(self):
        whole = [pair for pair in self.pairs if "-" not in pair]
        half = [pair for pair in self.pairs if "-" in pair]
        whole, first, second, late = self.attach(whole, half, half, self.pairs)
        self.force(whole | first)
        self.check("waiting", "states", whole | first, read=True)
        connected = dict.fromkeys(whole | second | late, "44")
        self.force(connected)
        self.check("waiting", "states", connected)
        self.force(whole | second)
        self.check("connected", "states", whole | second, read=True)
        self.withdraw(whole)
        self.check("waiting", "detach", whole)
        self.at_once(self.forcing(late), self.withdrawing(late))
        self.check("connected", "detach", late)

    def closing(self):
        pairs, orphaned = self.attach(self.pairs, self.pairs)
        connected = dict.fromkeys(pairs | orphaned, "44")
        self.force(connected)
        self.check("waiting", "states", connected)
        self.withdraw(pairs)
        self.check("connected", "detach", dict.fromkeys(pairs, "44"))
        self.force(pairs)
        self.check("closing", "states", pairs, read=True)
        left = {devid: pair for devid, pair in pairs.items()
                if self.tables["closing", "states"][pair] == "="}
        # which begins to count at zero
        self.be(IMPATIENT, "restart")
        self.check("closing", "timeout", left)
        found = self.forced()
        expected = [self.tables["closing", "timeout"][pair] for pair in left.values()].count("F")
        if found != expected:
            self.wrong["closing-timeout"].append(f"{found} by force, expected {expected}")
        self.be(PATIENT, "reload")
        self.withdraw(orphaned)
        self.check("connected", "detach", dict.fromkeys(orphaned, "44"))
        self.crash(orphaned)
        self.check("closing", "orphaned", orphaned)

    def unplug(self, pairs):
        """As if a script had come to its end for each of them."""
        self.dom0("xenstore-write " + " ".join(
            f"{self.directory(BACK, devid)}/hotplug-status connected" for devid in pairs))
        self.withdraw(pairs)

    def unplugging(self):
        self.be(PATIENT, "reload", *(f"'[Device p{devid}]' Script={SCRIPT}"
                                     for devid in range(3 * len(self.pairs))))
        stuck = {}
        # no more at a time than attachd has time for
        for i in range(0, len(self.pairs), len(MARKS)):
            some = self.pairs[i:i + len(MARKS)]
            done, late = self.attach(some, some)
            self.unplug(done | late)
            self.check("waiting", "detach", dict.fromkeys(done | late, "11"), held=True)
            self.force(done | late, without=FRONT)
            # attachd does not read them now: what it would do wrong, it has time for
            time.sleep(2)
            self.check("unplugging", "states", done | late, held=True)
            self.dom0("xenstore-rm " + " ".join(
                f"{self.directory(BACK, devid)}/hotplug-status" for devid in done))
            self.check("unplugging", "states", done)
            stuck.update(late)
        self.check("unplugging", "timeout", stuck)
        orphaned, = self.attach(self.pairs)
        self.unplug(orphaned)
        self.until(lambda: "waiting" not in (device[1] for device in self.devices().values()))
        self.crash(orphaned, without=FRONT)
        self.check("unplugging", "orphaned", orphaned)

    def stranded(self):
        there = [pair for pair in self.pairs if pair[0] != "-"]
        gone = [pair for pair in self.pairs if pair[0] == "-"]
        closed = [pair for pair in there if self.tables["stranded", "returned"][pair] == "M"]
        there, gone, going, leaving, late, serving = self.attach(
            there, gone, gone, there, closed, self.pairs)
        connected = dict.fromkeys(serving, "44")
        self.force(connected)
        self.check("waiting", "states", connected)
        self.crash(there | gone | serving)
        self.check("waiting", "orphaned", there | gone)
        self.check("connected", "orphaned", serving)
        self.check("waiting", "orphaned", dict.fromkeys(going | leaving | late, "11"))
        self.force(there | going | leaving, without=BACK)
        self.check("stranded", "states", there | going | leaving, read=True)
        self.withdraw(leaving)
        self.check("stranded", "detach", leaving)
        self.replace()
        self.check("stranded", "returned", there | dict.fromkeys(late, "1-"))
        asked = {devid: pair for devid, pair in there.items()
                 if self.tables["stranded", "returned"][pair] == "T"}
        self.be(SOON, "restart")
        self.check("stranded", "returned", asked | dict.fromkeys(late, "1-"))
        self.at_once(self.forcing(late, without=BACK), f"sleep {SOON}\n")
        self.check("stranded", "timeout", asked | late)

    def moved(self):
        moving = [pair for pair in self.pairs if pair[0] != "1"]
        pairs, detached, late, orphaned = self.attach(self.pairs, self.pairs, moving, self.pairs)
        every = pairs | detached | late | orphaned
        self.crash({})
        self.check("waiting", "orphaned", dict.fromkeys(every, "11"))
        self.force(dict.fromkeys(every, "6-"), without=BACK)
        self.check("stranded", "states", dict.fromkeys(every, "6-"), read=True)
        self.replace()
        self.check("stranded", "returned", dict.fromkeys(every, "6-"))
        waited = dict.fromkeys(late, "12")
        self.force(pairs | waited)
        self.check("moved", "states", pairs | waited, read=True)
        self.at_once(self.forcing(detached), self.withdrawing(detached))
        self.check("moved", "detach", detached)
        asked = {devid: pair for devid, pair in pairs.items()
                 if self.tables["moved", "states"][pair] == "T"}
        self.be(SOON, "restart")
        self.check("moved", "states", waited | asked)
        self.at_once(self.forcing(late), f"sleep {SOON}\n")
        self.check("moved", "timeout", late | asked)
        self.crash(orphaned)
        self.check("moved", "orphaned", orphaned)

    def walk(self, every):
        """Where the serving domain dies and returns takes minutes each: not in every walk."""
        parts = [self.serving, self.closing, self.unplugging]
        for part in parts + every * [self.stranded, self.moved]:
            began = time.monotonic()
            self.devids = itertools.count()
            self.born.clear()
            self.be(PATIENT, "reload")
            self.create(FRONTEND, BACKEND)
            try:
                part()
                left = len(self.devices())
                self.dom0(f"xl destroy {FRONTEND}")
                dead = self.until(lambda: not self.devices())
                self.counts["dead"] = self.counts.get("dead", 0) + left
                self.wrong.setdefault("dead", []).extend(
                    [] if dead else [f"{len(self.devices())} devices of {left} after {part}"])
            finally:
                self.dom0(f"for guest in {FRONTEND} {BACKEND} {BACKEND}-old; do "
                          "xl destroy $guest 2>/dev/null || :; done")
            print(f"{part.__name__}: {time.monotonic() - began:.0f} s", flush=True)


def main(lab, stride):
    pairs = [row + column for i, row in enumerate(MARKS) for j, column in enumerate(MARKS)
             if (i + j - FIRST) % int(stride) == 0]
    walk = Walk(lab, pairs)
    # attachd stands still for longer than its own would believe
    walk.dom0("systemctl service-watchdogs no")
    try:
        walk.walk(int(stride) == 1)
        if not walk.counts["dead"]:
            walk.wrong["dead"].append("no device was left to die")
    finally:
        walk.report()
        walk.dom0(f"rm {CONF}; systemctl reload mydevice-attachd; systemctl service-watchdogs yes")


if __name__ == "__main__":
    main(*sys.argv[1:])
