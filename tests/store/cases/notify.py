# SPDX-License-Identifier: GPL-2.0-or-later
"""What attachd tells its manager."""

from harness.runner import case
from harness.world import check, equal


@case(stores=("c",))
def notify_a_manager_that_does_not_read(host):
    """Its socket fills up. That must stop nothing, and what matters is told again."""
    one = host.guest(7, "web1")
    host.attachd.start(env={"WATCHDOG_USEC": "300000"})
    host.settle(4)
    host.connected(one, 0)
    equal(len(host.attachd.list()), 1, "the list while nobody reads")
    host.attachd.process.signal(1)
    host.settle(0.3)
    host.attachd.read_notifications()
    host.attachd.states.clear()
    for key in ("WATCHDOG", "STATUS", "READY"):
        host.attachd.wait_notified(key, ".+")
    check("1 guests, 1 channels" in host.attachd.states["STATUS"], host.attachd.states["STATUS"])


@case(stores=("c",))
def notify_of_no_readiness_before_the_first_connection(host):
    """A reload is none, and takes effect all the same."""
    host.machine.stop_store()
    host.forget_connections()
    host.attachd.start(ready=False)
    host.expect(lambda: "started" in host.attachd.log_text(), "it starts")
    host.attachd.set_policy("[Defaults]\nAllow=no\n")
    host.attachd.process.signal(1)
    host.expect(lambda: host.attachd.log_text().count("policy loaded") == 2, "it reads the policy")
    host.settle(0.3)
    told = host.attachd.read_notifications()
    check("READY" not in told and "RELOADING" not in told, f"without XenStore it told {told}")
    host.start_store()
    host.attachd.wait_notified("READY", "1")
    one = host.guest(7, "web1")
    one.request(0, "demo")
    host.expect(lambda: (one.status(0) or "").startswith("denied"), "the new policy counts",
                lambda: one.status(0))
