# SPDX-License-Identifier: GPL-2.0-or-later
"""Hotplug scripts: what the daemon makes of what they say, and what calls them.
Here the test is udev and systemd; the real ones are in tests/vm."""

import json
import os
import signal
import subprocess

from harness import openmetrics
from harness.runner import case
from harness.world import check, equal

GIFT = 4095
SCRIPT = "/etc/xen/scripts/mydevice-log"
POLICY = f"""\
[Defaults]
DetachTimeoutSec=1

[Device log]
Always=yes
Guest=web*
Script={SCRIPT}
"""


def say(host, one, status, devid=GIFT, by=0):
    """As the script, or what calls it."""
    host.client.write(one.backend(devid, "hotplug-status", by=by), status)


def undone(host, one, devid=GIFT):
    host.client.remove(one.backend(devid, "hotplug-status"))


def entry(host, name="log"):
    found = [device for device in host.attachd.list() if device["name"] == name]
    return found[0] if found else None


def given(host, policy=POLICY):
    host.attachd.set_policy(policy)
    host.attachd.start()
    one = host.guest(7, "web1")
    host.expect(lambda: one.states(GIFT) == ("1", "1"), "the device is given", one.traces)
    return one


def plugged(host, policy=POLICY):
    """With its script done and both drivers connected: the guest and its driver."""
    one = given(host, policy)
    say(host, one, "connected")
    front, _ = host.join(one, GIFT)
    host.expect(lambda: (entry(host)["phase"], entry(host)["hotplug"]) ==
                ("connected", "connected"), "it is seen", lambda: entry(host))
    return one, front


@case
def hotplug_is_told(host):
    one = given(host)
    nodes = host.client.tree(one.backend(GIFT))
    for node, value in (("script", SCRIPT), ("hotplug-status", "waiting")):
        equal(nodes[one.backend(GIFT, node)], (value, "n0,r7"), f"the node {node}")
    check("hotplug=1" in host.client.get(one.record(GIFT)), "the record does not say so")
    equal((entry(host)["hotplug"], entry(host)["hotplug_error"]), ("waiting", None), "the list")
    for status in ("running", "connected"):
        say(host, one, status)
        host.expect(lambda: entry(host)["hotplug"] == status, f"{status} is seen",
                    lambda: entry(host))
    equal(entry(host)["phase"], "waiting", "without its drivers")
    # a channel without a script has none of it
    host.connected(one, 0)
    equal((entry(host, "demo")["hotplug"], host.client.get(one.backend(0, "hotplug-status"))),
          (None, None), "a channel without a script")
    status, out, _ = host.attachd.ctl("policy", "web1", "log")
    check(status == 0 and f"Script={SCRIPT}\n" in out, out)


@case
def hotplug_failure(host):
    one = given(host)
    host.client.write(one.backend(GIFT, "hotplug-error"), "no \x1b[31mbridge\nhere")
    say(host, one, "error")
    told = "no \\x1b[31mbridge\\x0ahere"
    host.expect(lambda: entry(host)["hotplug_error"] == told, "the error is seen",
                lambda: entry(host))
    check(f"log: its hotplug script failed: {told}\n" in host.attachd.log_text(), "the log")
    status, out, _ = host.attachd.ctl("status", "web1", "log")
    check(status == 0 and f"Hotplug: error: {told}\n" in out, out)
    _, text, _ = host.attachd.ctl("metrics")
    equal(openmetrics.read(text)["mydevice_hotplug_failures_total", ()], 1, "failures")
    # tried again by hand
    say(host, one, "connected")
    host.expect(lambda: entry(host)["hotplug"] == "connected", "it is mended")
    equal(entry(host)["hotplug_error"], None, "the error after that")
    # what failed has nothing to undo
    say(host, one, "error")
    host.expect(lambda: entry(host)["hotplug"] == "error", "it failed again")
    equal(host.attachd.ctl("detach", "web1", "log")[0], 0, "detach")
    equal(one.states(GIFT), (None, None), "the device")


@case
def hotplug_undoes_before_the_nodes_go(host):
    one, _ = plugged(host)
    detach = host.attachd.ctl_begin("detach", "web1", "log")
    host.expect(lambda: (entry(host) or {}).get("phase") == "unplugging", "the script is waited for",
                lambda: entry(host))
    host.settle()
    nodes = {path.rsplit("/", 1)[1] for path in host.client.tree(one.backend(GIFT))}
    check({"script", "name", "hotplug-status", "state"} <= nodes, f"left of its nodes: {nodes}")
    equal(host.client.get(one.backend(GIFT, "online")), "0", "online")
    equal(one.states(GIFT)[0], None, "the frontend's state")
    check(detach.alive(), "detach did not wait")
    undone(host, one)
    host.expect(lambda: not host.client.tree(one.backend(GIFT)), "the nodes go")
    host.expect(lambda: not detach.alive(), "detach ends")
    equal(detach.popen.returncode, 0, "its status")


