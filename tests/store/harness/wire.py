# SPDX-License-Identifier: GPL-2.0-or-later
"""The XenStore protocol over a unix socket: a client that hides nothing.

Of libxenstore's calls it has those that the tests need, and it can send many
requests before it reads an answer, as a hostile guest would.
"""

import collections
import contextlib
import select
import socket
import struct
import time

HEADER = struct.Struct("<IIII")

(CONTROL, DIRECTORY, READ, GET_PERMS, WATCH, UNWATCH, TRANSACTION_START, TRANSACTION_END,
 INTRODUCE, RELEASE, GET_DOMAIN_PATH, WRITE, MKDIR, RM, SET_PERMS, WATCH_EVENT, ERROR,
 IS_DOMAIN_INTRODUCED, RESUME, SET_TARGET) = range(20)
RESET_WATCHES = 21


class StoreError(Exception):
    """The store's own answer, as in StoreError("EACCES")."""

    def __init__(self, name, what=""):
        super().__init__(f"{name} {what}".strip())
        self.name = name


class StoreGone(Exception):
    """The connection ended, or no answer came."""


def text(data):
    return data.decode("latin-1")


def raw(value):
    return value if isinstance(value, bytes) else str(value).encode("latin-1")


class Client:
    """One connection; of a guest if the socket is that of its shuttle."""

    def __init__(self, path, timeout=30):
        self.path = path
        self.timeout = timeout
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.inbox = b""
        self.events = collections.deque()
        self.callbacks = {}
        self.serial = 0

    def close(self):
        self.socket.close()

    def fileno(self):
        return self.socket.fileno()

    # Messages

    def send(self, kind, payload, transaction=0):
        """Sends a request and returns its id."""
        self.serial += 1
        message = HEADER.pack(kind, self.serial, transaction, len(payload)) + payload
        try:
            self.socket.sendall(message)
        except OSError as error:
            raise StoreGone(str(error)) from error
        return self.serial

    def message_end(self):
        """Where the first message that was received ends; 0 if it is not whole."""
        if len(self.inbox) < HEADER.size:
            return 0
        end = HEADER.size + HEADER.unpack_from(self.inbox)[3]
        return end if len(self.inbox) >= end else 0

    def receive(self, deadline):
        """The next whole message: kind, id, payload."""
        while True:
            end = self.message_end()
            if end:
                kind, serial, _, _ = HEADER.unpack_from(self.inbox)
                payload = self.inbox[HEADER.size:end]
                self.inbox = self.inbox[end:]
                return kind, serial, payload
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                raise StoreGone(f"{self.path}: no answer")
            try:
                data = self.socket.recv(65536)
            except OSError as error:
                raise StoreGone(str(error)) from error
            if not data:
                raise StoreGone(f"{self.path}: connection closed")
            self.inbox += data

    def answer(self, serial):
        """The answer to the request with this id; events on the way are kept."""
        deadline = time.monotonic() + self.timeout
        while True:
            kind, found, payload = self.receive(deadline)
            if kind == WATCH_EVENT:
                self._keep_event(payload)
            elif found == serial:
                if kind == ERROR:
                    raise StoreError(text(payload.rstrip(b"\0")))
                return payload

    def call(self, kind, payload, transaction=0):
        return self.answer(self.send(kind, payload, transaction))

    def flood(self, requests):
        """Sends all (kind, payload) before it reads the answers; returns their errors."""
        errors = collections.Counter()
        data, serials = b"", []
        for kind, payload in requests:
            self.serial += 1
            serials.append(self.serial)
            data += HEADER.pack(kind, self.serial, 0, len(payload)) + payload
        self.socket.setblocking(False)
        try:
            pending = collections.deque(serials)
            deadline = time.monotonic() + self.timeout
            while data or pending:
                readable, writable, _ = select.select([self.socket],
                                                      [self.socket] if data else [], [], 1)
                if writable:
                    data = data[self.socket.send(data):]
                if readable:
                    self._take_answers(pending, errors, deadline)
                if time.monotonic() > deadline:
                    raise StoreGone("no answer to a flood")
        finally:
            self.socket.setblocking(True)
        return errors

    def _take_answers(self, pending, errors, deadline):
        self.inbox += self.socket.recv(65536)
        while self.message_end():
            kind, serial, payload = self.receive(deadline)
            if kind == WATCH_EVENT:
                self._keep_event(payload)
                continue
            if kind == ERROR:
                errors[text(payload.rstrip(b"\0"))] += 1
            if pending and serial == pending[0]:
                pending.popleft()

    # Nodes

    def read(self, path, transaction=0):
        return text(self.call(READ, raw(path) + b"\0", transaction))

    def get(self, path):
        """The value, or None if there is no such node."""
        try:
            return self.read(path)
        except StoreError as error:
            if error.name == "ENOENT":
                return None
            raise

    def write(self, path, value, transaction=0):
        self.call(WRITE, raw(path) + b"\0" + raw(value), transaction)

    def mkdir(self, path, transaction=0):
        self.call(MKDIR, raw(path) + b"\0", transaction)

    def remove(self, path, transaction=0):
        try:
            self.call(RM, raw(path) + b"\0", transaction)
        except StoreError as error:
            if error.name != "ENOENT":
                raise

    def list(self, path, transaction=0):
        payload = self.call(DIRECTORY, raw(path) + b"\0", transaction)
        return [text(name) for name in payload.split(b"\0") if name]

    def perms(self, path):
        """As in "n7,r0"."""
        payload = self.call(GET_PERMS, raw(path) + b"\0")
        return ",".join(text(perm) for perm in payload.split(b"\0") if perm)

    def set_perms(self, path, perms, transaction=0):
        payload = b"".join(raw(perm) + b"\0" for perm in perms.split(","))
        self.call(SET_PERMS, raw(path) + b"\0" + payload, transaction)

    def make(self, path, perms, value="", transaction=0):
        self.write(path, value, transaction)
        self.set_perms(path, perms, transaction)

    def tree(self, path):
        """All nodes from path on: {path: (value, permissions)}."""
        nodes = {}
        value = self.get(path)
        if value is None:
            return nodes
        try:
            nodes[path] = (value, self.perms(path))
            for name in self.list(path):
                nodes.update(self.tree(f"{path}/{name}"))
        except StoreError as error:
            # it went while it was looked at
            if error.name != "ENOENT":
                raise
        return nodes

    @contextlib.contextmanager
    def transaction(self):
        """Yields the id; the caller repeats on StoreError("EAGAIN")."""
        number = int(text(self.call(TRANSACTION_START, b"\0").rstrip(b"\0")))
        try:
            yield number
        except BaseException:
            self.call(TRANSACTION_END, b"F\0", number)
            raise
        self.call(TRANSACTION_END, b"T\0", number)

    def atomically(self, body, tries=50):
        for _ in range(tries):
            try:
                with self.transaction() as transaction:
                    return body(transaction)
            except StoreError as error:
                if error.name != "EAGAIN":
                    raise
        raise StoreError("EAGAIN", "in every try")

    # Watches

    def watch(self, path, callback):
        """callback(path) for each event, from dispatch()."""
        token = f"t{self.serial + 1}"
        self.callbacks[token] = callback
        self.call(WATCH, raw(path) + b"\0" + raw(token) + b"\0")
        return token

    def unwatch(self, path, token):
        self.callbacks.pop(token, None)
        self.call(UNWATCH, raw(path) + b"\0" + raw(token) + b"\0")

    def _keep_event(self, payload):
        self.events.append([text(part) for part in payload.split(b"\0")[:2]])

    def has_events(self):
        """Whether dispatch() has something to do without waiting."""
        return bool(self.events) or self.message_end() > 0

    def dispatch(self):
        """Runs the callbacks of all events that are there."""
        while self.message_end() or select.select([self.socket], [], [], 0)[0]:
            kind, _, payload = self.receive(time.monotonic() + self.timeout)
            if kind == WATCH_EVENT:
                self._keep_event(payload)
        while self.events:
            path, token = self.events.popleft()
            if token in self.callbacks:
                self.callbacks[token](path)

    # Domains

    def release(self, domid):
        """The store forgets the domain."""
        self.call(RELEASE, raw(domid) + b"\0")

    def introduce(self, domid):
        self.call(INTRODUCE, b"%d\0%d\0%d\0" % (domid, 1, 1))

    def is_introduced(self, domid):
        return self.call(IS_DOMAIN_INTRODUCED, b"%d\0" % domid).startswith(b"T")
