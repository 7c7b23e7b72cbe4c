# SPDX-License-Identifier: GPL-2.0-or-later
"""mydevice-attachd and mydevicectl, with a system bus and a manager of their own."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

from . import process

# The rules of a stock system bus, what this project adds to them, and that the
# test need not be root.
BUS_CONF = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
 <type>system</type>
 <listen>unix:path={dir}/bus</listen>
 <auth>EXTERNAL</auth>
 <policy context="default">
  <allow user="*"/><deny own="*"/><deny send_type="method_call"/>
  <allow send_type="signal"/>
  <allow send_requested_reply="true" send_type="method_return"/>
  <allow send_requested_reply="true" send_type="error"/>
  <allow receive_type="method_call"/><allow receive_type="method_return"/>
  <allow receive_type="error"/><allow receive_type="signal"/>
  <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
 </policy>
 <include>{policy}</include>
 {own}
 <policy context="default"><allow own="org.freedesktop.PolicyKit1"/>
  <allow send_destination="org.freedesktop.PolicyKit1"/></policy>
</busconfig>
"""
BUS_POLICY = "daemon/dbus/org.mydevice.Attach1.conf"
ACTIONS = "daemon/dbus/org.mydevice.attach1.policy"
POLKITD = "/usr/lib/polkit-1/polkitd"

# What no run may leave in the log: of the sanitizers, and of glibc.
DEFECT = re.compile(r"Sanitizer|runtime error:|corrupted|double free|Assertion .* failed")


def become(user):
    """What runs a command as this user. The kernel ends it with this process, too."""
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups",
            "--pdeathsig=KILL"] if user else []


