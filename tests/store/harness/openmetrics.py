# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads OpenMetrics text, and takes nothing that the format does not allow."""

import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\S+)$")
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "info": ("_info",),
            "histogram": ("_bucket", "_sum", "_count")}


class Malformed(AssertionError):
    pass


def read(text):
    """{(sample, labels): value}; labels as a sorted tuple of pairs."""
    if not text.endswith("\n# EOF\n"):
        raise Malformed("it does not end in # EOF")
    families, samples, current, helped = {}, {}, None, set()
    for line in text[:-len("# EOF\n")].splitlines():
        words = line.split(" ", 3)
        if line.startswith("# TYPE "):
            name, kind = words[2], words[3]
            if name in families or kind not in SUFFIXES:
                raise Malformed(f"type: {line}")
            families[name] = kind
            current = name
        elif line.startswith("# HELP "):
            if words[2] != current or current in helped or not words[3]:
                raise Malformed(f"help: {line}")
            helped.add(current)
        else:
            match = SAMPLE.match(line)
            if not match or current is None:
                raise Malformed(f"line: {line}")
            if match[1] not in [current + suffix for suffix in SUFFIXES[families[current]]]:
                raise Malformed(f"a sample outside of its family {current}: {line}")
            labels = tuple(sorted((key, value.replace('\\"', '"').replace("\\\\", "\\"))
                                  for key, value in re.findall(LABEL, match[2] or "")))
            if (match[1], labels) in samples:
                raise Malformed(f"twice: {line}")
            samples[match[1], labels] = float(match[match.lastindex])
    for name, kind in families.items():
        if kind == "histogram":
            check_histogram(name, samples)
    return samples


def check_histogram(name, samples):
    buckets = [(float(dict(labels)["le"]), value) for (sample, labels), value in samples.items()
               if sample == f"{name}_bucket"]
    if buckets != sorted(buckets) or buckets[-1][0] != float("inf"):
        raise Malformed(f"the buckets of {name}: {buckets}")
    if [value for _, value in buckets] != sorted(value for _, value in buckets):
        raise Malformed(f"the buckets of {name} do not add up: {buckets}")
    if buckets[-1][1] != samples[f"{name}_count", ()]:
        raise Malformed(f"the count of {name}")
