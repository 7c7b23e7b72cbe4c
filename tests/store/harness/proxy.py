# SPDX-License-Identifier: GPL-2.0-or-later
"""Between attachd and its store: counts requests, and stops before the nth."""

import os
import select
import socket
import threading

from . import wire


class Proxy:
    """Serves one client at a time at path. Before it passes on request number
    at, it calls act(kind) in its own thread; if that returns false it hangs
    up. 0 means never."""

    def __init__(self, store_path, path):
        self.store_path = store_path
        self.path = path
        self.at = 0
        self.count = 0
        self.act = lambda kind: False
        self.kinds = []
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

    def close(self):
        os.write(self.stop_end, b"x")
        self.thread.join(5)
        self.listener.close()
        os.close(self.stopping)
        os.close(self.stop_end)

    def _serve(self):
        while True:
            readable, _, _ = select.select([self.listener, self.stopping], [], [])
            if self.stopping in readable:
                return
            client, _ = self.listener.accept()
            with client, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as store:
                store.connect(self.store_path)
                try:
                    if not self._carry(client, store):
                        return
                except OSError:
                    pass

    def _carry(self, client, store):
        """Until either end goes; false if this proxy is to stop."""
        inbox = b""
        while True:
            readable, _, _ = select.select([client, store, self.stopping], [], [])
            if self.stopping in readable:
                return False
            if store in readable:
                data = store.recv(65536)
                if not data:
                    return True
                client.sendall(data)
            if client in readable:
                data = client.recv(65536)
                if not data:
                    return True
                inbox += data
                while len(inbox) >= wire.HEADER.size:
                    kind, _, _, length = wire.HEADER.unpack_from(inbox)
                    end = wire.HEADER.size + length
                    if len(inbox) < end:
                        break
                    if not self._let_pass(kind):
                        return True
                    store.sendall(inbox[:end])
                    inbox = inbox[end:]

    def _let_pass(self, kind):
        self.count += 1
        self.kinds.append(kind)
        if self.count != self.at:
            return True
        return self.act(kind)
