# SPDX-License-Identifier: GPL-2.0-or-later
"""A run as pictures."""

import io
from statistics import median

import matplotlib
from matplotlib.figure import Figure

from .report import WAYS, ordered
from .targets import mb_per_second, size_name

matplotlib.rcParams["svg.hashsalt"] = "mydevice"    # the same numbers give the same file
LICENCE = "<!-- SPDX-License-Identifier: GPL-2.0-or-later -->"
COLOURS = {
    "mydevice": "#c03010", "mydevice-batch": "#e07000", "mydevice-frames": "#a08000",
    "mydevice-uring": "#e0a800",
    "libxenvchan": "#2050b0", "tcp": "#308040", "console": "#808080",
    "pipe": "#7030a0", "unix": "#a060c0",
    "memcpy": "#000000",
}


def draw(axes, cells, key):
    for series in ordered(c["series"] for c in cells):
        mine = sorted((c for c in cells if c["series"] == series), key=lambda c: c[key])
        values = [[mb_per_second(s) for s in c["samples"]] for c in mine]
        x = [c[key] for c in mine]
        colour = COLOURS[series]
        style = "--" if series in ("pipe", "unix", "memcpy") else "-"
        axes.plot(x, [median(v) for v in values], style, marker="o", markersize=3, color=colour,
                  label=series)
        axes.fill_between(x, [min(v) for v in values], [max(v) for v in values], color=colour,
                          alpha=0.15, linewidth=0)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    ticks = sorted({c[key] for c in cells})
    axes.set_xticks(ticks, [size_name(t) for t in ticks])
    axes.grid(True, alpha=0.3)


def figure(run, path, select, key, label):
    guests = run["guests"]
    fig = Figure(figsize=(11, 4.2 * len(guests)))
    grid = fig.subplots(len(guests), 2, squeeze=False)
    for line, guest in zip(grid, guests):
        for axes, way in zip(line, WAYS):
            draw(axes, [c for c in run["cells"] if c["guest"] == guest and select(c, way)], key)
            axes.set_title(f"{guest} guest, {way}")
            axes.set_xlabel(label)
            axes.set_ylabel("MB/s")
    handles, labels = grid[0][0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="lower center", ncol=5, frameon=False)
    fig.tight_layout(rect=(0, 0.07, 1, 1))
    text = io.StringIO()
    fig.savefig(text, format="svg", metadata={"Date": None})
    lines = [line.rstrip() for line in text.getvalue().splitlines()]
    path.write_text("\n".join(lines[:1] + [LICENCE] + lines[1:]) + "\n")


def plot(run, directory, prefix=""):
    figure(run, directory / f"{prefix}streams.svg",
           lambda c, way: c["kind"] == "stream" and c["way"] in (way, "in-dom0"),
           "size", "bytes in a call")
    figure(run, directory / f"{prefix}rings.svg",
           lambda c, way: c["kind"] == "ring" and c["way"] == way, "ring", "bytes in a ring")
