# SPDX-License-Identifier: GPL-2.0-or-later
"""What is measured: cells, each of which is taken again in every round."""

import time

from .lab import Broken

RING = 1 << 20
# series: what carries the bytes, and how the program uses it
SERIES = {
    "mydevice": ("file", "plain"),
    "mydevice-batch": ("file", "batch"),
    "mydevice-frames": ("file", "frames"),
    "mydevice-uring": ("file", "uring"),
    "libxenvchan": ("vchan", "plain"),
    "tcp": ("tcp", "plain"),
    "console": ("console", "plain"),
    "pipe": ("pipe", "plain"),
    "unix": ("unix", "plain"),
    "memcpy": ("memcpy", "plain"),
}
VERIFY_MOST = 1 << 20
CONSOLE_BYTES = 1 << 16


class Cell:
    """One thing that is measured. key() names it; take() is one sample."""

    def __init__(self, guest, series, way, size):
        self.guest = guest
        self.series = series
        self.way = way
        self.size = size
        self.transport, self.mode = SERIES[series]
        self.samples = []

    def job(self, **more):
        return dict(transport=self.transport, mode=self.mode, size=self.size, **more)

    def ends(self, devid=0):
        """(agent, job) of the guest and of dom0."""
        inside, outside = self.guest.node(self.transport, devid)
        return (
            (self.guest.inside, self.job(path=inside, ring=RING)),
            (self.guest.outside,
             self.job(path=outside, ring=RING, dom0=1, domid=self.guest.domid)),
        )

    def between(self, devid, first, second, **values):
        """A job whose first half runs at the far end of `way`, the second at the near end."""
        near, far = self.ends(devid)
        if self.way == "to-guest":
            near, far = far, near
        far[0].start(first, **far[1], **values)
        if self.transport == "console":
            time.sleep(0.5)     # a tty is no listener: what comes too early is thrown away
        near[0].start(second, **near[1], **values)
        there, here = far[0].answer(), near[0].answer()
        for key in ("cpu_dom0", "cpu_guest"):
            if key in there:
                here[key] = there[key]
        for key in ("interrupts", "notified"):
            if key in there:
                here[key] += there[key]
        if "calls" in there:
            here["calls_receiver"] = there["calls"]
        return here

    def record(self):
        return {"kind": self.kind, "guest": self.guest.name, "series": self.series,
                "way": self.way, "size": self.size, "samples": self.samples}


class Stream(Cell):
    kind = "stream"
    bytes_per_second = 0

    def __init__(self, guest, series, way, size, devid=0):
        super().__init__(guest, series, way, size)
        self.devid = devid

    def move(self, count, verify=0):
        return self.between(self.devid, "receive", "send", bytes=count, verify=verify)

    def whole(self, count):
        """At least four messages, and nothing but whole ones."""
        return max(int(count) // self.size, 4) * self.size

    def few(self):
        """Bytes enough to look at, few enough to look at each."""
        return min(CONSOLE_BYTES if self.transport == "console" else VERIFY_MOST, self.size * 256)

    def learn(self, found):
        """The best so far: who was slow once must not get too few bytes ever after."""
        self.bytes_per_second = max(self.bytes_per_second, found["bytes"] / found["seconds"])

    def prepare(self):
        """Every byte is looked at once; then a first guess of how fast it is."""
        found = self.move(self.whole(self.few()), verify=1)
        if not found["verified"]:
            raise Broken(f"{self.series}: nothing was verified")
        self.learn(self.move(self.whole(self.few())))

    def take(self, seconds):
        found = self.move(self.whole(max(self.bytes_per_second * seconds, self.few())))
        self.learn(found)
        self.samples.append(found)


class Ring(Stream):
    """The main stream, through a ring of another size."""
    kind = "ring"

    def __init__(self, guest, way, devid, ring):
        super().__init__(guest, "mydevice", way, 1 << 16, devid)
        self.ring = ring

    def record(self):
        return dict(super().record(), ring=self.ring)


class Inside(Stream):
    """Both ends in one domain; `way` says in which."""
    word = "inside"

    def move(self, count, verify=0):
        inside = self.way == "in-guest"
        agent = self.guest.inside if inside else self.guest.outside
        here = {} if inside else {"dom0": 1}
        agent.start(self.word, **self.job(bytes=count, verify=verify, **here))
        return agent.answer()


class Copy(Inside):
    """Not even two ends."""
    word = "copy"


class RoundTrip(Cell):
    kind = "roundtrip"

    def __init__(self, guest, series, way, size, count):
        super().__init__(guest, series, way, size)
        self.count = count

    def prepare(self):
        pass

    def take(self, _seconds):
        self.samples.append(self.between(0, "pong", "ping", count=self.count))
