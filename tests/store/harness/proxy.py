# SPDX-License-Identifier: GPL-2.0-or-later
"""Between attachd and its store: counts requests, and stops before the nth."""

import os
import select
import socket
import threading

from . import wire


class Proxy:
    """Serves all clients at path. Before it passes on request number at, of
    them all, it calls act(kind) in its own thread, and nothing else goes on; if
    that returns false it hangs up on each. 0 means never. Each request it shows
    to meddle(kind, payload) first, which may name the error that is the answer
    to it, in place of the store's."""

    def __init__(self, store_path, path):
        self.store_path = store_path
        self.path = path
        self.at = 0
        self.count = 0
        self.act = lambda kind: False
        self.meddle = lambda kind, payload: None
        self.kinds = []
        self.probes = 0  # among them: whether the store lives
        self.peers = {}  # the other end of each client and of each of their stores
        self.inboxes = {}  # of each client
        if os.path.exists(path):
            os.unlink(path)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen(4)
        self.stopping, self.stop_end = os.pipe()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def arm(self, at, act):
        self.kinds.clear()
        self.probes = 0
        self.count = 0
        self.act = act
        self.at = at

    def halt_at(self, at):
        """Stops everything there: (reached, go_on), two events."""
        reached, go_on = threading.Event(), threading.Event()

        def act(_kind):
            reached.set()
            return go_on.wait(30)

        self.arm(at, act)
        return reached, go_on

    def wait_idle(self, host, seconds=0.03):
        """Until nothing was asked of the store for so long."""
        before = -1
        while self.count != before:
            before = self.count
            host.settle(seconds)

    def cut(self, number):
        """Ends one of the clients' connections: of those there are, in their order."""
        list(self.inboxes)[number].shutdown(socket.SHUT_RDWR)

    def close(self):
        os.write(self.stop_end, b"x")
        self.thread.join(5)
        self.listener.close()
        os.close(self.stopping)
        os.close(self.stop_end)

    def _serve(self):
        while True:
            readable, _, _ = select.select([self.listener, self.stopping, *self.peers], [], [])
            if self.stopping in readable:
                self._hang_up(*self.peers)
                return
            for one in readable:
                if one is self.listener:
                    self._accept()
                elif one in self.peers and not self._carry(one):
                    self._hang_up(one)

    def _accept(self):
        client, _ = self.listener.accept()
        store = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            store.connect(self.store_path)
        except OSError:
            client.close()
            return
        self.peers.update({client: store, store: client})
        self.inboxes[client] = b""

    def _hang_up(self, *ends):
        for one in ends:
            self.inboxes.pop(one, None)
            peer = self.peers.pop(one, None)
            if peer:
                one.close()
                self._hang_up(peer)

    def _carry(self, one):
        """What one end sent, on to the other; false if that is to be the last."""
        try:
            data = one.recv(65536)
            if not data:
                return False
            if one not in self.inboxes:
                self.peers[one].sendall(data)
                return True
            return self._carry_requests(one, data)
        except OSError:
            return False

    def _carry_requests(self, client, data):
        self.inboxes[client] += data
        while len(inbox := self.inboxes[client]) >= wire.HEADER.size:
            kind, serial, transaction, length = wire.HEADER.unpack_from(inbox)
            end = wire.HEADER.size + length
            if len(inbox) < end:
                break
            self.probes += (kind, inbox[wire.HEADER.size:end]) == (wire.READ, b"/\0")
            if not self._let_pass(kind):
                self._hang_up(*self.peers)
                return False
            error = self.meddle(kind, inbox[wire.HEADER.size:end])
            if error:
                answer = wire.raw(error) + b"\0"
                client.sendall(wire.HEADER.pack(wire.ERROR, serial, transaction, len(answer)) +
                               answer)
            else:
                self.peers[client].sendall(inbox[:end])
            self.inboxes[client] = inbox[end:]
        return True

    def _let_pass(self, kind):
        self.count += 1
        self.kinds.append(kind)
        if self.count != self.at:
            return True
        return self.act(kind)
