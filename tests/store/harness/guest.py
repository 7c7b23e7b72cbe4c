# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest: its XenStore connection is its own ring, with its own rights."""

import uuid as uuids

from . import wire


class Guest:
    def __init__(self, world, domid, name, uuid=None):
        self.world = world
        self.domid = domid
        self.name = name
        self.uuid = uuid or str(uuids.uuid5(uuids.NAMESPACE_OID, f"{name}-{domid}"))
        self.home = f"/local/domain/{domid}"
        self.connection = None

    @property
    def client(self):
        if not self.connection:
            self.connection = wire.Client(self.world.machine.guest_socket(self.domid))
            self.world.clients.append(self.connection)
        return self.connection

    def disconnect(self):
        if self.connection:
            self.world.clients.remove(self.connection)
            self.connection.close()
        self.connection = None

    # Paths

    def request_path(self, devid, node=None):
        return f"{self.home}/data/mydevice/{devid}" + (f"/{node}" if node else "")

    def frontend(self, devid, node=None, of="mydevice"):
        return f"{self.home}/device/{of}/{devid}" + (f"/{node}" if node else "")

    def backend(self, devid, node=None, of="mydevice", by=0):
        """of: the class; by: the domain that serves it."""
        path = f"/local/domain/{by}/backend/{of}/{self.domid}/{devid}"
        return path + (f"/{node}" if node else "")

    def record(self, devid, of="mydevice"):
        """The note about the device; a path without a node if there is none."""
        directory = f"/mydevice/{self.domid}"
        for path, (value, _) in self.world.client.tree(directory).items():
            if path.startswith(f"{directory}/{of}@") and f" devid={devid} " in value:
                return path
        return f"{directory}/none"

    # What its driver does when it is loaded

    def wish(self, devid, name, **wishes):
        """Everything of a request but its last word."""
        self.client.write(self.request_path(devid, "name"), name)
        for key, value in wishes.items():
            self.client.write(self.request_path(devid, key.replace("_", "-")), value)

    def request(self, devid, name, **wishes):
        self.wish(devid, name, **wishes)
        self.client.write(self.request_path(devid, "request"), "1")

    def withdraw(self, devid):
        self.client.remove(self.request_path(devid))

    # What the test looks at, as domain 0

    def status(self, devid):
        return self.world.client.get(self.request_path(devid, "status"))

    def states(self, devid, of="mydevice", by=0):
        """(frontend's, backend's), None for a node that is not there."""
        return (self.world.client.get(self.frontend(devid, "state", of)),
                self.world.client.get(self.backend(devid, "state", of, by)))

    def attached(self, devid):
        return self.status(devid) == "attached" and None not in self.states(devid)

    def nodes(self, devid):
        """All that the attachment is made of."""
        return {**self.world.client.tree(self.frontend(devid)),
                **self.world.client.tree(self.backend(devid)),
                **self.world.client.tree(self.record(devid))}

    def traces(self):
        """Whatever is left of any of its devices, the request aside."""
        return (self.world.client.tree(f"{self.home}/device/mydevice")
                | self.world.client.tree(f"/local/domain/0/backend/mydevice/{self.domid}")
                | self.world.client.tree(f"/mydevice/{self.domid}"))
