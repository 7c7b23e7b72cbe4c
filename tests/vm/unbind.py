# SPDX-License-Identifier: GPL-2.0-or-later
"""unbind.py SECONDS DOMID...: drivers unbound while xenwatch removes their devices.

In dom0, with both drivers loaded. One process unbinds and binds the backend of device 0
of each of these guests, and both ends of a device of dom0's own, as fast as it can.
Another removes and rewrites the state of the guests' frontends, for which the backend's
driver has xenwatch unregister the device, and all nodes of the other device, for which
the bus does, as often as xenwatch can keep up with. Exits 1 if xenwatch does not take a
new device any more, or keeps one whose nodes have gone.
"""

import multiprocessing
import os
import socket
import struct
import sys
import time

OWN = ("/local/domain/0/device/mydevice/4001", "/local/domain/0/backend/mydevice/0/4001")
PROBE = ("/mydevice-probe", "/local/domain/0/backend/mydevice/0/4002")
FRONTENDS, BACKENDS = "/sys/bus/xen", "/sys/bus/xen-backend"
# seconds that xenwatch may take, and how often all is removed and written for each answer
PATIENCE, ROUNDS = 100, 20
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
        # The backend's state is last: it makes xenwatch probe the device, whose driver
        # unregisters it if the frontend has no state.
        for node, value in ((f"{front}/backend", back), (f"{front}/backend-id", "0"),
                            (f"{front}/state", "1"), (f"{back}/frontend", front),
                            (f"{back}/frontend-id", "0"), (f"{back}/online", "1"),
                            (f"{back}/state", "1")):
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


def remove_and_write(domids, rounds):
    store = Store()
    while True:
        rounds.acquire()
        for domid in domids:
            state = f"/local/domain/{domid}/device/mydevice/0/state"
            store.ask(RM, state, "")
            store.ask(WRITE, state, "1")
            if not os.path.exists(f"{BACKENDS}/devices/mydevice-{domid}-0"):
                store.ask(WRITE, f"/local/domain/0/backend/mydevice/{domid}/0/state", "1")
        store.detach(*OWN)
        store.attach(*OWN)


def in_time(holds):
    until = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def is_taken(store):
    """Whether xenwatch has given the new device to its driver."""
    return store.ask(READ, f"{PROBE[1]}/state", "") == b"2"


def is_gone():
    """Whether xenwatch has removed the device. If its nodes are written before, it stays closed."""
    return not os.path.exists(f"{BACKENDS}/devices/mydevice-0-4002")


def own_is_gone(store):
    store.detach(*OWN)
    return not os.path.exists(f"{FRONTENDS}/devices/mydevice-4001") and \
        not os.path.exists(f"{BACKENDS}/devices/mydevice-0-4001")


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
    # twice as many as for an answer, so that xenwatch always has something to do
    rounds = multiprocessing.Semaphore(2 * ROUNDS)
    workers = [multiprocessing.Process(target=unbind_and_bind, args=(domids,), daemon=True),
               multiprocessing.Process(target=remove_and_write, args=(domids, rounds), daemon=True)]
    for worker in workers:
        worker.start()
    until, count, answered = time.monotonic() + int(seconds), 0, True
    while time.monotonic() < until and answered:
        store.attach(*PROBE)
        answered = in_time(lambda: is_taken(store))
        if answered:
            store.detach(*PROBE)
            answered = in_time(is_gone)
        if answered:
            count += 1
            for _ in range(ROUNDS):
                rounds.release()
    for worker in workers:
        worker.kill()
    if answered:
        for worker in workers:
            worker.join()
        print(f"xenwatch answered {count} times")
    else:
        print(f"xenwatch does not answer, after {count} answers:", xenwatch_stack(),
              "state", store.ask(READ, f"{PROBE[1]}/state", ""),
              "device", "gone" if is_gone() else "there", flush=True)
    # Repeated: xenstored may handle the killed worker's last write after a removal.
    if not in_time(lambda: own_is_gone(store)):
        print("xenwatch keeps the device 4001, whose nodes have gone:", xenwatch_stack(),
              flush=True)
        answered = False
    store.detach(*PROBE)
    # what both were in, too
    store.ask(RM, os.path.dirname(OWN[1]), "")
    return int(not answered)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
