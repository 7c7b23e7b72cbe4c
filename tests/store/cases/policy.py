# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may have what, and how mistakes in the policy are told."""

import itertools
import json
import os
import re

from harness.runner import case
from harness.world import check, equal


def denied(one, devid):
    status = one.status(devid) or ""
    return status.startswith("denied: ") and one.states(devid) == (None, None)


@case
def policy_denies_and_allows(host):
    host.attachd.set_policy("""\
[Defaults]
Allow=no

[Guest web-*]
Allow=yes
Channels=log demo-*
MaxChannels=2
RingSize=8K
RingSizeMax=16K

[Guest db]
UUID=00000000-0000-4000-8000-00000000000a
Allow=yes
""")
    host.attachd.start()
    web, mail = host.guest(7, "web-1"), host.guest(8, "mail")
    db = host.guest(9, "db", "00000000-0000-4000-8000-00000000000a")
    liar = host.guest(10, "db", "00000000-0000-4000-8000-00000000000b")
    for one in (mail, liar):
        one.request(0, "log")
        host.expect(lambda: denied(one, 0), f"{one.name} is denied", lambda: one.status(0))
        equal(one.traces(), {}, "what is left of a denied request")
    db.request(0, "anything")
    host.expect(lambda: db.attached(0), "the right UUID is served", lambda: db.status(0))
    web.request(0, "secret")
    host.expect(lambda: denied(web, 0), "a name that is not listed is denied",
                lambda: web.status(0))
    web.request(1, "demo-a")
    web.request(2, "log", ring_size=1048576)
    for devid, size in ((1, "8192"), (2, "16384")):
        host.expect(lambda: web.attached(devid), f"device {devid} is served",
                    lambda: web.status(devid))
        equal(host.client.get(web.backend(devid, "ring-size")), size, "the ring size")
    web.request(3, "demo-b")
    host.expect(lambda: denied(web, 3), "a third channel is denied", lambda: web.status(3))
    web.withdraw(1)
    host.expect(lambda: web.attached(3), "it is served when there is room",
                lambda: web.status(3))


@case
def policy_reload_drops_no_device(host):
    one = host.guest(7, "web1")
    host.attachd.start()
    host.connected(one, 0)
    host.settle(0.2)
    nodes, changes = one.nodes(0), host.record_events(one.backend(0))
    host.attachd.set_policy("[Defaults]\nAllow=no\n")
    host.attachd.reload()
    one.request(1, "log")
    host.expect(lambda: denied(one, 1), "the new policy counts", lambda: one.status(1))
    host.attachd.set_policy("[Defaults]\nAllow=perhaps\n")
    host.attachd.reload()
    one.request(2, "log")
    host.expect(lambda: denied(one, 2), "a bad policy changes nothing", lambda: one.status(2))
    check(re.search(r"attachd\.conf:2: .*perhaps", host.attachd.log_text()),
          "the mistake is not in the log")
    host.attachd.set_policy("[Defaults]\nAllow=yes\n")
    host.attachd.reload()
    host.expect(lambda: one.attached(1) or one.attached(2), "who was denied is served",
                lambda: (one.status(1), one.status(2)))
    equal(one.nodes(0), nodes, "the device that was there")
    equal(changes, [], "what happened to it")


# What is bad, in which line, and all that is said about it.
SCOPES = "[Defaults], [Guest NAME], [Device NAME] or [Class NAME]"
CLASS_NAME = "expected a name of letters, digits, _ and -, other than mydevice and the toolstack's" \
    " own classes"
