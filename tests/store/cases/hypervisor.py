# SPDX-License-Identifier: GPL-2.0-or-later
"""The hypervisor cannot be asked which domains there are: its library is missing, or is
that of another release, or it refuses. Then XenStore is asked, and it is said why."""

import errno
import json
import os
import re

from harness.runner import case
from harness.world import check, equal


def library():
    """By which name attachd loads it here."""
    return next(name for name in os.listdir("build/store/lib") if name.startswith("libxenctrl"))


def goes_on(host, why, options=(), env=None):
    """It says why, once, and serves guests all the same."""
    before = len(host.attachd.log_text()) if os.path.exists(host.attachd.log) else 0
    host.attachd.start(*options, env=env)
    one = host.guest(7, "web1")
    host.connected(one, 0)
    status, out, _ = host.attachd.ctl("status", "--json")
    equal((status, json.loads(out)["domain_facts"]), (0, "xenstore"), "the status")
    found = [line for line in host.attachd.log_text()[before:].splitlines()
             if "cannot be asked" in line]
    equal(len(found), 1, f"lines about it, {found}")
    check(re.search(f"the hypervisor cannot be asked: {why}; taking the facts about domains from "
                    "XenStore: ", found[0]), f"expected {why!r}, it says: {found[0]}")
    host.toolstack.shut_down(7)
    host.settle()
    equal(one.states(0), ("4", "4"), "the devices of a guest that only has shut down")
    host.destroy(one)
    host.expect(lambda: not one.traces(), "a destroyed guest's devices go", one.traces)
    host.attachd.stop()


@case
def hypervisor_library_is_missing(host):
    goes_on(host, r"libxenctrl\.so\.0\.0: cannot open shared object file: No such file or directory"
            r" \(No such file or directory\)", ["--xenctrl=libxenctrl.so.0.0"])
    # the one it was built for
    os.mkdir(os.path.join(host.dir, "lib"))
    broken = os.path.join(host.dir, "lib", library())
    with open(broken, "w", encoding="ascii") as stream:
        stream.write("nothing\n" * 100)
    goes_on(host, rf"\S*{re.escape(library())}: invalid ELF header .*",
            env={"LD_LIBRARY_PATH": os.path.join(host.dir, "lib")})


@case
def hypervisor_library_is_of_another_release(host):
    other = os.path.abspath("build/store/lib-other/libxenctrl.so.0.1")
    goes_on(host, rf"{other} is of another Xen release than {re.escape(library())}, for which this"
            r" mydevice-attachd was built \(.*\)", [f"--xenctrl={other}"])
    goes_on(host, rf"{re.escape(library())} lacks a function that is needed \(.*\)",
            env={"LD_LIBRARY_PATH": os.path.abspath("build/store/lib-lacking")})


@case
def hypervisor_is_of_another_release(host):
    """The version of its interface is part of each question."""
    goes_on(host, rf"the hypervisor is of another Xen release than {re.escape(library())}"
            r" \(Permission denied\)", env={"MYDEVICE_HYPERVISOR_REFUSES": str(errno.EACCES)})
    goes_on(host, rf"{re.escape(library())} cannot tell which domains there are"
            r" \(Function not implemented\)", env={"MYDEVICE_HYPERVISOR_REFUSES": str(errno.ENOSYS)})


@case
def hypervisor_control_device_is_missing(host):
    goes_on(host, rf"{re.escape(library())} cannot open the hypervisor's control device .*"
            r" \(No such file or directory\)",
            env={"MYDEVICE_HYPERVISOR": os.path.join(host.dir, "nowhere")})
