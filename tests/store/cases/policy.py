# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may have what, and how mistakes in the policy are told."""

import os
import re
import subprocess

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


@case(stores=("c",))
def policy_check_tells_file_and_line(host):
    file = os.path.join(host.dir, "some.conf")
    mistakes = {
        "Allow=yes\n": 1,
        "[Defaults]\nAllow=perhaps\n": 2,
        "[Defaults]\n\n# fine\nRingSize=3000\n": 4,
        "[Defaults]\nRingSize=2M\n": 2,
        "[Defaults]\nMaxChannels=-1\n": 2,
        "[Defaults]\nMaxChannels=many\n": 2,
        "[Defaults]\nColour=blue\n": 2,
        "[Default]\nAllow=yes\n": 1,
        "[Device]\nAllow=yes\n": 1,
        "[Device log-*]\nAlways=yes\n": 2,
        "[Device log]\nMaxChannels=1\n": 2,
        "[Device log]\nNodeMode=0777\n": 2,
        "[Class vif]\n": 1,
        "[Class a]\n\nBackendNode=online 0\n": 3,
        "[Guest x]\nHandshake=no\n": 2,
        "[Guest]\nAllow=yes\n": 1,
        "[Guest web-*\nAllow=yes\n": 1,
        "[Guest x]\nUUID=1234\n": 2,
        "[Defaults]\nUUID=00000000-0000-4000-8000-00000000000a\n": 2,
        "[Defaults]\nDetachTimeoutSec=0\n": 2,
        "[Defaults]\nnonsense\n": 2,
        "[Defaults]\n" + "Channels=" + "x" * 5000 + "\n": 2,
        "[Defaults]\nAllow=\x1b[31m\n": 2,
    }
    for text, line in mistakes.items():
        with open(file, "w", encoding="utf-8") as stream:
            stream.write(text)
        status, said = host.attachd.check(file)
        check(status != 0, f"{text[:60]!r} was found right: {said}")
        check(f"{file}:{line}: " in said, f"{text[:60]!r}: expected line {line}, said: {said}")
        check("\x1b" not in said, "raw characters in what it said")
    with open(file, "w", encoding="utf-8") as stream:
        stream.write("[Defaults]\nAllow=no\n\n[Guest *]\nAllow=yes\nChannels=a b-*\n"
                     "[Device log]\nAlways=yes\n[Class a]\nBackendNode=x y\n")
    status, said = host.attachd.check(file)
    equal(status, 0, f"the status for a good file, which said {said!r}")


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


@case(stores=("c",))
def policy_with_mistakes_is_not_started_with(host):
    host.attachd.set_policy("[Defaults]\nAllow=perhaps\n")
    host.attachd.start(ready=False)
    try:
        status = host.attachd.process.popen.wait(10)
    except subprocess.TimeoutExpired:
        status = None
    check(status not in (0, None), f"it started (status {status})")
    check(re.search(r"attachd\.conf:2: ", host.attachd.log_text()), "the log does not tell why")
