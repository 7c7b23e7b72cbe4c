# SPDX-License-Identifier: GPL-2.0-or-later
"""The numbers to reach, and what the measurements say of them."""

from dataclasses import dataclass, field
from statistics import median

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass
class Ratio:
    """One comparison: a ratio for each round."""
    what: str
    values: list

    @property
    def middle(self):
        return median(self.values)


@dataclass
class Row:
    """One number to reach; it holds for its worst comparison."""
    name: str
    target: float
    least: bool             # the ratio has to be at least the target, else at most
    form: str = "{:.2f}"
    ratios: list = field(default_factory=list)

    @property
    def worst(self):
        if not self.ratios:
            raise LookupError(f"nothing was measured for '{self.name}'")
        return (min if self.least else max)(self.ratios, key=lambda ratio: ratio.middle)

    @property
    def met(self):
        worst = self.worst.middle
        return worst >= self.target if self.least else worst <= self.target

    def reached(self):
        """How many of the comparisons reach the target, of how many."""
        good = [r for r in self.ratios
                if (r.middle >= self.target if self.least else r.middle <= self.target)]
        return len(good), len(self.ratios)


def mb_per_second(sample):
    return sample["bytes"] / sample["seconds"] / 1e6


def cpu_per_gib(sample):
    return (sample["cpu_dom0"] + sample["cpu_guest"]) / (sample["bytes"] / GIB)


def notified_per_mib(sample):
    """What the ends sent: our counters, the library's calls."""
    return sample["notified"] / (sample["bytes"] / MIB)


def events_per_mib(sample):
    """What arrived: the kernels' counts of interrupts."""
    return sample["interrupts"] / (sample["bytes"] / MIB)


class Results:
    """The records of a run, by what they are of."""

    def __init__(self, run):
        self.run = run
        self.cells = {(c["kind"], c["guest"], c["series"], c["way"], c["size"]): c["samples"]
                      for c in run["cells"]}

    def find(self, kind, series, **want):
        for (k, guest, s, way, size), samples in self.cells.items():
            found = {"guest": guest, "way": way, "size": size}
            if k == kind and s == series and all(found[key] == want[key] for key in want):
                yield found, samples

    def pairs(self, kind, ours, theirs, match, sizes=None):
        """Cells of `ours` with those of `theirs` that are the same in what `match` names."""
        for cell, mine in self.find(kind, ours):
            if sizes and not sizes[0] <= cell["size"] <= sizes[1]:
                continue
            want = {key: cell[key] for key in match}
            for other, others in self.find(kind, theirs, **want):
                yield cell, mine, other, others

    def ratios(self, kind, ours, theirs, value, match=("guest", "way", "size"), sizes=None):
        found = []
        for cell, mine, other, others in self.pairs(kind, ours, theirs, match, sizes):
            what = f"{cell['guest']} {cell['way']} {size_name(cell['size'])}"
            if other["way"] != cell["way"]:
                what += f", {theirs} {other['way']}"
            found.append(Ratio(what, [value(a) / value(b) for a, b in zip(mine, others)]))
        return found


def size_name(size):
    for unit, name in ((MIB, "M"), (KIB, "K")):
        if size >= unit and size % unit == 0:
            return f"{size // unit}{name}"
    return str(size)


def attach_rows(run):
    """Seconds as a program of the guest sees them, against a script of xenstore-write."""
    activate = Row("request to both directories written, against activate.sh", 1 / 20, False,
                   "{:.4f}")
    beyond = Row("request to Connected, beyond the drivers' handshake", 0.10, False, "{:.3f}")
    for one in run["attach"]:
        script = median(one["activate"])
        activate.ratios.append(Ratio(one["guest"], [w / script for w, _ in one["attached"]]))
        beyond.ratios.append(Ratio(one["guest"], [w / (c - w) for w, c in one["attached"]]))
    return [activate, beyond]


def stream_row(results, name, target, ours, theirs, sizes=None, match=("guest", "way", "size"),
               form="{:.2f}"):
    ratios = results.ratios("stream", ours, theirs, mb_per_second, match, sizes)
    return Row(name, target, True, form, ratios)


def rows(run):
    results = Results(run)
    large, middle, one = (64 * KIB, 1 << 40), (4 * KIB, 16 * KIB), (64 * KIB, 64 * KIB)
    inside = ("guest", "size")
    notifications = Row("notifications per MiB, 64 KiB writes", 4, False, "{:.2f}")
    notifications.ratios = [
        Ratio(f"{c['guest']} {c['way']}", [notified_per_mib(s) for s in samples])
        for c, samples in results.find("stream", "mydevice", size=64 * KIB)]
    ping = Row("ping-pong median against libxenvchan", 0.6, False)
    ping.ratios = results.ratios("roundtrip", "mydevice", "libxenvchan", lambda s: s["p50"])
    cpu = Row("CPU s/GiB, both domains, against libxenvchan, >= 64 KiB", 0.7, False)
    cpu.ratios = results.ratios("stream", "mydevice", "libxenvchan", cpu_per_gib, sizes=large)
    return [
        stream_row(results, "stream >= 64 KiB against libxenvchan", 1.5, "mydevice",
                   "libxenvchan", large),
        stream_row(results, "stream 4-16 KiB against libxenvchan", 1.0, "mydevice",
                   "libxenvchan", middle),
        stream_row(results, "stream against a pipe in one domain, all sizes", 1.0, "mydevice",
                   "pipe", match=inside),
        stream_row(results, "stream against AF_UNIX in one domain, all sizes", 1.0, "mydevice",
                   "unix", match=inside),
        stream_row(results, "stream against TCP over netfront, all sizes", 3.0, "mydevice", "tcp"),
        stream_row(results, "stream against the PV console, 64 KiB", 1000, "mydevice", "console",
                   one, form="{:.0f}"),
        ping, cpu, notifications,
    ] + attach_rows(run)


def extra_rows(run):
    """What many messages for one call bring, beside the rows that plain files answer for."""
    results = Results(run)
    small = (0, 64 * KIB)
    return [
        stream_row(results, f"{mode}, <= 64 KiB, against libxenvchan", 1.0, f"mydevice-{mode}",
                   "libxenvchan", small)
        for mode in ("batch", "frames", "uring")]