ALONE = "a section is written alone on its line, as in: [Guest web-*]"
NODE = "expected a node's name and its value, as in: feature-x 1, and none of attachd's own nodes"
RING = "expected a power of two from 4K to 1M"
WAKE = "expected bytes, up to 1M; 0: the default"
MISTAKES = (
    ("Allow=yes\n", 1, f"Allow= stands before any section; expected {SCOPES} first"),
    ("[Default]\nAllow=yes\n", 1, f"section [Default] is not known; expected {SCOPES}"),
    ("[Device]\nAllow=yes\n", 1, f"section [Device] is not known; expected {SCOPES}"),
    ("[Defaults x]\n", 1, f"section [Defaults x] is not known; expected {SCOPES}"),
    ("\n\n[Guest web-*\nAllow=yes\n", 3, ALONE),
    ("[Guest web-*] Allow=yes\n", 1, ALONE),
    ("[Class vif]\n", 1, f"[Class vif] cannot be; {CLASS_NAME}"),
    ("[Class mydevice]\n", 1, f"[Class mydevice] cannot be; {CLASS_NAME}"),
    ("[Class a/b]\n", 1, f"[Class a/b] cannot be; {CLASS_NAME}"),
    ("[Defaults]\nnonsense\n", 2, "expected Setting=value or [Section]"),
    ("[Defaults]\nAllow ; = yes\n", 2, "expected Setting=value or [Section]"),
    ("[Defaults]\n Allow=yes\n", 2, "settings and sections begin at the start of a line"),
    ("[Defaults]\nChannels=" + "x" * 8200 + "\n", 2, "the line is longer than 8190 characters"),
    ("[Defaults]\nAllow=y\0es\n", 2,
     "the line has a NUL byte in it: is the file damaged? expected text"),
    ("[Defaults]\n# fine\nColour=blue\n", 3,
     "Colour= is not known; expected one of: Allow=, Backend=, Channels=, DetachTimeoutSec=, "
     "MaxChannels=, Mode=, RateLimitBurst=, RateLimitIntervalSec=, RingSize=, RingSizeMax=, "
     "RateBytes=, RateMessages=, Paused=, ReadWake=, WriteWake=, SpinUsec=, NodeUser=, NodeGroup=, "
     "NodeMode=, Direction="),
    ("[Class a]\nRings=1\n", 2,
     "Rings= is not known; expected one of: Allow=, Always=, Backend=, BackendNode=, "
     "DetachTimeoutSec=, DevID=, FrontendNode=, Guest=, Handshake=, Script=, UUID="),
    ("[Device log]\nMaxChannels=1\n", 2, "MaxChannels= does not belong in a [Device] section; "
     "expected it in [Defaults], [Guest NAME]"),
    ("[Guest x]\nHandshake=no\n", 2,
     "Handshake= does not belong in a [Guest] section; expected it in [Class NAME]"),
    ("[Defaults]\nUUID=0\n", 2, "UUID= does not belong in a [Defaults] section; "
     "expected it in [Guest NAME], [Device NAME], [Class NAME]"),
    ("[Defaults]\nAllow=\x1b[31m\n", 2,
     "Allow=\\x1b[31m is not valid; expected yes or no"),
)
# Of each setting: a section that takes it, what is no value of it, and what was expected.
VALUES = (
    ("Defaults", "Allow", "perhaps", "expected yes or no"),
    ("Device log-*", "Always", "yes",
     "expected no, or yes in a section with the name of one device"),
    ("Guest x", "Backend", "", "expected the name of a domain"),
    ("Class a", "BackendNode", "online 0", NODE),
    ("Guest x", "Channels", "", "expected names or globs, as in: log backup-*"),
    ("Defaults", "DetachTimeoutSec", "0", "expected a number of seconds from 1 to 300"),
    ("Device a", "Direction", "out", "expected both, to-host or to-guest"),
    ("Class a", "DevID", "4096", "expected a number from 0 to 4095"),
    ("Class a", "FrontendNode", "a/b 1", NODE),
    ("Device a", "Guest", "", "expected names or globs, as in: web-* db"),
    ("Class a", "Handshake", "2", "expected yes or no"),
    ("Defaults", "MaxChannels", "-1", "expected a number from 0 to 4096"),
    ("Guest x", "Mode", "fast", "expected stream, packet, or both in order of preference"),
    ("Device a", "NodeGroup", "$(id)", "expected the name or number of a group"),
    ("Device a", "NodeMode", "0777", "expected an octal mode without x, as in: 0640"),
    ("Device a", "NodeUser", "a b", "expected the name or number of a user"),
    ("Device a", "Paused", "2", "expected yes or no"),
    ("Defaults", "RateBytes", "fast", "expected bytes a second, as in: 512K or 10M; 0: no limit"),
    ("Guest x", "RateLimitBurst", "1000001", "expected a number from 0 to 1000000"),
    ("Guest x", "RateLimitIntervalSec", "0", "expected a number of seconds from 1 to 3600"),
    ("Guest x", "RateMessages", "-1", "expected messages a second, as in: 200; 0: no limit"),
    ("Device a", "ReadWake", "2M", WAKE),
    ("Defaults", "RingSize", "3000", RING),
    ("Defaults", "RingSizeMax", "2M", RING),
    ("Device a", "Script", "/bin/../sh",
     "expected the path of a script, as in: /etc/xen/scripts/mydevice-log"),
    ("Device a", "SpinUsec", "10001",
     "expected microseconds from 0 (the default) to 10000, or never"),
    ("Device a", "WriteWake", "x", WAKE),
    ("Guest x", "UUID", "1234",
     "expected an UUID or a glob, as in: 01234567-89ab-cdef-0123-456789abcdef"),
)


