# SPDX-License-Identifier: GPL-2.0-or-later
"""A run as text: tables for people, and one line for each number to reach."""

from statistics import median

from .targets import (cpu_per_gib, events_per_mib, extra_rows, mb_per_second, notified_per_mib,
                      rows, size_name)

MIB = 1 << 20


def table(head, lines):
    """Markdown, with columns that line up on a terminal, too."""
    lines = [[str(word) for word in line] for line in [head] + lines]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]

    def row(words):
        cells = [word.ljust(width) if i == 0 else word.rjust(width)
                 for i, (word, width) in enumerate(zip(words, widths))]
        return "| " + " | ".join(cells) + " |"

    rule = "|" + "|".join("-" * (width + 2 if i == 0 else width + 1) + (":" if i else "")
                          for i, width in enumerate(widths)) + "|"
    return "\n".join([row(lines[0]), rule] + [row(line) for line in lines[1:]])


def short(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def spread(values):
    low, high = short(min(values)), short(max(values))
    return short(median(values)) + (f" ({low}..{high})" if low != high else "")


def ordered(items):
    return list(dict.fromkeys(items))


def by_size(run, guest, way, value, wanted=lambda series: True, kind="stream"):
    """One line for each series, one column for each size."""
    cells = [c for c in run["cells"] if c["kind"] == kind and c["guest"] == guest and
             c["way"] == way and wanted(c["series"])]
    sizes = sorted({c["size"] for c in cells})
    found = {(c["series"], c["size"]): c["samples"] for c in cells}
    lines = [[series] + [spread([value(s) for s in found[series, size]])
                         if (series, size) in found else "" for size in sizes]
             for series in ordered(c["series"] for c in cells)]
    return table(["bytes in a call"] + [size_name(size) for size in sizes], lines)


def between(series):
    return series not in ("pipe", "unix", "memcpy")


def calls_per_mib(sample):
    return (sample["calls"] + sample.get("calls_receiver", 0)) / (sample["bytes"] / MIB)


WAYS = ("to-host", "to-guest")


def stream_tables(run):
    parts = []
    for guest in run["guests"]:
        for way in WAYS:
            parts += [f"### {guest}, {way}: MB/s", by_size(run, guest, way, mb_per_second)]
        for way in ("in-dom0", "in-guest"):
            parts += [f"### {guest}, {way}: MB/s", by_size(run, guest, way, mb_per_second)]
    return parts


def cost_tables(run):
    parts = []
    costs = (("CPU s/GiB, both domains", cpu_per_gib, between),
             ("system calls per MiB, both ends", calls_per_mib, between),
             ("notifications sent per MiB, both ends", notified_per_mib,
              lambda series: series.startswith("mydevice") or series == "libxenvchan"),
             ("events arrived per MiB, both ends", events_per_mib,
              lambda series: between(series) and series != "console"))
    for what, value, wanted in costs:
        for guest in run["guests"]:
            for way in WAYS:
                parts += [f"### {guest}, {way}: {what}", by_size(run, guest, way, value, wanted)]
    return parts


def roundtrip_table(run):
    lines = [[c["guest"], "guest first" if c["way"] == "to-host" else "host first", c["series"],
              c["size"]] + [spread([s[p] for s in c["samples"]]) for p in ("p50", "p90", "p99")]
             for c in run["cells"] if c["kind"] == "roundtrip"]
    return table(["guest", "who asks", "series", "bytes", "p50", "p90", "p99"], lines)


def ring_table(run):
    parts = []
    for guest in run["guests"]:
        cells = [c for c in run["cells"] if c["kind"] == "ring" and c["guest"] == guest]
        rings = sorted({c["ring"] for c in cells})
        if not rings:
            continue
        lines = [[c_way] + [spread([mb_per_second(s) for c in cells if c["way"] == c_way and
                                    c["ring"] == ring for s in c["samples"]]) for ring in rings]
                 for c_way in WAYS]
        parts += [f"### {guest}: MB/s of 64 KiB writes", table(
            ["ring, each direction"] + [size_name(ring) for ring in rings], lines)]
    return parts


def attach_table(run):
    lines = []
    for one in run["attach"]:
        lines.append([one["guest"]] + [spread([1e3 * value for value in values]) for values in (
            [w for w, _ in one["attached"]], [c for _, c in one["attached"]], one["activate"])])
    return table(["guest, ms", "both directories written", "Connected", "activate.sh"], lines)


def sections(run):
    """Each by the name that docs/BENCHMARKS.md has for it."""
    return {
        "machine": machine(run),
        "numbers": [numbers(run)],
        "many": [extras(run)],
        "streams": stream_tables(run),
        "costs": cost_tables(run),
        "roundtrips": [roundtrip_table(run)],
        "rings": ring_table(run),
        "attach": [attach_table(run)],
    }


def text(run):
    """For a terminal; what matters most comes last."""
    order = ("machine", "streams", "costs", "roundtrips", "rings", "attach", "many", "numbers")
    parts = sections(run)
    return "\n\n".join(part for name in order for part in parts[name])


def machine(run):
    return [f"Commit {run['commit']}, {run['date']}, {run['rounds']} rounds of samples of "
            f"{run['seconds']} s; {run['host']}; Xen {run['xen']}, Linux {run['linux']}. For "
            f"{100 * max(run['disturbed']):.0f} % of the time of the worst round the emulator "
            "waited for a processor, because the machine had other work."]


def lines_of(found):
    lines = []
    for row in found:
        worst = row.worst
        good, of = row.reached()
        sign = ">=" if row.least else "<="
        lines.append([row.name, row.form.format(worst.middle),
                      f"{row.form.format(min(worst.values))}..{row.form.format(max(worst.values))}",
                      f"{sign} {row.target:g}", "met" if row.met else "missed",
                      f"{good} of {of}", worst.what])
    return lines


HEAD = ["number", "ratio", "spread", "target", "result", "reach it", "worst"]


def numbers(run):
    return table(HEAD, lines_of(rows(run)))


def extras(run):
    return table(HEAD, lines_of(extra_rows(run)))
