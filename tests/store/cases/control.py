# SPDX-License-Identifier: GPL-2.0-or-later
"""What an operator sees: mydevicectl, the manager's STATUS, the bus."""

import json
import os
import stat
import subprocess
import time

from harness import openmetrics
from harness.runner import case
from harness.world import check, equal


@case
def control_list_and_status(host):
    one, two = host.guest(7, "web1"), host.guest(8, "web2")
    host.attachd.start()
    equal(host.attachd.list(), [], "the list before anything")
    host.connected(one, 0)
    two.request(5, "log")
    host.expect(lambda: two.attached(5), "the device is attached", lambda: two.status(5))
    listed = {(entry["guest"], entry["name"]): entry for entry in host.attachd.list()}
    equal(set(listed), {("web1", "demo"), ("web2", "log")}, "the list")
    status, table, _ = host.attachd.ctl("list")
    equal(status, 0, "the status of list")
    lines = table.splitlines()
    equal(len(lines), 3, "lines of the table")
    check(all(word in table for word in ("web1", "demo", "Connected", "web2", "log", "256K",
                                         "/dev/mydevice-back/web1/demo")), table)
    status, out, _ = host.attachd.ctl("list", "web2", "--json")
    equal([entry["name"] for entry in json.loads(out)], ["log"], "the list of one guest")
    status, out, _ = host.attachd.ctl("status", "--json")
    found = json.loads(out)
    equal({key: found[key] for key in ("xenstore_connected", "domain_facts", "guests", "devices",
                                       "connected")},
          {"xenstore_connected": True, "domain_facts": "hypervisor", "guests": 2, "devices": 2,
           "connected": 1}, "the daemon's status")
    status, out, _ = host.attachd.ctl("status", "web1", "demo")
    check(status == 0 and one.uuid in out, f"status of a channel: {out}")
    status, _, err = host.attachd.ctl("status", "web1", "nothing")
    check(status not in (0, 1) and "nothing" in err, f"status of no channel: {status} {err}")
    status, _, err = host.attachd.ctl("frobnicate")
    check(status != 0 and "frobnicate" in err, f"an unknown command: {err}")


@case
def control_without_a_daemon(host):
    host.attachd.start()
    host.attachd.stop()
    for command in ("list", "status"):
        status, out, err = host.attachd.ctl(command, "--json")
        check(status not in (0, 1) and not out and "attachd" in err,
              f"{command} without a daemon: {status} {out!r} {err!r}")


@case
def control_bus_comes_and_goes(host):
    one = host.guest(7, "web1")
    host.attachd.start()
    host.attachd.list()
    host.attachd.bus.kill()
    one.request(0, "demo")
    host.expect(lambda: one.attached(0), "it serves without a bus", lambda: one.status(0))
    host.attachd.start_bus()
    host.expect(lambda: host.attachd.ctl("list", "--json")[0] == 0, "it is back on the bus",
                within=12)
    equal(len(host.attachd.list()), 1, "how many are listed")


def start_second(host, **env):
    """A second daemon serves nobody, and says why: what it said."""
    with open(os.path.join(host.dir, "second.log"), "w+b") as log:
        began = time.monotonic()
        second = subprocess.Popen(
            [host.attachd.binary("mydevice-attachd"), f"--config={host.attachd.policy_file}"],
            env={**os.environ, **host.attachd.env(), "NOTIFY_SOCKET": "", **env},
            stdout=log, stderr=log)
        try:
            status = second.wait(15)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            second.kill()
            second.wait()
        log.seek(0)
        said = log.read().decode()
    check(status == 1 and "another mydevice-attachd" in said and
          f"process {host.attachd.process.pid}" in said, f"the second: {status} {said}")
    check("connected to XenStore" not in said, f"it served: {said}")
    check(time.monotonic() - began < 10, "it took its time")
    return said