# What is valid, and does not do what it looks like.
LIST_OF = "is one name with a \",\" in it, not a list; expected"
DOUBTS = (
    ("[Guest web1,web2]\nAllow=no\n", 1, f"\"web1,web2\" {LIST_OF} a section for each guest, or a "
     "glob; write ? for a character that is part of the name"),
    ("[Device log,demo]\n", 1, f"\"log,demo\" {LIST_OF} a section for each channel, or a glob"),
    ("[Defaults]\nChannels=log,demo\n", 2,
     f"\"log,demo\" {LIST_OF} names that are separated by spaces, as in: log demo"),
    ("[Device a]\nGuest=web1,web2\n", 2,
     f"\"web1,web2\" {LIST_OF} names that are separated by spaces, as in: web1 web2"),
    ("[Defaults]\nBackend=a,b\n", 2, f"\"a,b\" {LIST_OF} the name of one domain"),
    ("[Guest 7]\n", 1, "\"7\" is compared with names, not with domids; expected the name of a guest; "
     "if it is one, write its first digit in brackets, as in: [7]"),
    ("[Guest 00000000-0000-4000-8000-00000000000a]\n", 1,
     "\"00000000-0000-4000-8000-00000000000a\" is compared with names, not with UUIDs; expected "
     "UUID= in a section of its own, as in: [Guest *]"),
    ("[Guest Domain-0]\n", 1,
     "Domain-0 serves channels and is no guest; expected the name of a guest"),
    ("[Guest a--incoming]\n", 1, "\"a--incoming\" never matches a guest; expected a name of 1 to 127 "
     "bytes that does not end in --incoming or --migratedaway"),
    ("[Device 7]\n", 1, "\"7\" never matches a channel; expected a glob of names, which have 1 to 63 "
     "of A-Z a-z 0-9 . _ - with a letter first"),
    ("[Class c]\nDevID=1\n[Class c]\nDevID=2\n", 3, None),
    ("[Guest a]\nUUID=123?\n", 2, "UUID=123? never matches a UUID; expected a glob of 36 characters, "
     "as in: 01234567-89ab-*"),
)


def sentences(source):
    """What the code can say: its strings with a space between words, as patterns."""
    code = re.sub(r"/\*.*?\*/|^#include.*?$", "", source, flags=re.S | re.M)
    code = re.sub(r"SCOPES_TEXT", f'"{SCOPES}"', code).replace("MYDEVICE_CLASS", '"mydevice"')
    literal = r'"(?:[^"\\]|\\.)*"'
    for found in re.findall(rf"{literal}(?:\s*{literal})*", code):
        text = "".join(one[1:-1] for one in re.findall(literal, found)).replace('\\"', '"')
        if re.search(r"\w[\w,;:=\])]* \S*\w", text):
            yield text, re.sub(r"%(\\\.\d+)?[sdmu]", ".*", re.escape(text))


@case(stores=("c",))
def policy_check_explains_every_mistake(host):
    rows = list(MISTAKES) + list(DOUBTS) + [
        (f"[{section}]\n{key}={value}\n", 2, f"{key}={value} is not valid; {expected}")
        for section, key, value, expected in VALUES]
    dropins, expected = host.attachd.policy_file + ".d", []
    os.mkdir(dropins)
    for number, (text, line, message) in enumerate(rows):
        file = os.path.join(dropins, f"{number:03}.conf")
        with open(file, "w", encoding="latin-1") as stream:
            stream.write(text)
        message = message or f"[Class c] has DevID=1 in line 1 of {file}, and DevID=2 here; a " \
            "guest gets one device of a class, the last one; expected one DevID=, or another " \
            "Guest= in each"
        expected.append(f"{file}:{line}: {message}")
    os.mkdir(os.path.join(dropins, "directory.conf"))
    expected.append(f"{dropins}/directory.conf: cannot be read: Is a directory")
    os.symlink("loop.conf", os.path.join(dropins, "loop.conf"))
    expected.append(f"{dropins}/loop.conf: Too many levels of symbolic links")
    os.mkfifo(os.path.join(dropins, "lure.conf"))
    expected.append(f"{dropins}/lure.conf: not a regular file; expected a file")
    os.symlink("/dev/null", os.path.join(dropins, "masked.conf"))
    os.symlink("/nowhere", os.path.join(dropins, "nowhere.conf"))
    expected.append(f"{dropins}/nowhere.conf: a link to a file that does not exist; "
                    "expected a file")
    status, said = host.attachd.check(host.attachd.policy_file)
    equal(status, 1, "the status")
    for found, wanted in itertools.zip_longest(said.splitlines(), expected):
        equal(found, wanted, "what is said")
    unsaid = []
    said += host.attachd.check(host.attachd.policy_file + ".none")[1]
    for name in ("file.c", "setting.c", "doubt.c"):
        with open(os.path.join("daemon/policy", name), encoding="ascii") as stream:
            unsaid += [text for text, pattern in sentences(stream.read())
                       if not re.search(pattern, said)]
    equal(unsaid, [], "messages without a mistake here that shows them")


