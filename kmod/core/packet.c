// SPDX-License-Identifier: GPL-2.0
/*
 * Packets in a ring: <xen/io/mydevice.h>, "Packets".
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/compiler.h>
#include <linux/errno.h>

#include "packet.h"

/**
 * myd_packet_peek() - the length of the packet at the start of what is there
 * @ring: a ring we consume
 * @index: free-running index of the packet's header
 * @used: bytes there from @index on
 *
 * Return: bytes of payload, all of them within @used, at least 1; or -EPROTO.
 */
int myd_packet_peek(const struct myd_ring *ring, u32 index, u32 used)
{
	struct mydevice_packet packet;

	if (used < sizeof(packet))
		return -EPROTO;
	myd_ring_get(ring, index, &packet, sizeof(packet));
	/* The peer may write it again: it was fetched once, and is not again. */
	barrier();
	if (!packet.len || packet.len > used - sizeof(packet) ||
	    packet.len > MYDEVICE_PACKET_MAX(ring->size))
		return -EPROTO;
	return packet.len;
}

/**
 * myd_packet_put() - write a packet's header
 * @ring: a ring we produce
 * @index: free-running index of the header
 * @len: bytes of payload
 */
void myd_packet_put(const struct myd_ring *ring, u32 index, u32 len)
{
	struct mydevice_packet packet = { .len = len };

	myd_ring_put(ring, index, &packet, sizeof(packet));
}
