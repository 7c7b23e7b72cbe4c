/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Packets in a ring. A ring's size is at most 1 << MYDEVICE_RING_ORDER_MAX, so
 * that lengths fit an int.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_PACKET_H
#define MYD_PACKET_H

#include <linux/types.h>
#include <xen/io/mydevice.h>

#include "ring.h"

int myd_packet_peek(const struct myd_ring *ring, u32 index, u32 used);
void myd_packet_put(const struct myd_ring *ring, u32 index, u32 len);

/* Bytes in the ring of a packet with @len bytes of payload. */
static inline u32 myd_packet_size(u32 len)
{
	return sizeof(struct mydevice_packet) + len;
}

#endif /* MYD_PACKET_H */
