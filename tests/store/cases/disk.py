# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine around attachd: disks that are full, an /etc that is none, no journal."""

import os
import socket
import subprocess

from harness.runner import case
from harness.world import Skip, check, equal

# All in one namespace: first a page that fits, then one that does not, then one again.
FULL = """\
set -e
mount -t tmpfs -o size=40k none "$1"
cd "$1"
shift
"$@" --output=metrics.prom
cp metrics.prom ..
cat /dev/zero >filler 2>/dev/null || :
"$@" --output=metrics.prom && exit 1
echo "status $?"
cmp metrics.prom ../metrics.prom
ls
rm filler
"$@" --output=metrics.prom
"""


def in_namespace(script):
    """A command that sees this machine as the script has changed it."""
    if os.getuid():
        raise Skip("only root may mount")
    return ["unshare", "-m", "sh", "-c", f'{script} && exec "$0" "$@"']


@case(stores=("c",))
def disk_full_for_the_metrics(host):
    in_namespace("")
    host.attachd.start()
    host.expect(lambda: host.attachd.ctl("status")[0] == 0, "it is on the bus")
    place = os.path.join(host.dir, "metrics", "tiny")
    os.makedirs(place)
    done = subprocess.run(["unshare", "-m", "sh", "-c", FULL, "sh", place,
                           os.path.abspath(host.attachd.binary("mydevicectl")), "metrics"],
                          env={**os.environ, **host.attachd.env()}, capture_output=True,
                          timeout=60, check=False)
    equal((done.returncode, done.stdout.decode(), done.stderr.decode()),
          (0, "status 1\nfiller\nmetrics.prom\n",
           "mydevicectl: cannot write metrics.prom: No space left on device\n"), "all of it")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([host.attachd.binary("mydevicectl"), "metrics"], stdout=full,
                              env={**os.environ, **host.attachd.env()}, timeout=60, check=False,
                              stderr=subprocess.PIPE)
    check(done.returncode == 1 and b"No space left" in done.stderr, f"to a full disk: {done}")


@case(stores=("c",))
def disk_full_for_the_log(host):
    log, host.attachd.log = host.attachd.log, "/dev/full"
    host.attachd.start()
    host.attachd.log = log
    one = host.guest(7, "web1")
    host.connected(one, 0)
    one.request(1, "../x")
    host.expect(lambda: (one.status(1) or "").startswith("error: "), "what is logged is answered")
    one.withdraw(0)
    host.expect(lambda: not one.traces(), "all goes on", one.traces)


@case(stores=("c",))
def disk_without_a_journal(host):
    """It was started with one, which is down."""
    down = os.path.join(host.dir, "down")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind(down)
    place = "/run/systemd/journal"
    under = in_namespace(f"mount -t tmpfs none /run && mkdir -p {place} && "
                         f": >{place}/socket && mount --bind {down} {place}/socket")
    with open(host.attachd.log, "ab") as stream:
        status = os.fstat(stream.fileno())
    host.attachd.start(under=under, env={"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
    host.connected(host.guest(7, "web1"), 0)
    check("guest web1 (7) device 0 demo: attached" in host.attachd.log_text(),
          f"what it had to say is lost: {host.attachd.log_text()!r}")


@case
def disk_without_etc(host):
    """Not to be read and not to be written: the last good policy is used."""
    host.attachd.start()
    host.attachd.stop()
    under = in_namespace("mount -t tmpfs -o ro none /etc")
    host.attachd.start("--config=/etc/mydevice/attachd.conf", under=under)
    check("there is no /etc/mydevice/attachd.conf" in host.attachd.log_text(),
          f"it does not tell: {host.attachd.log_text()}")
    one = host.guest(7, "web1")
    host.connected(one, 0)
    host.attachd.reload()
    check("keeping the one in use" in host.attachd.log_text(), "the reload is not refused")
    one.withdraw(0)
    host.expect(lambda: not one.traces(), "all goes on", one.traces)
