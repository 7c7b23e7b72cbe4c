# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that sends without a pause, from a process of its own."""

import os
import signal

from . import wire


class Storm:
    """rounds(n) gives the requests, (kind, payload), of round n."""

    def __init__(self, guest, rounds):
        client, parent = guest.client, os.getpid()
        self.pid = os.fork()
        if self.pid:
            # both reading from it would take answers from each other
            guest.disconnect()
            return
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        number = 0
        try:
            while os.getppid() == parent:
                client.flood(rounds(number))
                client.events.clear()
                number += 1
        except (wire.StoreGone, OSError):
            pass
        finally:
            os._exit(0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
