#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
ledger.py LOG... - were all bytes delivered that should have been?

Reads what the shuttles of many channels printed and puts the two ends of each session
together. A shuttle has checked what it got by itself: one stream, from its first byte,
none that was there before. What is left for two to see is who talked to whom, and the
end of a stream:

 - who got a session's bytes is the one whose bytes that session got;
 - nobody receives more than was sent;
 - who read the peer's half-close has all that the peer sent, and the peer made one;
 - who read to the end of a session that the peer closed has all of it, too, be it that
   he got nothing.

A session that something cut may lack its tail. Prints counts, exits 1 if a byte is lost.
"""

import re
import sys
from collections import Counter

HEADER = 24
END = re.compile(
    r"session (?P<number>\d+) ends: (?P<id>[0-9a-f]{16}) sent (?P<sent>\d+) "
    r"(?P<how_out>cut|closed|shut), (?P<peer>[0-9a-f]{16}) (?P<peer_number>\d+) "
    r"received (?P<received>\d+) (?P<how_in>whole|ended|left)\s*$")


def read(paths):
    """The ends of sessions, and the lines that say that something is wrong."""
    ends, wrong = [], []
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                found = END.search(line)
                if found:
                    ends.append(found.groupdict())
                elif "WRONG" in line:
                    wrong.append(f"{path}: {line.strip()}")
    return ends, wrong


def key(end):
    return end["id"], end["number"]


def named(end):
    """The session that this end got bytes of, known from their first three words."""
    return (end["peer"], end["peer_number"]) if int(end["received"]) >= HEADER else None


def is_whole(end, sender):
    """Both have seen the stream to its end, in order."""
    return end["how_in"] == "whole" or (end["how_in"], sender["how_out"]) == ("ended", "closed")


def judge(end, sender):
    """What is wrong with what this end received, or None."""
    received, sent = int(end["received"]), int(sender["sent"])
    if (named(end) or key(sender)) != key(sender) or (named(sender) or key(end)) != key(end):
        return "one of two that answer each other's bytes got those of a third"
    if received > sent:
        return f"received {received} of {sent} bytes"
    if end["how_in"] == "whole" and sender["how_out"] != "shut":
        return "a half-close that the peer did not make"
    if is_whole(end, sender) and received != sent:
        return f"lost {sent - received} of {sent} bytes of a session that ended in order"
    return None


def main():
    """Prints the counts, last the verdict."""
    ends, wrong = read(sys.argv[1:])
    by_key = {key(end): end for end in ends}
    # who got nothing is known from who got his
    by_named = {named(end): end for end in ends if named(end)}
    counts = Counter()
    for end in ends:
        counts["bytes verified"] += int(end["received"])
        sender = by_key.get(named(end)) or by_named.get(key(end))
        if not sender:
            counts["directions whose sender is not known"] += 1
            continue
        reason = judge(end, sender)
        if reason:
            wrong.append(f"{end['id']} session {end['number']}: {reason}")
        how = {"cut": "cut", "closed": "closed", "shut": "half-closed"}[sender["how_out"]]
        counts[f"directions that were {how}"] += 1
        counts["directions without a byte"] += not int(end["received"])
        counts["directions known to be whole"] += is_whole(end, sender)
    print(f"session ends {len(ends)}")
    for name, count in sorted(counts.items()):
        print(f"{name} {count}")
    for line in wrong:
        print(f"WRONG {line}")
    if not counts["directions known to be whole"]:
        print("WRONG no session ended in order, so nothing is known of their tails")
        return 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
