# SPDX-License-Identifier: GPL-2.0-or-later
"""The host: what plays the hypervisor, and a stock xenstored on top of it."""

import glob
import os
import re
import subprocess
import time

from . import process, wire

STORES = ("c", "oxenstored")

OXENSTORED_CONF = """\
pid-file = {dir}/store.pid
test-eagain = {eagain}
merge-activate = true
perms-activate = true
perms-watch-activate = true
quota-activate = true
quota-maxentity = 1000
quota-maxsize = {maxsize}
quota-maxwatch = 100
quota-transaction = 10
quota-maxrequests = 1024
quota-path-max = 1024
quota-maxoutstanding = 1024
quota-maxwatchevents = 1024
persistent = false
xenstored-kva = {dir}/rings
xenstored-port = {dir}/xsd_port
xenstored-log-file = {dir}/log/oxenstored.log
"""


def find_store(kind):
    """The stock binary, of the newest release that is installed; or None."""
    name = {"c": "xenstored", "oxenstored": "oxenstored"}[kind]
    found = glob.glob(f"/usr/lib/xen-*/bin/{name}") + glob.glob(f"/usr/lib/xen/bin/{name}")
    return max(found, key=lambda path: [int(n) for n in re.findall(r"\d+", path)], default=None)


class Machine:
    def __init__(self, build, directory, kind):
        self.build = build
        self.dir = directory
        self.kind = kind
        self.store = None
        for name in ("run", "log"):
            os.mkdir(os.path.join(directory, name))
        with open(os.path.join(directory, "xsd_port"), "w", encoding="ascii") as stream:
            stream.write("2")
        self.hypervisor = process.Process("hypervisor", [f"{build}/hypervisor", directory],
                                          self.log("hypervisor"), stdin=subprocess.PIPE,
                                          stdout=subprocess.PIPE)
        self._expect_ok("start")

    def log(self, name):
        return os.path.join(self.dir, "log", f"{name}.log")

    @property
    def socket(self):
        return os.path.join(self.dir, "run", "socket")

    def guest_socket(self, domid):
        return os.path.join(self.dir, f"guest.{domid}")

    def _expect_ok(self, command):
        answer = self.hypervisor.popen.stdout.readline().decode().strip()
        if answer != "ok":
            raise RuntimeError(f"hypervisor: {command}: {answer or 'it ended'}")

    def command(self, *words):
        """See hypervisor/main.c."""
        line = " ".join(str(word) for word in words)
        self.hypervisor.popen.stdin.write(line.encode() + b"\n")
        self.hypervisor.popen.stdin.flush()
        self._expect_ok(line)

    # The store

    def start_store(self, eagain=False, maxsize=2048):
        env = {
            "LD_PRELOAD": f"{self.build}/preload.so",
            "MYDEVICE_HYPERVISOR": self.dir,
            "XENSTORED_RUNDIR": os.path.join(self.dir, "run"),
            "XENSTORED_PATH": self.socket,
        }
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        binary = find_store(self.kind)
        if self.kind == "c":
            argv = [binary, "-N", "-F", os.path.join(self.dir, "store.pid"), "-S", str(maxsize)]
        else:
            conf = os.path.join(self.dir, "oxenstored.conf")
            with open(conf, "w", encoding="ascii") as stream:
                stream.write(OXENSTORED_CONF.format(dir=self.dir, eagain=str(eagain).lower(),
                                                    maxsize=maxsize))
            argv = [binary, "--no-fork", "--config-file", conf]
        self.store = process.Process("store", argv, self.log("store"), env)
        self.connect().close()

    def connect(self, within=30):
        """A connection of domain 0, as soon as the store answers."""
        deadline = time.monotonic() + within
        while True:
            try:
                client = wire.Client(self.socket)
                client.list("/")
                return client
            except (OSError, wire.StoreGone) as error:
                if time.monotonic() > deadline or not self.store.alive():
                    raise RuntimeError(f"{self.kind} xenstored does not answer: {error}") from error
                time.sleep(0.01)

    def stop_store(self):
        self.store.kill()

    def close(self):
        if self.store:
            self.store.kill()
        self.hypervisor.popen.stdin.close()
        self.hypervisor.popen.wait()
        self.hypervisor.popen.stdout.close()
