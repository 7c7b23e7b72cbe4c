# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab, and the benchmark program at work in each of its domains."""

import json
import os
import re
import select
import subprocess
from pathlib import Path

LAB = ["tests/lab/lab", "--name", os.environ.get("BENCH_LAB", "bench")]
ANSWER_SECONDS = 40


class Broken(Exception):
    """A measurement could not be taken."""


def lab(*words, **kwargs):
    """A verb of the lab's that has to succeed; its stdout."""
    done = subprocess.run(LAB + list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True, check=False, **kwargs)
    if done.returncode:
        raise Broken(f"lab {' '.join(words)}: exit status {done.returncode}: {done.stdout.strip()}")
    return done.stdout


def dom0(line):
    return lab("run", line)


class Emulator:
    """The lab's QEMU: both domains are threads of it, and need a processor each."""

    def __init__(self):
        pid = re.search(r"QEMU is process (\d+)", lab("status"))[1]
        self.threads = Path(f"/proc/{pid}/task")

    def prefer(self):
        """What else the machine does waits for us, if it is root who asks."""
        for thread in self.threads.iterdir():
            try:
                os.setpriority(os.PRIO_PROCESS, int(thread.name), -15)
            except PermissionError:
                return False
        return True

    def waited(self):
        """Seconds that it was kept from running, so far."""
        return sum(int((thread / "schedstat").read_text().split()[1])
                   for thread in self.threads.iterdir()) / 1e9


class Agent:
    """The program in a domain; one job at a time."""

    def __init__(self, name, *where):
        self.name = name
        self.process = subprocess.Popen(LAB + list(where) + ["bench"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.pending = b""
        if not self.answer().get("ready"):
            raise Broken(f"{name}: the program did not start")

    def start(self, word, **values):
        self.job = " ".join([word] + [f"{key}={value}" for key, value in values.items()])
        self.process.stdin.write(self.job.encode() + b"\n")
        self.process.stdin.flush()

    def answer(self):
        """Bounded: a job that does not end has killed the program by then."""
        out = self.process.stdout
        while b"\n" not in self.pending:
            readable, _, _ = select.select([out], [], [], ANSWER_SECONDS)
            more = os.read(out.fileno(), 65536) if readable else b""
            if not more:
                raise Broken(f"{self.name}: no answer to '{getattr(self, 'job', 'hello')}'")
            self.pending += more
        line, self.pending = self.pending.split(b"\n", 1)
        found = json.loads(line)
        if "error" in found:
            raise Broken(f"{self.name}: '{self.job}': {found['error']}")
        return found

    def close(self):
        try:
            self.process.stdin.close()
            self.process.wait(ANSWER_SECONDS)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()


class Guest:
    """A guest and its host: both ends of whatever is measured."""

    def __init__(self, name):
        self.name = name
        self.domid = int(dom0(f"xl domid {name}"))
        config = dom0(f"cat /etc/xen/lab/{name}.cfg")
        self.address = re.search(r",ip=([0-9.]+),", config)[1]
        self.console = dom0(f"xenstore-read /local/domain/{self.domid}/console/tty").strip()
        self.inside = self.outside = None
        self.start()

    def start(self):
        self.inside = Agent(f"guest {self.name}", "guest", self.name)
        self.outside = Agent(f"dom0 for {self.name}", "run")

    def restart(self):
        """After a job that failed: its other half may wait for it for a while."""
        self.close()
        self.start()

    def node(self, transport, devid=0):
        """The connection's two ends: in the guest and in dom0."""
        return {
            "file": (f"/dev/mydevice/{devid}", f"/dev/mydevice-back/{self.domid}-{devid}"),
            "console": ("/dev/hvc0", self.console),
            "tcp": ("any", self.address),
            "vchan": ("-", "-"),
        }[transport]

    def close(self):
        self.inside.close()
        self.outside.close()
