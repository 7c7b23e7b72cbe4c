# SPDX-License-Identifier: GPL-2.0-or-later
"""What libxl writes for a domain, with libxl's owners and permissions.

As in its libxl__domain_make(), libxl__build_post() and devices_destroy_cb().
"""

# Below /local/domain/G: what the guest may read, and what it owns.
READABLE = ("cpu", "memory", "device", "control")
OWN = ("device/suspend/event-channel", "control/shutdown", "control/feature-poweroff",
       "control/feature-reboot", "control/feature-suspend", "control/sysrq",
       "data", "drivers", "feature", "attr", "error")


class Toolstack:
    def __init__(self, machine, client):
        self.machine = machine
        self.client = client

    def start_dom0(self):
        self.client.write("/local/domain/0/domid", "0")
        self.client.write("/local/domain/0/name", "Domain-0")

    def make(self, domid, name, uuid):
        """The domain and its nodes; nothing knows of it yet."""
        self.machine.command("create", domid, uuid)
        self.make_nodes(domid, name, uuid)

    def make_nodes(self, domid, name, uuid):
        home, vm, libxl = f"/local/domain/{domid}", f"/vm/{uuid}", f"/libxl/{domid}"
        readable, own = f"n0,r{domid}", f"n{domid}"

        def write_nodes(transaction):
            put = self.client.write

            def node(path, perms):
                self.client.make(path, perms, "", transaction)

            for path, perms in ((home, readable), (vm, readable), (libxl, "n0"),
                                (f"{libxl}/device", "n0")):
                self.client.remove(path, transaction)
                node(path, perms)
            put(f"{home}/vm", vm, transaction)
            put(f"{home}/name", name, transaction)
            for path in READABLE:
                node(f"{home}/{path}", readable)
            for path in OWN:
                node(f"{home}/{path}", own)
            put(f"{vm}/uuid", uuid, transaction)
            put(f"{vm}/name", name, transaction)
            put(f"{home}/control/platform-feature-xs_reset_watches", "1", transaction)
            put(f"{libxl}/type", "pvh", transaction)

        self.client.atomically(write_nodes)

    def build(self, domid):
        """From here on the store serves the guest, and tells of it."""
        home = f"/local/domain/{domid}"

        def write_nodes(transaction):
            for path, value in (("memory/static-max", "131072"), ("memory/target", "131072"),
                                ("domid", domid), ("store/port", "1"), ("store/ring-ref", "1")):
                self.client.write(f"{home}/{path}", value, transaction)

        self.client.atomically(write_nodes)
        self.client.introduce(domid)

    def unpause(self, domid):
        self.machine.command("running", domid)

    def create(self, domid, name, uuid):
        self.make(domid, name, uuid)
        self.build(domid)
        self.unpause(domid)

    def rename(self, domid, name):
        self.client.write(f"/local/domain/{domid}/name", name)

    def remove_nodes(self, domid):
        """libxl knows nothing of devices of our class: it leaves their backends."""
        home = f"/local/domain/{domid}"
        vm = self.client.get(f"{home}/vm")
        if vm:
            self.client.remove(vm)
        self.client.remove(home)
        self.client.remove(f"/libxl/{domid}")

    def destroy(self, domid, zombie=False):
        """A zombie is left if a backend still holds the domain's memory."""
        self.remove_nodes(domid)
        self.machine.command("dying", domid)
        if not zombie:
            self.machine.command("destroy", domid)

    def soft_reset(self, domid, name, uuid):
        """The guest begins anew, in the same domain: after kexec, say."""
        self.machine.command("shutdown", domid, "soft_reset")
        self.client.release(domid)
        self.make_nodes(domid, name, uuid)
        self.machine.command("reset", domid)
        # Xen's part of it ends the shutdown, before the store is told
        self.unpause(domid)
        self.build(domid)

    def shut_down(self, domid, reason="poweroff"):
        """By itself; xl then destroys it, and creates it anew if it was a reboot."""
        self.machine.command("shutdown", domid, reason)
