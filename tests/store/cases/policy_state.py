# SPDX-License-Identifier: GPL-2.0-or-later
"""A policy that cannot be used: at a reload, at a start, and what is saved against that."""

import json
import os
import shutil
import subprocess

from harness.runner import case
from harness.world import check, equal
from cases import disk

CLOSED = "[Defaults]\nAllow=no\n[Guest web*]\nAllow=yes\n"
BROKEN = "[Defaults]\nAllow=perhaps\n"
NO_POLICY = "this host has no valid policy"


def state(host, *parts):
    return os.path.join(host.dir, "state", *parts)


def status(host):
    code, out, err = host.attachd.ctl("status", "--json")
    equal((code, err), (0, ""), "mydevicectl status")
    return json.loads(out)


def metric(host, name):
    code, out, _ = host.attachd.ctl("metrics")
    equal(code, 0, "mydevicectl metrics")
    return next(line.split()[1] for line in out.splitlines() if line.startswith(f"{name} "))


def denied(one, devid, why=""):
    said = one.status(devid) or ""
    return said.startswith("denied: ") and why in said


def restart(host, ready=True):
    host.attachd.stop()
    host.attachd.start(ready=ready)


def says(host, *words):
    host.expect(lambda: all(word in host.attachd.log_text() for word in words),
                f"the log says {words}", host.attachd.log_text)


def serves_by_the_saved_one(host, domid):
    """CLOSED holds: neither the broken policy nor the built-in one does."""
    equal((status(host)["policy"], metric(host, "mydevice_policy_saved_in_use"),
           metric(host, "mydevice_policy_bad")), ("saved", "1", "1"), "what is in use")
    good, bad = host.guest(domid, f"web{domid}"), host.guest(domid + 1, f"mail{domid}")
    for one in (good, bad):
        one.request(0, "log")
    host.expect(lambda: good.attached(0), "the last good policy allows", lambda: good.status(0))
    host.expect(lambda: denied(bad, 0, "Allow="), "it denies", lambda: bad.status(0))


def serves_nothing_new(host, one, domid):
    """one has device 0, and its drivers are connected."""
    equal((status(host)["policy"], metric(host, "mydevice_policy_missing")), ("none", "1"),
          "what is in use")
    host.expect(lambda: one.states(0) == ("4", "4"), "it keeps its device", lambda: one.states(0))
    one.request(1, "log")
    host.expect(lambda: denied(one, 1, NO_POLICY), "no new one", lambda: one.status(1))
    other = host.guest(domid, f"other{domid}")
    other.request(0, "demo")
    host.expect(lambda: denied(other, 0, NO_POLICY), "another guest", lambda: other.status(0))


@case
def policy_state_restart_with_a_broken_policy(host):
    host.attachd.set_policy(CLOSED)
    host.attachd.start()
    one = host.guest(7, "web1")
    host.connected(one, 0)
    nodes = one.nodes(0)
    equal((status(host)["policy"], status(host)["policy_error"]), ("files", None), "at first")
    host.attachd.set_policy(BROKEN)
    restart(host)
    equal(one.nodes(0), nodes, "the device that was there")
    serves_by_the_saved_one(host, 8)
    says(host, "using the last good one, saved on")
    check("attachd.conf:2: Allow=perhaps" in status(host)["policy_error"], "no reason is shown")
    host.attachd.wait_notified("STATUS", ".*the last good one is in use")
    code, out, _ = host.attachd.ctl("status")
    check("the last good one, since the files were refused" in out and "Allow=perhaps" in out, out)
    # and again, since nobody looked
    restart(host)
    serves_by_the_saved_one(host, 18)
    host.attachd.set_policy("[Defaults]\nAllow=yes\n")
    equal(host.attachd.ctl("reload"), (0, "", ""), "the reload")
    equal((status(host)["policy"], metric(host, "mydevice_policy_bad")), ("files", "0"), "the end")
    host.attachd.set_policy(BROKEN)
    restart(host)
    late = host.guest(30, "late")
    host.connected(late, 0)