@case
def hotplug_of_a_dead_guest(host):
    one, _ = plugged(host)
    host.destroy(one)
    host.expect(lambda: (entry(host) or {}).get("phase") == "unplugging", "the script is waited for",
                lambda: entry(host))
    host.settle()
    check(host.client.get(one.backend(GIFT, "script")), "its nodes went first")
    equal(host.client.get(one.backend(GIFT, "online")), "0", "online")
    undone(host, one)
    host.expect(lambda: not one.traces(), "nothing is left", one.traces)


@case
def hotplug_by_force(host):
    one, front = plugged(host)
    front.ignores = "5"
    equal(host.attachd.ctl("detach", "web1", "log", "--force")[0], 0, "detach --force")
    equal(one.states(GIFT), (None, None), "the device")
    check("did not undo its work in time" in host.attachd.log_text(), "the log does not say so")


@case
def hotplug_over_a_restart(host):
    """It is the record that says whether a script is to be waited for."""
    one, _ = plugged(host)
    host.attachd.kill()
    host.attachd.set_policy("[Defaults]\nDetachTimeoutSec=1\n")
    host.attachd.start()
    equal(entry(host)["hotplug"], "connected", "after a restart")
    detach = host.attachd.ctl_begin("detach", "web1", "log")
    host.expect(lambda: (entry(host) or {}).get("phase") == "unplugging", "the script is waited for",
                lambda: entry(host))
    # and while it is waited for
    host.attachd.kill()
    detach.kill()
    host.attachd.start()
    host.expect(lambda: not host.client.tree(one.backend(GIFT)) and not
                host.client.get(one.record(GIFT)), "half a device goes after a restart", one.traces)


@case
def hotplug_in_a_driver_domain(host):
    host.attachd.set_policy(POLICY + "Backend=storage\n")
    host.attachd.start()
    storage, one = host.guest(5, "storage"), host.guest(7, "web1")
    host.expect(lambda: one.states(GIFT, by=5) == ("1", "1"), "the device is given")
    equal(host.client.perms(one.backend(GIFT, "hotplug-status", by=5)), "n5,r7", "whose it is")
    storage.client.write(one.backend(GIFT, "hotplug-status", by=5), "connected")
    host.expect(lambda: entry(host)["hotplug"] == "connected", "it is seen")
    storage.client.write(one.backend(GIFT, "hotplug-status", by=5), "\x00\x1b" + "x" * 1500)
    host.expect(lambda: entry(host)["hotplug"] == "running", "a word that is none")
    # with its domain goes who could run the script
    host.destroy(storage)
    host.expect(lambda: (entry(host)["phase"], entry(host)["hotplug"]) == ("stranded", None),
                "nobody waits for its script", lambda: entry(host), within=5)
    host.destroy(one)
    host.expect(lambda: entry(host) is None, "the device goes at once", one.traces, within=5)


@case
def hotplug_of_another_class(host):
    """Drivers that say nothing are up when their script is done."""
    host.attachd.set_policy(f"[Class alice_dev]\nHandshake=no\nScript={SCRIPT}\n")
    host.attachd.start()
    one = host.guest(7, "web1")
    status = one.backend(0, "hotplug-status", "alice_dev")
    host.expect(lambda: host.client.get(status) == "waiting", "it is attached")
    host.settle()
    equal(entry(host, "alice_dev")["phase"], "waiting", "before the script")
    host.client.write(status, "connected")
    host.expect(lambda: entry(host, "alice_dev")["phase"] == "connected", "after the script")


# What systemd calls

def begin(host, verb, directory, **env):
    return subprocess.Popen([os.path.abspath("systemd/mydevice-hotplug"), verb,
                             f"/sys/devices/xen-backend/mydevice-7-{GIFT}"],
                            env={**os.environ, **host.attachd.env(),
                                 "RUNTIME_DIRECTORY": f"{directory}:/nowhere", "SERVICE_RESULT": "success",
                                 **env}, stderr=subprocess.DEVNULL, start_new_session=True)


def call(host, verb, directory, **env):
    return begin(host, verb, directory, **env).wait(20)


