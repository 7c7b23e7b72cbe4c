# SPDX-License-Identifier: GPL-2.0-or-later
"""attachd as a user who is not root, and has what docs/SECURITY.md says he needs."""

import json
import os

from harness.runner import case
from harness.world import Skip, check, equal

USER = 65534


def make_room(host):
    """What is this machine's in the test, and everybody's on a real host."""
    if os.getuid():
        raise Skip("only root can become another user")
    os.chmod(host.dir, 0o711)
    os.chmod(os.path.join(host.dir, "run"), 0o711)
    os.chmod(os.path.join(host.dir, "notify"), 0o777)


def give_socket(host):
    os.chown(host.machine.socket, 0, USER)
    os.chmod(host.machine.socket, 0o660)


def says(host, *words):
    host.expect(lambda: all(word in host.attachd.log_text() for word in words),
                f"the log says {words}", host.attachd.log_text)


@case
def unprivileged_with_the_socket_and_the_name(host):
    make_room(host)
    give_socket(host)
    host.attachd.user = USER
    host.attachd.start()
    equal(os.stat(f"/proc/{host.attachd.process.pid}").st_uid, USER, "who runs it")
    one = host.guest(7, "web1")
    host.connected(one, 0)
    equal(host.client.perms(one.frontend(0)), "n7,r0", "the frontend's permissions")
    equal(host.client.perms(one.backend(0)), "n0,r7", "the backend's permissions")
    says(host, "cannot open the hypervisor's control device", "(Permission denied)")
    status, out, _ = host.attachd.ctl("status", "--json")
    equal((status, json.loads(out)["domain_facts"]), (0, "xenstore"), "the status")
    equal(host.attachd.ctl("attach", "web1", "log")[0], 0, "root attaches by hand")
    status, _, error = host.attachd.ctl("attach", "web1", "other", user=USER)
    check(status and "only root may do this" in error, f"its own user does: {status}, {error}")
    host.attachd.kill()
    host.attachd.start()
    one.withdraw(0)
    host.expect(lambda: one.states(0) == (None, None), "a restart goes on with it",
                lambda: one.states(0))
    host.attachd.set_policy("[Defaults]\nAllow=no\n")
    os.chmod(host.attachd.policy_file, 0o600)
    host.attachd.reload()
    says(host, "attachd.conf: Permission denied", "keeping the one in use")


@case
def unprivileged_without_the_socket(host):
    """It says what it lacks, and goes on when it gets it."""
    make_room(host)
    host.attachd.user = USER
    host.attachd.start(ready=False)
    says(host, f"user {USER} may not use xenstored's socket", host.machine.socket)
    give_socket(host)
    one = host.guest(7, "web1")
    host.connected(one, 0)


@case
def unprivileged_without_the_name_on_the_bus(host):
    """Guests are served; only mydevicectl is not."""
    make_room(host)
    give_socket(host)
    host.attachd.start_bus()
    host.attachd.user = USER
    host.attachd.start()
    one = host.guest(7, "web1")
    host.connected(one, 0)
    says(host, "org.mydevice.Attach1")
    check(host.attachd.ctl("list")[0] != 0, "mydevicectl reaches it")