@case(stores=("c",))
def policy_check_of_no_directory_and_of_no_mistakes(host):
    file, dropins = host.attachd.policy_file, host.attachd.policy_file + ".d"
    with open(dropins, "w", encoding="ascii") as stream:
        stream.write("")
    equal(host.attachd.check(file), (1, f"{dropins}: Not a directory\n"), "a file for drop-ins")
    os.unlink(dropins)
    host.attachd.set_policy("[Defaults]\nAllow=no\n\n[Guest *]\nAllow=yes ; all\nChannels=a b-*\n"
                            "[Device log]\nAlways=yes\n[Class a]\nBackendNode=x y\n")
    equal(host.attachd.check(file), (0, f"{file}: no mistakes, 4 sections\n"), "a good file")


@case(stores=("c",))
def policy_check_of_missing_files(host):
    file, dropins = host.attachd.policy_file, host.attachd.policy_file + ".d"
    status, said = host.attachd.check(file + ".typo")
    check(status == 1 and f"{file}.typo: there is no such file" in said, f"no file: {said}")
    os.mkdir(dropins)
    os.symlink("/nowhere", os.path.join(dropins, "a.conf"))
    status, said = host.attachd.check(file)
    check(status == 1 and "a.conf: a link to a file that does not exist" in said, f"a link: {said}")
    os.unlink(os.path.join(dropins, "a.conf"))
    with open(os.path.join(dropins, "a.conf"), "w", encoding="ascii") as stream:
        stream.write("[Defaults]\nAllow=no\n")
    os.unlink(file)
    equal(host.attachd.check(file), (0, f"{file}: no mistakes, 1 sections\n"), "drop-ins alone")


@case(stores=("c",))
def policy_doubts_are_no_reason_to_stop(host):
    """It is used as before, with a warning; the sections that match nothing are shown."""
    file = host.attachd.policy_file
    names = " ".join(f"web{n}-with-a-long-name" for n in range(40))
    host.attachd.set_policy("[Guest web1,web2]\nAllow=no\n[Guest db*]\nAllow=yes\n"
                            f"[Device log]\nAlways=yes\nGuest=db1 {names}\n[Device none]\n")
    host.attachd.start()
    check(re.search(r"attachd\.conf:1: .*not a list", host.attachd.log_text()), "the log")
    one, last = host.guest(7, "db1"), host.guest(8, "web39-with-a-long-name")
    for guest in (one, last):
        host.expect(lambda: guest.states(4095) == ("1", "1"), f"{guest.name} is given it")
    status, out, err = host.attachd.ctl("policy")
    equal((status, err), (0, ""), "mydevicectl policy")
    equal(out.splitlines(), [
        f"{file}:1: [Guest web1,web2] matches 0 guests, 0 devices; it matches nothing now",
        f"{file}:3: [Guest db*] matches 1 guests, 1 devices",
        f"{file}:5: [Device log] matches 2 guests, 2 devices",
        f"{file}:8: [Device none] matches 2 guests, 0 devices; it matches nothing now"],
        "the sections")
    found = json.loads(host.attachd.ctl("policy", "--json")[1])
    equal([(entry["section"], entry["line"], entry["unused"]) for entry in found][:2],
          [("[Guest web1,web2]", 1, True), ("[Guest db*]", 3, False)], "as JSON")
    out = host.attachd.ctl("policy", "web39-with-a-long-name", "log")[1]
    check("Always=yes" in out, out)


@case(stores=("c",))
def policy_dropins_and_the_shipped_file(host):
    status, said = host.attachd.check(os.path.abspath("daemon/attachd.conf"))
    equal(status, 0, f"the status for the file we ship, which said {said!r}")
    dropins = host.attachd.policy_file + ".d"
    os.mkdir(dropins)
    host.attachd.set_policy("[Defaults]\nAllow=no\n")
    with open(os.path.join(dropins, "50-web.conf"), "w", encoding="ascii") as stream:
        stream.write("[Guest web1]\nAllow=yes\n")
    with open(os.path.join(dropins, "README"), "w", encoding="ascii") as stream:
        stream.write("not a policy\n")
    one, other = host.guest(7, "web1"), host.guest(8, "web2")
    host.attachd.start()
    one.request(0, "demo")
    other.request(0, "demo")
    host.expect(lambda: one.attached(0), "the drop-in counts", lambda: one.status(0))
    host.expect(lambda: denied(other, 0), "for nobody else", lambda: other.status(0))
    with open(os.path.join(dropins, "60-bad.conf"), "w", encoding="ascii") as stream:
        stream.write("[Guest x]\nAllow=yes\nRings=1\n")
    status, said = host.attachd.check(host.attachd.policy_file)
    check(status != 0 and f"{dropins}/60-bad.conf:3: " in said, f"a bad drop-in: {said}")