@case(stores=("c",))
def policy_state_reload_fails_if_it_is_refused(host):
    host.attachd.set_policy(CLOSED)
    host.attachd.start()
    equal(host.attachd.ctl("reload"), (0, "", ""), "a good one")
    host.attachd.set_policy("[Defaults]\nAllow=perhaps\nMaxChannels=many\n")
    code, out, err = host.attachd.ctl("reload")
    check(code == 14 and not out and "attachd.conf:2: Allow=perhaps" in err and
          "(and 1 more)" in err and err.count("\n") == 1, f"a broken one: {code} {out} {err}")
    equal((status(host)["policy"], metric(host, "mydevice_policy_bad")), ("older", "1"), "after it")
    if not os.getuid():
        os.chmod(host.dir, 0o711)
        code, _, err = host.attachd.ctl("reload", user=65534)
        check(code == 6, f"of another user: {code} {err}")
    os.unlink(host.attachd.policy_file)
    code, _, err = host.attachd.ctl("reload")
    check(code == 14 and "there is no" in err, f"no file: {code} {err}")
    host.attachd.set_policy(CLOSED)
    equal(host.attachd.ctl("reload"), (0, "", ""), "a good one again")
    equal(status(host)["policy"], "files", "the end")


@case(stores=("c",))
def policy_state_reload_without_a_bus(host):
    """As the unit does it: a signal takes the place of the bus, and the journal has the result."""
    pid = f"--pid={start_without_bus(host)}"

    def reload(policy, source):
        host.attachd.set_policy(policy)
        host.attachd.read_notifications()
        host.attachd.states.clear()
        code, out, err = host.attachd.ctl("reload", pid)
        check(code == 0 and not out and "SIGHUP" in err, f"the reload: {code} {out} {err}")
        host.attachd.wait_notified("READY", "1")
        host.attachd.wait_notified("STATUS", f".*{source}")

    reload(CLOSED, "0 of them connected$")
    reload(BROKEN, "an older one is in use")
    check("keeping the one in use" in host.attachd.log_text(), "the log does not say so")
    code, _, err = host.attachd.ctl("reload")
    check(code == 3 and "no D-Bus system bus" in err, f"without a process: {code} {err}")
    for pid, expected, text in (("--pid=0", 2, "expected a process id"),
                                ("--pid=x", 2, "expected a process id"),
                                ("--pid=4194304", 3, "No such process")):
        code, _, err = host.attachd.ctl("reload", pid)
        check(code == expected and text in err, f"{pid}: {code} {err}")


def start_without_bus(host):
    """The daemon's process id."""
    host.attachd.start()
    host.attachd.bus.kill()
    return host.attachd.process.pid


@case(stores=("c",))
def policy_state_reload_prefers_the_bus(host):
    host.attachd.start()
    host.attachd.set_policy(BROKEN)
    code, _, err = host.attachd.ctl("reload", f"--pid={host.attachd.process.pid}")
    check(code == 14 and "Allow=perhaps" in err and "SIGHUP" not in err, f"{code} {err}")


@case(stores=("c",))
def policy_state_in_the_first_of_several_directories(host):
    first, second = os.path.join(host.dir, "first"), os.path.join(host.dir, "second")
    os.mkdir(first)
    host.attachd.start(env={"STATE_DIRECTORY": f"{first}:{second}",
                            "RUNTIME_DIRECTORY": f"{host.dir}/run:{second}"})
    check(os.path.exists(f"{first}/policy"), "the policy is not saved there")
    check(os.path.exists(f"{host.dir}/run/attachd.lock"), "the lock is not there")
    check(not os.path.exists(second), "the second is used")


@case
def policy_state_without_a_saved_one(host):
    """Neither is there: nothing new, and what is there stays."""
    host.attachd.set_policy(CLOSED + "[Class alice_dev]\nHandshake=no\nGuest=web*\n")
    host.attachd.start()
    one = host.guest(7, "web1")
    host.connected(one, 0)
    host.attachd.stop()
    shutil.rmtree(state(host))
    host.attachd.set_policy(BROKEN)
    host.attachd.start()
    serves_nothing_new(host, one, 8)
    says(host, "nor can the saved one", "there is none")
    equal(host.attachd.ctl("attach", "web1", "by-hand")[0], 0, "an operator's order")
    host.attachd.set_policy("")
    equal(host.attachd.ctl("reload"), (0, "", ""), "an empty file is a policy")
    host.expect(lambda: one.attached(1), "who was denied is served", lambda: one.status(1))