@case
def control_two_daemons_without_a_bus(host):
    nobody = f"unix:path={host.dir}/nobody"
    host.attachd.start(env={"DBUS_SYSTEM_BUS_ADDRESS": nobody})
    check("attachd.lock" in start_second(host, DBUS_SYSTEM_BUS_ADDRESS=nobody), "the lock")
    one = host.guest(7, "web1")
    host.connected(one, 0)
    # whoever was killed has no lock any more
    host.attachd.kill()
    began = time.monotonic()
    host.attachd.start(env={"DBUS_SYSTEM_BUS_ADDRESS": nobody})
    host.expect(lambda: one.attached(0), "it is served again")
    check("locked" not in host.attachd.log_text(), "the lock of a process that is gone")
    check(time.monotonic() - began < 10, "it took its time")


@case
def control_two_daemons(host):
    """One of them cannot see the lock of the other, as in a container."""
    other = os.path.join(host.dir, "other")
    host.attachd.start()
    said = start_second(host, RUNTIME_DIRECTORY=other)
    check("on the system bus" in said, said)
    one = host.guest(7, "web1")
    host.connected(one, 0)
    equal(len(host.attachd.list()), 1, "what the first one lists")
    # one that has just been killed is no other
    host.attachd.kill()
    host.attachd.start()


@case
def control_manager_is_told(host):
    one = host.guest(7, "web1")
    # it feeds the watchdog, and tells its status, three times in this time
    host.attachd.start(env={"WATCHDOG_USEC": "1500000"})
    host.connected(one, 0)

    def told(key, text):
        return text in host.attachd.read_notifications().get(key, "")

    host.expect(lambda: told("STATUS", "1 guests, 1 channels, 1 of them connected"),
                "the status tells of the device", lambda: host.attachd.states)
    for _ in range(2):
        host.attachd.states.pop("WATCHDOG", None)
        host.expect(lambda: told("WATCHDOG", "1"), "the watchdog is fed", within=1.5)
    host.attachd.stop()
    equal(host.attachd.read_notifications().get("STOPPING"), "1", "STOPPING")


@case
def control_idle_costs_nothing(host):
    one = host.guest(7, "web1")
    host.attachd.start()
    host.connected(one, 0)
    host.settle(0.5)
    before = host.attachd.cpu_seconds()
    time.sleep(2)
    used = host.attachd.cpu_seconds() - before
    check(used <= 0.02, f"{used:.2f} s of CPU in 2 s without anything to do")


@case
def control_metrics(host):
    host.attachd.set_policy("[Device secret]\nAllow=no\n[Defaults]\nDetachTimeoutSec=1\n")
    host.attachd.start()
    one, odd = host.guest(7, "web1"), host.guest(8, 'a"b\\c\nd{}')

    def metrics():
        status, out, err = host.attachd.ctl("metrics")
        equal((status, err), (0, ""), "mydevicectl metrics")
        return openmetrics.read(out)

    equal(metrics()["mydevice_attached_total", ()], 0, "before anything")
    host.connected(one, 0)
    front, back = host.connected(one, 1, "log")
    odd.request(0, "secret")
    odd.request(1, "../x")
    host.expect(lambda: odd.status(0) and odd.status(1), "both are refused")
    front.ignores = back.ignores = "56"
    one.withdraw(1)
    host.expect(lambda: one.states(1) == (None, None), "it goes by force")
    host.attachd.set_policy("[Defaults]\nAllow=perhaps\n")
    host.attachd.reload()
    found = metrics()
    equal({name: found[f"mydevice_{name}", ()] for name in (
        "attached_total", "detached_total", "forced_total", "denied_total", "invalid_total",
        "requests_total", "policy_reload_failures_total", "policy_bad", "guests", "devices",
        "devices_connected", "xenstore_up", "facts_degraded", "attach_seconds_count",
        "connect_seconds_count", "guests_left_out")},
          {"attached_total": 2, "detached_total": 1, "forced_total": 1, "denied_total": 1,
           "invalid_total": 1, "requests_total": 4, "policy_reload_failures_total": 1,
           "policy_bad": 1, "guests": 2, "devices": 1, "devices_connected": 1, "xenstore_up": 1,
           "facts_degraded": 0, "attach_seconds_count": 2, "connect_seconds_count": 2,
           "guests_left_out": 0}, "the figures")
    check(0 < found["mydevice_attach_seconds_sum", ()] < 5, "the time of the attaches")
    equal(found["mydevice_guest_refused_total",
                (("domid", "8"), ("guest", 'a"b\\x5cc\\x0ad{}'))], 2, "by guest")
    file = os.path.join(host.dir, "mydevice.prom")
    equal(host.attachd.ctl("metrics", f"--output={file}")[0], 0, "into a file")
    with open(file, encoding="ascii") as stream:
        text = stream.read()
    check("# TYPE mydevice_forced_total counter\n" in text and "# EOF" not in text, text)
    equal(os.stat(file).st_mode & 0o777, 0o644, "who may read it")
    equal([name for name in os.listdir(host.dir) if "prom" in name], ["mydevice.prom"],
          "what is left there")
    equal(host.attachd.ctl("metrics", "--output=/nowhere/x")[0], 1, "into nowhere")
    host.destroy(odd)
    host.expect(lambda: not [name for name, labels in metrics() if ("domid", "8") in labels],
                "who is gone is not told of")


