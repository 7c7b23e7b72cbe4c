# SPDX-License-Identifier: GPL-2.0-or-later
"""What an operator sees: mydevicectl, the manager's STATUS, the bus."""

import json
import time

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
def control_without_libxenctrl(host):
    """Then facts come from XenStore, and it says so."""
    host.attachd.start("--xenctrl=libxenctrl.so.0.0")
    one = host.guest(7, "web1")
    host.connected(one, 0)
    status, out, _ = host.attachd.ctl("status", "--json")
    equal((status, json.loads(out)["domain_facts"]), (0, "xenstore"), "the status")
    check("libxenctrl.so.0.0" in host.attachd.log_text(), "the log does not name the library")
    host.destroy(one)
    host.expect(lambda: not one.traces(), "a destroyed guest's devices go", one.traces)