@case(stores=("c",))
def policy_state_of_no_directory(host):
    """/etc/mydevice is not there, which is not what an empty file says."""
    host.attachd.set_policy(CLOSED)
    os.mkdir(host.attachd.policy_file + ".d")
    with open(host.attachd.policy_file + ".d/a.conf", "w", encoding="ascii") as stream:
        stream.write("[Guest mail-*]\nAllow=yes\n")
    host.attachd.start()
    shutil.rmtree(host.attachd.policy_file + ".d")
    equal(host.attachd.ctl("reload"), (0, "", ""), "without the drop-in")
    says(host, "a.conf is gone")
    os.unlink(host.attachd.policy_file)
    restart(host)
    serves_by_the_saved_one(host, 7)


@case(stores=("c",))
def policy_state_that_cannot_be_used(host):
    """Damaged, of another release, another user's, no file; each is said, and none is used."""
    host.attachd.set_policy(CLOSED)
    host.attachd.start()
    one = host.guest(7, "web1")
    host.connected(one, 0)
    with open(state(host, "policy"), "rb") as stream:
        good = stream.read()
    equal(os.stat(state(host, "policy")).st_mode & 0o777, 0o600, "who may read it")
    host.attachd.set_policy(BROKEN)
    rows = (
        (good[:-5], "its checksum is wrong"),
        (good.replace(b"Allow=no", b"Allow=ye"), "its checksum is wrong"),
        (b"", "it is damaged"),
        (b"\0" * 100, "it is damaged"),
        (good.replace(b"policy 1", b"policy 2"), "another release has written it"),
        (None, "it is not a regular file"),
    )
    for number, (content, why) in enumerate(rows):
        if content is None:
            os.unlink(state(host, "policy"))
            os.mkdir(state(host, "policy"))
        else:
            with open(state(host, "policy"), "wb") as stream:
                stream.write(content)
        restart(host)
        serves_nothing_new(host, one, 20 + number)
        says(host, why)
    os.rmdir(state(host, "policy"))
    os.symlink(host.attachd.policy_file, state(host, "policy"))
    restart(host)
    says(host, "Too many levels of symbolic links")
    os.unlink(state(host, "policy"))
    with open(state(host, "policy"), "wb") as stream:
        stream.write(good)
    os.chmod(state(host, "policy"), 0o666)
    restart(host)
    says(host, "others than the daemon's user may write it")
    equal(status(host)["policy"], "none", "it is not used")
    os.chmod(state(host, "policy"), 0o600)
    restart(host)
    serves_by_the_saved_one(host, 40)


@case(stores=("c",))
def policy_state_on_a_full_or_read_only_disk(host):
    """The policy is used, what is saved stays whole, and it is said."""
    disk.in_namespace("")
    os.mkdir(state(host))
    place = disk.in_namespace(f"mount -t tmpfs -o size=4k none {state(host)}")
    host.attachd.set_policy(CLOSED)
    host.attachd.start(under=place)
    equal((status(host)["policy_save_error"], metric(host, "mydevice_policy_unsaved")),
          (None, "0"), "while it fits")
    inside = f"/proc/{host.attachd.process.pid}/root{state(host)}"

    def saved():
        with open(f"{inside}/policy", "rb") as stream:
            return stream.read(), os.listdir(inside)
    before = saved()
    host.attachd.set_policy(CLOSED + f"# {'x' * 7000}\n")
    equal(host.attachd.ctl("reload"), (0, "", ""), "the reload")
    check("No space left" in (status(host)["policy_save_error"] or ""), "the status")
    equal(metric(host, "mydevice_policy_unsaved"), "1", "the metric")
    equal(saved(), before, "what is saved")
    subprocess.run(["nsenter", "-t", str(host.attachd.process.pid), "-m", "mount", "-o",
                    "remount,ro", state(host)], check=True, timeout=60)
    equal(host.attachd.ctl("reload"), (0, "", ""), "the reload")
    check("Read-only" in (status(host)["policy_save_error"] or ""), "the status")
    host.attachd.set_policy(CLOSED)
    equal(host.attachd.ctl("reload"), (0, "", ""), "the reload")
    equal(status(host)["policy_save_error"], None, "what is saved already needs no disk")
