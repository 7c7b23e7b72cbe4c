/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes to and fro between a channel and two descriptors of ours. */
#ifndef MYDEVICECTL_BRIDGE_H
#define MYDEVICECTL_BRIDGE_H

/* Ctrl-], as on other consoles */
#define BRIDGE_ESCAPE 0x1d
#define BRIDGE_NO_ESCAPE (-1)

/*
 * channel must be non-blocking; it may be open in one direction only. When input ends the
 * other end is told, and what it still sends comes out. 0 when the other end has closed, or
 * the escape was typed; else -errno.
 */
int bridge(int channel, int input, int output, int escape);

#endif
