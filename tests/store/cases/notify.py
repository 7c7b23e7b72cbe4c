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
