#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""layers.py [--tree DIR] [--objects DIR] [--update]: who uses whom in daemon/.

A unit is a .c file and its header, daemon/FOLDER/NAME. A unit uses another one
if it includes its header, or if its object needs a symbol that the other one
defines. Two rules hold, and each violation is printed:

- A folder uses itself and those before it in daemon/daemon.mk, no others.
- No units use each other in a cycle.

Also prints if the drawing in docs/HACKING.md is not of these units; --update
writes it.
"""
import argparse
import collections
import os
import re
import subprocess
import sys

HACKING = "docs/HACKING.md"
BEGIN = "<!-- drawn by tests/lint/layers.py --update -->\n"
END = "<!-- end of the drawing -->\n"
SYMBOLS_SHOWN = 3


def folders(tree):
    """In their order, from daemon.mk."""
    with open(os.path.join(tree, "daemon/daemon.mk"), encoding="utf-8") as stream:
        text = stream.read()
    order = re.search(r"^attachd_folders := (.*)$", text, re.M).group(1).split()
    for folder in re.search(r"^ctl_folders := (.*)$", text, re.M).group(1).split():
        if folder not in order:
            order.append(folder)
    return order


def unit_of(path):
    """daemon/bus/order.c is of bus/order."""
    return os.path.splitext(path)[0].split("daemon/", 1)[1]


class Uses:
    """Which units there are, and why each uses others."""

    def __init__(self, tree, objects, order):
        self.order = order
        self.files = collections.defaultdict(list)
        self.why = collections.defaultdict(dict)
        self.missing = []
        for folder in order:
            directory = os.path.join("daemon", folder)
            for name in sorted(os.listdir(os.path.join(tree, directory))):
                if name.endswith((".c", ".h")):
                    path = os.path.join(directory, name)
                    self.files[unit_of(path)].append(path)
        for unit, paths in self.files.items():
            for path in paths:
                self.read_includes(tree, unit, path)
        if objects:
            self.read_symbols(objects)

    def read_includes(self, tree, unit, path):
        """A header by its path from daemon/."""
        with open(os.path.join(tree, path), encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                found = re.match(r'#include "([^"]+)\.h"', line)
                if not found or found.group(1) == unit:
                    continue
                if found.group(1) in self.files:
                    self.why[unit].setdefault(found.group(1), []).append(
                        f'{path}:{number} includes "{found.group(1)}.h"')

    def read_symbols(self, objects):
        """What each object defines and needs."""
        defined, needed = collections.defaultdict(list), {}
        for unit, paths in self.files.items():
            if not any(path.endswith(".c") for path in paths):
                continue
            found = os.path.join(objects, unit + ".o")
            if not os.path.exists(found):
                self.missing.append(found)
                continue
            needed[unit] = []
            lines = subprocess.run(["nm", found], check=True, capture_output=True, text=True)
            for line in lines.stdout.splitlines():
                *_, kind, name = line.split()
                if kind in "TDBRCG":
                    defined[name].append(unit)
                elif kind == "U":
                    needed[unit].append(name)
        for unit, names in needed.items():
            uses = collections.defaultdict(list)
            for name in names:
                # both programs have a main and the like: its own folder's comes first
                owners = sorted(defined.get(name, []),
                                key=lambda owner, own=unit: folder_of(owner) != folder_of(own))
                if owners and owners[0] != unit:
                    uses[owners[0]].append(name)
            for other, used in uses.items():
                shown = ", ".join(sorted(used)[:SYMBOLS_SHOWN])
                self.why[unit].setdefault(other, []).append(
                    f"daemon/{unit}.c uses {shown}" +
                    (" and others" if len(used) > SYMBOLS_SHOWN else ""))


def folder_of(unit):
    """The first part of its name."""
    return unit.split("/", 1)[0]


def upward(uses):
    """Units that use a folder that comes after their own."""
    for unit in sorted(uses.why):
        for other, reasons in sorted(uses.why[unit].items()):
            own, its = folder_of(unit), folder_of(other)
            if uses.order.index(its) > uses.order.index(own):
                yield (f"{reasons[0]}: {own}/ may not use {its}/, which comes after it in "
                       "attachd_folders (daemon/daemon.mk)")


def cycles(uses):
    """The shortest one through each unit that is in one, each once.

    Only within a folder: one through several folders goes upwards, too.
    """
    seen = set()
    for start in sorted(uses.files):
        before, queue = {start: None}, collections.deque([start])
        path = []
        while queue and not path:
            unit = queue.popleft()
            for other in sorted(uses.why[unit]):
                if folder_of(other) != folder_of(start):
                    continue
                if other == start:
                    path = [unit]
                    break
                if other not in before:
                    before[other] = unit
                    queue.append(other)
        # from its last unit back to the first
        while path and before[path[-1]]:
            path.append(before[path[-1]])
        if not path or frozenset(path) in seen:
            continue
        seen.add(frozenset(path))
        path.reverse()
        steps = [f"    {uses.why[one][other][-1]}" for one, other in
                 zip(path, path[1:] + path[:1])]
        yield "\n".join([f"{len(path)} files use each other in a cycle: " +
                         " -> ".join(path + path[:1])] + steps)


def reduced(nodes, edges):
    """Without what follows from other edges."""
    below = {}

    def reach(node):
        if node not in below:
            below[node] = set()
            for other in edges[node]:
                below[node] |= {other} | reach(other)
        return below[node]

    for node in nodes:
        reach(node)
    return {node: sorted(other for other in edges[node]
                         if not any(other in below[by] for by in edges[node] if by != other))
            for node in nodes}


def draw(nodes, edges):
    """As a Mermaid graph: an arrow points to what is used, never upwards."""
    few = reduced(nodes, edges)

    def height(node):
        return max((1 + height(other) for other in few[node]), default=0)

    lines = ["```mermaid", "graph TD"]
    for node in sorted(few, key=lambda node: (-height(node), node)):
        if few[node]:
            lines.append(f"    {node} --> " + " & ".join(few[node]))
    return lines + ["```"]


def drawing(uses):
    """Of the folders, and of the units of the largest one."""
    between = {folder: set() for folder in uses.order}
    for unit, others in uses.why.items():
        between[folder_of(unit)] |= {folder_of(other) for other in others} - {folder_of(unit)}
    engine = sorted(unit for unit in uses.files if folder_of(unit) == "engine")
    within = {unit.split("/")[1]: {other.split("/")[1] for other in uses.why[unit]
                                   if folder_of(other) == "engine"} for unit in engine}
    lines = ["An arrow points to what is used; what follows from other arrows is left out.", ""]
    lines += draw(uses.order, between)
    lines += ["", "The files of `engine/`:", ""]
    lines += draw(list(within), within)
    return "\n".join(lines) + "\n"


def outdated(tree, text, update):
    """Compares the drawing, or writes it."""
    path = os.path.join(tree, HACKING)
    with open(path, encoding="utf-8") as stream:
        page = stream.read()
    if BEGIN not in page or END not in page:
        yield f"{HACKING} has no lines {BEGIN.strip()} and {END.strip()}"
        return
    head, rest = page.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    new = head + BEGIN + text + END + tail
    if new == page:
        return
    if not update:
        yield f"{HACKING}: the drawing of daemon/ is not of these files: run make layers"
        return
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(new)


def main():
    """Prints what is wrong; the status is 1 if anything is."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--tree", default=".")
    parser.add_argument("--objects", help="daemon/ as built; without it, includes only")
    parser.add_argument("--update", action="store_true", help="write the drawing")
    options = parser.parse_args()
    uses = Uses(options.tree, options.objects, folders(options.tree))
    wrong = [f"{path} is missing: make daemon" for path in uses.missing]
    wrong += list(upward(uses)) + list(cycles(uses))
    if not wrong:
        wrong += list(outdated(options.tree, drawing(uses), options.update))
    for text in wrong:
        print(text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