@case
def hotplug_helper(host):
    directory = os.path.join(host.dir, "runtime")
    os.mkdir(directory)
    script = os.path.join(host.dir, "script")

    def write_script(body):
        with open(script, "w", encoding="ascii") as stream:
            stream.write(f"#!/bin/sh\n{body}\n")
        os.chmod(script, 0o755)

    def told():
        with open(f"{directory}/told", encoding="ascii") as stream:
            return json.loads(stream.read().splitlines()[-1])

    write_script(f"""printf '["%s", "%s", "%s", "%s", "%s", "%s"]\\n' "$1" "$XENBUS_PATH" \
"$XENBUS_TYPE" "$XENBUS_BASE_PATH" "$script" "$(xenstore-read "$XENBUS_PATH/hotplug-status")" \
>>{directory}/told; [ "$1" = remove ] || [ -e {directory}/go ] || exit 3""")
    one = given(host, POLICY.replace(SCRIPT, script))

    def nodes():
        return (host.client.get(one.backend(GIFT, "hotplug-status")),
                host.client.get(one.backend(GIFT, "hotplug-error")))

    environment = [f"backend/mydevice/7/{GIFT}", "mydevice", "backend", script]
    equal(call(host, "add", directory), 1, "add that fails")
    equal(told(), ["add", *environment, "running"], "what the script is told")
    equal(nodes(), ("error", f"{script} add ended with status 3"), "what is said")
    call(host, "remove", directory, SERVICE_RESULT="exit-code")
    equal(told()[0], "remove", "it undoes what it had begun")
    equal(nodes()[0], "error", "which stays to be seen")
    open(f"{directory}/go", "w", encoding="ascii").close()
    equal(call(host, "add", directory), 0, "add that succeeds")
    equal(nodes(), ("connected", None), "what is said then")
    call(host, "remove", directory)
    equal(told(), ["remove", *environment, "connected"], "what it is told at the end")
    equal(nodes(), (None, None), "after it")
    # what takes too long, and what says so itself
    say(host, one, "running")
    call(host, "remove", directory, SERVICE_RESULT="timeout")
    check(nodes()[0] == "error" and "too long" in nodes()[1], f"a script that hangs: {nodes()}")
    write_script('xenstore-write "$XENBUS_PATH/hotplug-error" "its own words" '
                 '"$XENBUS_PATH/hotplug-status" error')
    equal(call(host, "add", directory), 1, "a script that says error and ends with 0")
    equal(nodes(), ("error", "its own words"), "its words")
    os.unlink(script)
    equal(call(host, "add", directory), 1, "a script that is not there")
    check("status 127" in nodes()[1], f"what is said of it: {nodes()}")
    # nothing comes back of a device that is gone, which is undone all the same
    write_script(f"echo undone >{directory}/late")
    host.client.remove(one.backend(GIFT))
    call(host, "remove", directory, SERVICE_RESULT="timeout")
    check(os.path.exists(f"{directory}/late"), "it was not called")
    equal(call(host, "add", directory), 0, "add of what is gone")
    equal(host.client.tree(one.backend(GIFT)), {}, "the device")


@case(stores=("c",))
def hotplug_helper_leaves_no_ghost(host):
    """Of a device that goes while its script runs, which then writes its status."""
    directory = os.path.join(host.dir, "runtime")
    os.mkdir(directory)
    script = os.path.join(host.dir, "script")
    one = host.guest(7, "web1")
    for status in (0, 1):
        with open(script, "w", encoding="ascii") as stream:
            stream.write('#!/bin/sh\nxenstore-rm "$XENBUS_PATH"\n'
                         'xenstore-write "$XENBUS_PATH/hotplug-status" connected\n'
                         f"exit {status}\n")
        os.chmod(script, 0o755)
        host.client.write(one.backend(GIFT, "script"), script)
        host.client.write(one.backend(GIFT, "state"), "1")
        call(host, "add", directory)
        equal(host.client.tree(one.backend(GIFT)), {}, f"the device, after status {status}")


def read_pid(file):
    """0 as long as it is not written."""
    try:
        with open(file, encoding="ascii") as stream:
            return int(stream.read() or 0)
    except FileNotFoundError:
        return 0


@case(stores=("c",))
def hotplug_helper_outlives_its_script(host):
    """systemd takes a unit for stopped when the helper ends, and leaves the rest alone."""
    directory = os.path.join(host.dir, "runtime")
    os.mkdir(directory)
    script = os.path.join(host.dir, "script")
    given(host, POLICY.replace(SCRIPT, script))
    for body, signals in (("", [signal.SIGTERM]), ("trap '' TERM; ", [signal.SIGTERM,
                                                                     signal.SIGKILL])):
        with open(script, "w", encoding="ascii") as stream:
            stream.write(f"#!/bin/sh\n{body}echo $$ >{directory}/pid\nexec sleep 60\n")
        os.chmod(script, 0o755)
        helper = begin(host, "add", directory)
        pid = host.expect(lambda: read_pid(f"{directory}/pid"), "the script runs")
        os.unlink(f"{directory}/pid")
        for number in signals[:-1]:
            os.killpg(helper.pid, number)
            host.settle()
            check(helper.poll() is None and os.path.exists(f"/proc/{pid}"), "it did not wait")
        os.killpg(helper.pid, signals[-1])
        helper.wait(10)
        host.expect(lambda: not os.path.exists(f"/proc/{pid}"), "the script ends")
