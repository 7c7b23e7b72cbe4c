# SPDX-License-Identifier: GPL-2.0-or-later
"""Both kernel drivers' part in XenStore, as the protocol header lays it down."""

import contextlib

from . import wire

INITIALISING, INIT_WAIT, INITIALISED, CONNECTED, CLOSING, CLOSED = "123456"


def switch_state(client, path, state):
    """As xenbus does it: a device that was removed is not made again."""
    def body(transaction):
        client.read(path, transaction)
        client.write(path, state, transaction)

    try:
        client.atomically(body)
    except wire.StoreError as error:
        if error.name not in ("ENOENT", "EACCES"):
            raise


def read(client, path):
    """None also for what is gone: only who may read the parent is told so."""
    try:
        return client.get(path)
    except wire.StoreError as error:
        if error.name != "EACCES":
            raise
        return None


class Frontend:
    """In the guest. ignores: states of the backend that it does not see."""

    def __init__(self, guest, devid, ignores=""):
        self.guest = guest
        self.devid = devid
        self.ignores = ignores
        self.path = self.token = None
        self.moved = guest.client.watch(guest.frontend(devid, "backend"), self.on_moved)
        self.on_moved(None)

    def reload(self):
        """The driver is unloaded and loaded again."""
        self.switch(CLOSING)
        self.switch(CLOSED)
        self.switch(INITIALISING)

    def stay(self):
        """As earlier versions did, it looks at its first backend only."""
        self.guest.client.unwatch(self.guest.frontend(self.devid, "backend"), self.moved)
        self.moved = None

    def stop(self):
        if self.moved:
            self.stay()
        if self.path:
            self.guest.client.unwatch(self.path, self.token)

    def on_moved(self, _path):
        """Another domain serves it."""
        backend = read(self.guest.client, self.guest.frontend(self.devid, "backend"))
        if backend is None or self.path == backend + "/state":
            return
        if self.path:
            self.guest.client.unwatch(self.path, self.token)
        self.path = None
        # what its own guest writes there may be no path
        with contextlib.suppress(wire.StoreError):
            read(self.guest.client, backend + "/state")
            self.token = self.guest.client.watch(backend + "/state", self.on_backend)
            self.path = backend + "/state"

    def state(self):
        return read(self.guest.client, self.guest.frontend(self.devid, "state"))

    def set(self, node, value):
        self.guest.client.write(self.guest.frontend(self.devid, node), value)

    def switch(self, state):
        switch_state(self.guest.client, self.guest.frontend(self.devid, "state"), state)

    def on_backend(self, _path):
        backend, mine = read(self.guest.client, self.path), self.state()
        if mine is None or (backend or "") in self.ignores and backend:
            return
        if backend == INIT_WAIT and mine == INITIALISING:
            self.set("protocol", "1")
            self.set("ring-ref", "8")
            self.set("event-channel", "5")
            self.switch(INITIALISED)
        elif backend == CONNECTED and mine == INITIALISED:
            self.switch(CONNECTED)
        elif backend in (CLOSING, CLOSED, None) and mine not in (INITIALISING, CLOSED):
            self.switch(CLOSING)
            self.switch(CLOSED)


class Backend:
    """In domain 0, or in the guest by. ignores: states of the frontend that it does not see."""

    def __init__(self, guest, devid, ignores="", by=None):
        self.guest = guest
        self.devid = devid
        self.ignores = ignores
        self.by = by.domid if by else 0
        self.client = by.client if by else guest.world.connect()
        # no driver is told of a device before both directories are whole
        if self.state() == INITIALISING:
            self.set("max-protocol", "1")
            self.set("max-ring-size", "1048576")
            self.set("feature-split-event-channels", "1")
            self.set("feature-direction", "1")
            self.switch(INIT_WAIT)
        self.client.watch(guest.frontend(devid, "state"), self.on_frontend)

    def state(self):
        return read(self.client, self.guest.backend(self.devid, "state", by=self.by))

    def set(self, node, value):
        self.client.write(self.guest.backend(self.devid, node, by=self.by), value)

    def switch(self, state):
        switch_state(self.client, self.guest.backend(self.devid, "state", by=self.by), state)

    def on_frontend(self, _path):
        frontend = read(self.client, self.guest.frontend(self.devid, "state"))
        mine = self.state()
        if mine is None or (frontend or "") in self.ignores and frontend:
            return
        if frontend == INITIALISED and mine == INIT_WAIT:
            self.switch(CONNECTED)
        elif frontend == CLOSING and mine == CONNECTED:
            self.switch(CLOSING)
        elif frontend in (CLOSED, None) and mine not in (CLOSED, INIT_WAIT):
            self.switch(CLOSED)
        elif frontend == INITIALISING and mine not in (INITIALISING, INIT_WAIT) and self.online():
            # states are skipped where the reader is slower than the writer
            self.switch(CLOSED)
            self.switch(INIT_WAIT)

    def online(self):
        return read(self.client, self.guest.backend(self.devid, "online", by=self.by)) == "1"


class LockStep:
    """Both drivers of another class, as tutorials have them: 1, 2, 4, each step
    when the other end has done its own, and out again by 5 and 6."""

    def __init__(self, guest, of, devid):
        self.front = guest.client
        self.back = guest.world.connect()
        self.frontend = guest.frontend(devid, "state", of)
        self.backend = guest.backend(devid, "state", of)
        switch_state(self.back, self.backend, INIT_WAIT)
        self.front.watch(self.backend, self.on_backend)
        self.back.watch(self.frontend, self.on_frontend)

    def on_backend(self, _path):
        other, mine = read(self.front, self.backend), read(self.front, self.frontend)
        if other == INIT_WAIT and mine == INITIALISING:
            switch_state(self.front, self.frontend, CONNECTED)
        elif other == CLOSING and mine == CONNECTED:
            switch_state(self.front, self.frontend, CLOSING)
            switch_state(self.front, self.frontend, CLOSED)

    def on_frontend(self, _path):
        other, mine = read(self.back, self.frontend), read(self.back, self.backend)
        if other == CONNECTED and mine == INIT_WAIT:
            switch_state(self.back, self.backend, CONNECTED)
        elif other == CLOSED and mine in (CONNECTED, CLOSING):
            switch_state(self.back, self.backend, CLOSED)
