# SPDX-License-Identifier: GPL-2.0-or-later
"""unbind.py SECONDS DOMID...: drivers unbound while xenwatch removes their devices.

In dom0, with both drivers loaded. One process unbinds and binds the backend of device 0
of each of these guests, and both ends of a device of dom0's own, as fast as it can.
Another removes and rewrites the state of the guests' frontends, for which the backend's
driver has xenwatch unregister the device, and all nodes of the other device, for which
the bus does. Exits 1 if xenwatch does not take a new device any more, or keeps one whose
nodes have gone: if it is late, the two processes are ended first, since it may only have
fallen behind them.
"""

import functools
import multiprocessing
import os
import socket
import struct
import sys
import time

OWN = ("/local/domain/0/device/mydevice/4001", "/local/domain/0/backend/mydevice/0/4001")
PROBE = ("/mydevice-probe", "/local/domain/0/backend/mydevice/0/4002")
FRONTENDS, BACKENDS = "/sys/bus/xen", "/sys/bus/xen-backend"
PATIENCE, LAST_PATIENCE = 20, 90
# of xenstored's protocol
READ, WRITE, RM = 2, 11, 13
HEADER = struct.Struct("<4I")


class Store:
    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect("/run/xenstored/socket")
        self.replies = self.socket.makefile("rb")

    def ask(self, kind, *words):
        body = b"\0".join(word.encode() for word in words)
        self.socket.sendall(HEADER.pack(kind, 0, 0, len(body)) + body)
        return self.replies.read(HEADER.unpack(self.replies.read(HEADER.size))[3])

    def attach(self, front, back):
        for node, value in ((f"{back}/frontend", front), (f"{back}/frontend-id", "0"),
                            (f"{back}/online", "1"), (f"{back}/state", "1"),
                            (f"{front}/backend", back), (f"{front}/backend-id", "0"),
                            (f"{front}/state", "1")):
            self.ask(WRITE, node, value)

    def detach(self, front, back):
        self.ask(RM, front, "")
        self.ask(RM, back, "")


def unbind_and_bind(domids):
    devices = [(f"{BACKENDS}/drivers/mydeviceback", f"mydevice-{domid}-0") for domid in domids]
    devices.append((f"{BACKENDS}/drivers/mydeviceback", "mydevice-0-4001"))
    devices.append((f"{FRONTENDS}/drivers/mydevicefront", "mydevice-4001"))
    while True:
        for driver, name in devices:
            for file in "unbind", "bind":
                try:
                    with open(f"{driver}/{file}", "wb", buffering=0) as f:
                        f.write(name.encode())
                except OSError:
                    pass


def remove_and_write(domids):
    store = Store()
    while True:
        for domid in domids:
            state = f"/local/domain/{domid}/device/mydevice/0/state"
            store.ask(RM, state, "")
            store.ask(WRITE, state, "1")
            if not os.path.exists(f"{BACKENDS}/devices/mydevice-{domid}-0"):
                store.ask(WRITE, f"/local/domain/0/backend/mydevice/{domid}/0/state", "1")
        store.detach(*OWN)
        store.attach(*OWN)


def within(patience, holds):
    until = time.monotonic() + patience
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def is_taken(store):
    """Whether xenwatch has given the new device to its driver."""
    return store.ask(READ, f"{PROBE[1]}/state", "") == b"2"


def is_gone():
    """Whether xenwatch has removed the device. One that is given anew before stays as it is."""
    return not os.path.exists(f"{BACKENDS}/devices/mydevice-0-4002")


def xenwatch_stack():
    """The functions in which xenwatch is, the last one first."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm") as comm, open(f"/proc/{pid}/stack") as stack:
                if comm.read() == "xenwatch\n":
                    return " < ".join(line.split()[1].split("+")[0] for line in stack)
        except OSError:
            pass
    return ""


def main(seconds, *domids):
    store = Store()
    workers = [multiprocessing.Process(target=work, args=(domids,), daemon=True)
               for work in (unbind_and_bind, remove_and_write)]
    for worker in workers:
        worker.start()
    until, count, step, late = time.monotonic() + int(seconds), 0, None, False
    while time.monotonic() < until and not late:
        store.attach(*PROBE)
        step = functools.partial(is_taken, store)
        late = not within(PATIENCE, step)
        if not late:
            store.detach(*PROBE)
            step = is_gone
            late = not within(PATIENCE, step)
            count += not late
        time.sleep(0.1)
    for worker in workers:
        worker.kill()
    stopped = late and not within(LAST_PATIENCE, step)
    if stopped:
        state = store.ask(READ, f"{PROBE[1]}/state", "")
        print(f"xenwatch does not answer, after {count} answers:", xenwatch_stack(),
              "state", state, "device", "gone" if is_gone() else "there")
    else:
        for worker in workers:
            worker.join()
    store.detach(*OWN)
    store.detach(*PROBE)
    # what both were in, too
    store.ask(RM, os.path.dirname(OWN[1]), "")
    if not stopped:
        print(f"xenwatch answered {count} times" + (", then late" if late else ""))
    return int(stopped)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
