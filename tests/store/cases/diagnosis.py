# SPDX-License-Identifier: GPL-2.0-or-later
"""On a machine that is not as it must be, attachd and mydevicectl say what is wrong and what to do."""

import os
import subprocess

from cases import disk
from harness.runner import case
from harness.world import check, equal

GUEST, CONTROL = "00002705", "00002f15"


def sysfs(features, module=None):
    """A command that sees this /sys. features: of a machine that runs on Xen, or None."""
    script = "mount -t tmpfs none /sys && cd /sys"
    if features:
        script += " && mkdir -p hypervisor/properties && echo xen >hypervisor/type" \
            f" && echo {features} >hypervisor/properties/features"
    if module:
        script += f" && mkdir -p module/mydeviceback && echo {module} >module/mydeviceback/version"
    return disk.in_namespace(f"{script} && cd /")


def says(host, *words):
    host.expect(lambda: all(word in host.attachd.log_text() for word in words),
                f"the log says {words}", host.attachd.log_text)


def ctl(host, under, *arguments):
    done = subprocess.run([*under, os.path.abspath(host.attachd.binary("mydevicectl")), *arguments],
                          env={**os.environ, **host.attachd.env()}, capture_output=True,
                          timeout=60, check=False, text=True)
    return done.returncode, done.stdout, done.stderr.splitlines()


@case(stores=("c",))
def diagnosis_of_attachd_without_xenstored(host):
    for features, words in (
            (None, ("this machine does not run on Xen", "boot this machine with Xen")),
            (GUEST, ("this is a Xen guest, not domain 0", "stop mydevice-attachd here")),
            (CONTROL, ("xenstored does not answer", "start xenstored, see: systemctl status"))):
        host.attachd.store_path = os.path.join(host.dir, "none")
        host.attachd.start(ready=False, under=sysfs(features))
        says(host, "xenstored does not answer", *words)
        if features == CONTROL:
            check("guest, not" not in host.attachd.log_text().split(words[1])[0][-200:], "the role")
        host.attachd.kill()


@case(stores=("c",))
def diagnosis_of_the_modules(host):
    rows = ((CONTROL, None, "mydeviceback is not loaded", "modprobe mydeviceback"),
            (CONTROL, "0.0.1", "mydeviceback has version 0.0.1, this daemon", "mydevice-reload"))
    for features, module, what, advice in rows:
        under = sysfs(features, module)
        host.attachd.start(under=under)
        says(host, what, f"run: {advice}")
        status, out, _ = ctl(host, under, "status")
        check(status == 0 and f"run: {advice}" in out, out)
        host.attachd.stop()
    host.attachd.start()
    check("Driver: " not in ctl(host, sysfs(None), "status")[1], "of another machine")


@case(stores=("c",))
def diagnosis_of_mydevicectl(host):
    """The status is always that of a daemon that cannot be reached."""
    host.attachd.start_bus()
    for features, advice in ((None, "this machine does not run on Xen; run mydevicectl in domain 0"),
                             (GUEST, "this is a Xen guest; run mydevicectl in domain 0"),
                             (CONTROL, "try: systemctl status mydevice-attachd")):
        for command in (["list"], ["attach", "web1", "log"], ["metrics"], ["wait", "web1", "log"]):
            status, out, err = ctl(host, sysfs(features), *command)
            equal((status, out, len(err)), (3, "", 2), f"{command}: {err}")
            check("it is not running, or not on the bus" in err[0] and advice in err[1], f"{err}")
    host.attachd.bus.kill()
    status, _, err = ctl(host, sysfs(GUEST), "list")
    check(status == 3 and "no D-Bus system bus" in err[0] and "Xen guest" in err[1], f"no bus: {err}")


@case(stores=("c",))
def diagnosis_of_a_second_daemon(host):
    host.attachd.start()
    done = subprocess.run([host.attachd.binary("mydevice-attachd"),
                           f"--config={host.attachd.policy_file}"], capture_output=True, text=True,
                          env={**os.environ, **host.attachd.env(), "NOTIFY_SOCKET": ""},
                          timeout=60, check=False)
    check(done.returncode == 1 and f"process {host.attachd.process.pid}" in done.stderr and
          "stop it first, as with: systemctl stop mydevice-attachd" in done.stderr, f"{done}")


@case(stores=("c",))
def diagnosis_without_root(host):
    disk.in_namespace("")
    os.chmod(host.dir, 0o711)
    os.chmod(os.path.join(host.dir, "run"), 0o711)
    os.chmod(os.path.join(host.dir, "notify"), 0o777)
    host.attachd.user = 65534
    host.attachd.start(ready=False)
    says(host, "user 65534 may not use xenstored's socket", "run it as root")
