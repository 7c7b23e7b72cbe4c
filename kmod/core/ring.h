/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One direction of a channel as one of its ends sees it.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_RING_H
#define MYD_RING_H

#include <linux/types.h>
#include <xen/io/mydevice.h>

/* Ring memory comes in segments of this many bytes (or one smaller one). */
#define MYD_SEGMENT_SHIFT	16
#define MYD_SEGMENT_SIZE	(1u << (MYD_SEGMENT_SHIFT))
#define MYD_SEGMENTS_MAX	(1u << (MYDEVICE_RING_ORDER_MAX - MYD_SEGMENT_SHIFT))

/**
 * struct myd_ring - one direction, from one end
 * @producer: the shared producer line: ours to write if we produce, else the peer's
 * @consumer: the shared consumer line: ours to write if we consume, else the peer's
 * @segment: the ring's bytes, MYD_SEGMENT_SIZE each, or one of @size
 * @size: bytes in the ring, a power of two
 * @prod: producing end: the private index; consuming end: the last valid one seen
 * @cons: consuming end: the private index; producing end: the last valid one seen
 * @armed: the event index that we last asked for
 *
 * The indices are protected by the channel's lock. The memory between @cons
 * and @prod (consumer) or outside it (producer) may be used without the lock
 * by whoever holds the direction's mutex.
 */
struct myd_ring {
	struct mydevice_producer *producer;
	struct mydevice_consumer *consumer;
	u8 *segment[MYD_SEGMENTS_MAX];
	u32 size;
	u32 prod;
	u32 cons;
	u32 armed;
};

void *myd_ring_span(const struct myd_ring *ring, u32 index, u32 len, u32 *ret_len);

int myd_ring_refresh_prod(struct myd_ring *ring);
int myd_ring_refresh_cons(struct myd_ring *ring);

bool myd_ring_produce(struct myd_ring *ring, u32 len);
bool myd_ring_consume(struct myd_ring *ring, u32 len);

void myd_ring_arm_data(struct myd_ring *ring, u32 want);
void myd_ring_arm_space(struct myd_ring *ring, u32 want);

void myd_ring_get(const struct myd_ring *ring, u32 index, void *to, u32 len);
void myd_ring_put(const struct myd_ring *ring, u32 index, const void *from, u32 len);

#endif /* MYD_RING_H */