@case(stores=("c",))
def control_metrics_replaces_files_only(host):
    host.attachd.start()
    fifo, link, real = (os.path.join(host.dir, name) for name in ("fifo", "link", "real"))
    os.mkfifo(fifo)
    os.symlink(fifo, link)
    for path in (fifo, link, host.dir):
        status, _, err = host.attachd.ctl("metrics", f"--output={path}")
        check(status == 1 and "not a regular file" in err, f"{path}: {status} {err}")
    check(stat.S_ISFIFO(os.stat(fifo).st_mode) and os.path.islink(link), "the FIFO was replaced")
    os.unlink(link)
    os.symlink(real, link)
    equal(host.attachd.ctl("metrics", f"--output={link}")[0], 1, "a link to nothing")
    with open(real, "w", encoding="ascii") as stream:
        stream.write("old")
    for path in (link, real):
        equal(host.attachd.ctl("metrics", f"--output={path}")[0], 0, path)
    check(os.path.islink(link), "the link was replaced")
    with open(real, encoding="ascii") as stream:
        check("# TYPE" in stream.read(), "the file behind the link is the old one")


@case(stores=("c",))
def control_completion(host):
    host.attachd.start()
    one = host.guest(7, "web1")
    one.request(0, "demo")
    host.expect(lambda: one.attached(0), "the device is attached")

    def completed(*words):
        script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mydevicectl; ' \
            'printf "%s\\n" "${COMPREPLY[@]}"'
        binaries = os.path.dirname(host.attachd.binary("mydevicectl"))
        done = subprocess.run(
            ["bash", "-c", script, "bash", "daemon/completion/mydevicectl.bash", *words],
            env={**os.environ, **host.attachd.env(), "PATH": f"{binaries}:{os.environ['PATH']}"},
            capture_output=True, timeout=60, check=True)
        return set(done.stdout.decode().split())

    commands = completed("mydevicectl", "")
    _, helped, _ = host.attachd.ctl("--help")
    equal(commands, {line.split()[0] for line in helped.split("Commands:\n")[1].split("\n\n")[0]
                     .splitlines()}, "the commands, as --help has them")
    equal(completed("mydevicectl", "st"), {"status"}, "a beginning")
    equal(completed("mydevicectl", "status", "w"), {"web1"}, "a guest")
    equal(completed("mydevicectl", "detach", "web1", ""), {"demo"}, "a channel")
    equal(completed("mydevicectl", "attach", "--mode", "=", "p"), {"packet"}, "a value")
    equal(completed("mydevicectl", "list", "--"), {"--json", "--all"}, "an option")
