# SPDX-License-Identifier: GPL-2.0-or-later
"""hurry.py ROUNDS: devices whose nodes go while a driver takes them.

In a domain that has both drivers and xenstored's socket: writes a device's nodes, as a
toolstack does, and removes them after 0 to 49 ms, which is while the backend's driver
writes its own. Nothing may bring the directory back. Exits 1 if anything did.
"""

import socket
import struct
import sys
import time

FRONT = "/local/domain/0/device/mydevice/4001"
BACK = "/local/domain/0/backend/mydevice/0/4001"
NODES = ((f"{BACK}/frontend", FRONT), (f"{BACK}/frontend-id", "0"), (f"{BACK}/online", "1"),
         (f"{BACK}/state", "1"), (f"{FRONT}/backend", BACK), (f"{FRONT}/backend-id", "0"),
         (f"{FRONT}/state", "1"))
# of xenstored's protocol
DIRECTORY, WRITE, RM = 1, 11, 13
HEADER = struct.Struct("<4I")


def main(rounds):
    store = socket.socket(socket.AF_UNIX)
    store.connect("/run/xenstored/socket")
    replies = store.makefile("rb")

    def ask(kind, *words):
        body = b"\0".join(word.encode() for word in words)
        store.sendall(HEADER.pack(kind, 0, 0, len(body)) + body)
        return replies.read(HEADER.unpack(replies.read(HEADER.size))[3])

    back = 0
    for i in range(rounds):
        for node, value in NODES:
            ask(WRITE, node, value)
        time.sleep(i % 50 / 1000)
        for path in FRONT, BACK:
            ask(RM, path, "")
        time.sleep(0.1)
        if ask(DIRECTORY, BACK, "") != b"ENOENT\0":
            back += 1
            ask(RM, BACK, "")
    print(f"{back} of {rounds} directories came back")
    return back != 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
