/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One read or write, between the program's buffers and a ring.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_MOVE_H
#define MYD_MOVE_H

#include <linux/types.h>

#include "session.h"

struct iov_iter;
struct myd_channel;

/* Bytes copied before they are published: the peer starts on them meanwhile. */
#define MYD_CHUNK	(64u << 10)

/**
 * struct call - one read or write on its way
 * @ch: the channel
 * @iter: the program's buffers, as far as they are not used yet
 * @block: it may sleep
 * @frames: the buffers hold packets behind struct mydevice_frame
 * @done: bytes of the buffers that were used; once there are any, it stays in
 *	its session
 * @begun: a read: the session of its first byte, as myd_session.begun counts them
 * @serial: a write: the session it has begun in, until that ends
 * @len: payload of the packet that comes next; 0 for bytes
 * @bytes: of the ring, to be moved before they are published: no more, but for what
 *	goes beyond it of a packet
 * @messages: packets, likewise
 */
struct call {
	struct myd_channel *ch;
	struct iov_iter *iter;
	bool block;
	bool frames;
	size_t done;
	u32 begun;
	u32 serial;
	u32 len;
	u32 bytes;
	u32 messages;
};

/**
 * struct piece - what was copied and is now to be published, or given back
 * @ring: bytes of the ring
 * @iter: bytes of the program's buffers
 * @messages: packets, or 1
 */
struct piece {
	u32 ring;
	u32 iter;
	u32 messages;
};

bool myd_copy_whole(const struct myd_ring *ring, u32 index, u32 len, struct iov_iter *iter,
		    bool out);

#endif /* MYD_MOVE_H */
