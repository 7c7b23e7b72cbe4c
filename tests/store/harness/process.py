# SPDX-License-Identifier: GPL-2.0-or-later
"""Child processes that end with the test, whatever becomes of it."""

import os
import signal as signals
import subprocess


class Process:
    def __init__(self, name, argv, log, env=None, **kwargs):
        self.name = name
        with open(log, "ab") as stream:
            # the kernel ends it even if this process is killed
            self.popen = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *argv],
                                          stderr=stream,
                                          stdout=kwargs.pop("stdout", stream),
                                          stdin=kwargs.pop("stdin", subprocess.DEVNULL),
                                          env={**os.environ, **(env or {})}, **kwargs)

    @property
    def pid(self):
        return self.popen.pid

    def alive(self):
        return self.popen.poll() is None

    def signal(self, number):
        if self.alive():
            self.popen.send_signal(number)

    def stop(self, number=signals.SIGTERM, within=30):
        """Returns the exit status, -N if signal N ended it."""
        self.signal(number)
        try:
            return self.popen.wait(within)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise

    def kill(self):
        self.signal(signals.SIGKILL)
        return self.popen.wait()