class Attachd:
    """builds: directories with bin/mydevice-attachd, by name. user: who runs it, by id, None for
    the one who runs the tests."""

    def __init__(self, machine, builds):
        self.machine = machine
        self.dir = machine.dir
        self.builds = builds
        self.build = "asan"
        self.user = None
        self.process = None
        self.bus = None
        self.log = machine.log("attachd")
        self.policy_file = os.path.join(self.dir, "attachd.conf")
        self.states = {}
        self.begun = []
        self.store_path = machine.socket
        self.notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notifications.bind(os.path.join(self.dir, "notify"))
        self.set_policy("")

    def env(self):
        return {
            "XENSTORED_PATH": self.store_path,
            "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.dir}/bus",
            "NOTIFY_SOCKET": os.path.join(self.dir, "notify"),
            "RUNTIME_DIRECTORY": self.dir,
            "MYDEVICE_HYPERVISOR": self.dir,
            "STATE_DIRECTORY": os.path.join(self.dir, "state"),
            "LD_LIBRARY_PATH": os.path.join(self.machine.build, "lib"),
            "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99",
            "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=98",
        }

    def binary(self, name):
        return os.path.join(self.builds[self.build], "bin", name)

    def set_policy(self, text):
        with open(self.policy_file, "w", encoding="utf-8") as stream:
            stream.write(text)

    def start_bus(self):
        conf = os.path.join(self.dir, "bus.conf")
        with open(conf, "w", encoding="ascii") as stream:
            user = self.user or os.getuid()
            own = f'<policy user="{user}"><allow own="org.mydevice.Attach1"/></policy>'
            stream.write(BUS_CONF.format(dir=self.dir, policy=os.path.abspath(BUS_POLICY),
                                         own=own if user else ""))
        self.bus = process.Process("bus", ["dbus-daemon", "--nofork", "--nopidfile",
                                           f"--config-file={conf}"], self.machine.log("bus"))
        deadline = time.monotonic() + 30
        while not self.bus_answers():
            if time.monotonic() > deadline or not self.bus.alive():
                raise RuntimeError("dbus-daemon does not start")
            time.sleep(0.005)

    def bus_answers(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            return probe.connect_ex(os.path.join(self.dir, "bus")) == 0

    # Its life

    def start(self, *options, ready=True, env=None, under=()):
        """Returns when it says that it is ready. under: a command that runs it."""
        if not self.bus:
            self.start_bus()
        # what the one before it still said
        self.read_notifications()
        self.states = {}
        self.process = process.Process(
            "attachd", [*under, *become(self.user), self.binary("mydevice-attachd"),
                        f"--config={self.policy_file}", *options], self.log, {**self.env(), **(env or {})})
        if ready:
            self.wait_notified("READY", "1")

    def read_notifications(self):
        """All that it told its manager, the last of each kind."""
        self.notifications.setblocking(False)
        while True:
            try:
                message = self.notifications.recv(4096).decode()
            except BlockingIOError:
                return self.states
            for line in message.splitlines():
                key, _, value = line.partition("=")
                self.states[key] = value

    def wait_notified(self, key, pattern, within=60):
        deadline = time.monotonic() + within
        while not re.fullmatch(pattern, self.read_notifications().get(key, "")):
            if not self.process.alive():
                raise AssertionError(f"attachd ended with status {self.process.popen.returncode}")
            if time.monotonic() > deadline:
                raise AssertionError(f"attachd never said {key}={pattern}, it said {self.states}")
            time.sleep(0.005)

    def running(self):
        return self.process is not None and self.process.alive()

    def stop(self):
        status = self.process.stop(signal.SIGTERM)
        assert status == 0, f"attachd ended with status {status} after SIGTERM"

    def kill(self):
        self.process.kill()

    def reload(self):
        self.read_notifications()
        self.states.clear()
        self.process.signal(signal.SIGHUP)
        self.wait_notified("READY", "1")

    def resident_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as stream:
            return int(re.search(r"VmRSS:\s*(\d+)", stream.read()).group(1))

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stream:
            fields = stream.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def processor_times(self):
        """Nanoseconds that it ran, and that it waited while others ran."""
        total = [0, 0]
        tasks = f"/proc/{self.process.pid}/task"
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/schedstat", encoding="ascii") as stream:
                for which, value in enumerate(stream.read().split()[:2]):
                    total[which] += int(value)
        return total

    def log_text(self):
        with open(self.log, "rb") as stream:
            return stream.read().decode("utf-8", "replace")

    def defects(self):
        return [line for line in self.log_text().splitlines() if DEFECT.search(line)]

    # Its tools

    def check(self, file):
        """mydevice-attachd --check: (status, what it said)."""
        done = subprocess.run([self.binary("mydevice-attachd"), f"--check={file}"],
                              env={**os.environ, **self.env()}, capture_output=True,
                              timeout=60, check=False)
        return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")

    def ctl(self, *arguments, user=None, stdin=b""):
        """user: whom to become first."""
        done = subprocess.run([*become(user), self.binary("mydevicectl"), *arguments],
                              env={**os.environ, **self.env()}, capture_output=True,
                              timeout=60, check=False, input=stdin)
        return done.returncode, done.stdout.decode("utf-8", "replace"), \
            done.stderr.decode("utf-8", "replace")

    def ctl_begin(self, *arguments, **kwargs):
        """One that goes on; its output is a pipe."""
        one = process.Process("mydevicectl", [self.binary("mydevicectl"), *arguments], self.log,
                              self.env(), stdout=subprocess.PIPE, **kwargs)
        self.begun.append(one)
        return one

    def start_polkit(self, *answers):
        """The questions it was asked are lines of its output."""
        one = process.Process("polkit", [os.path.join(self.machine.build, "polkit"), *answers],
                              self.machine.log("polkit"), self.env(), stdout=subprocess.PIPE)
        self.begun.append(one)
        assert one.popen.stdout.readline() == b"ready\n", "polkit does not start"
        return one

    def start_polkitd(self, rule):
        """The real one, with our action and this rule alone. False if that cannot be."""
        if not os.path.exists(POLKITD):
            return False
        actions, rules = os.path.join(self.dir, "actions"), os.path.join(self.dir, "rules")
        for path in (actions, rules):
            os.mkdir(path)
        shutil.copy(ACTIONS, actions)
        with open(os.path.join(rules, "50-test.rules"), "w", encoding="utf-8") as file:
            file.write(rule)
        mounts = f"mount --bind {actions} /usr/share/polkit-1/actions && " \
            f"mount --bind {rules} /etc/polkit-1/rules.d"
        if subprocess.run(["unshare", "-m", "sh", "-c", mounts], check=False).returncode:
            return False
        self.begun.append(process.Process(
            "polkitd", ["unshare", "-m", "sh", "-c", f"{mounts} && exec {POLKITD} --no-debug"],
            self.machine.log("polkitd"), self.env(), stdout=subprocess.PIPE))
        deadline = time.monotonic() + 10
        while subprocess.run(["busctl", f"--address=unix:path={self.dir}/bus", "status",
                              "org.freedesktop.PolicyKit1"], capture_output=True,
                             check=False).returncode:
            assert time.monotonic() < deadline, "polkitd does not start"
            time.sleep(0.1)
        return True

    def list(self):
        """mydevicectl list --json, read."""
        status, out, err = self.ctl("list", "--json")
        assert status == 0, f"mydevicectl list --json: status {status}: {err}"
        return json.loads(out)

    def close(self):
        self.notifications.close()
        for one in self.begun:
            one.kill()
            one.popen.stdout.close()
        if self.running():
            self.process.kill()
        if self.bus:
            self.bus.kill()
