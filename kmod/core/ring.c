// SPDX-License-Identifier: GPL-2.0
/*
 * Ring indices, shared and private. Each shared word is fetched once with
 * READ_ONCE, checked against the private ones and used from the copy.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/barrier.h>

#include <mydevice/ring.h>

#include "ring.h"

/**
 * myd_ring_span() - where the bytes from an index on lie
 * @ring: the ring
 * @index: free-running index of the first byte
 * @len: bytes wanted, at least 1
 * @ret_len: bytes that are contiguous there, 1 to @len
 *
 * Return: the address of the byte with that index.
 */
void *myd_ring_span(const struct myd_ring *ring, u32 index, u32 len, u32 *ret_len)
{
	u32 segment_size = min(ring->size, MYD_SEGMENT_SIZE);
	u32 offset = index & (ring->size - 1);
	u32 within = offset & (segment_size - 1);

	*ret_len = min(len, segment_size - within);
	return ring->segment[offset >> MYD_SEGMENT_SHIFT] + within;
}

/**
 * myd_ring_refresh_prod() - fetch how far the peer has produced
 * @ring: a ring we consume
 *
 * Return: 0, or -EPROTO if the peer's index is impossible.
 */
int myd_ring_refresh_prod(struct myd_ring *ring)
{
	/* Pairs with the release in the peer's myd_ring_produce(): bytes before index. */
	u32 prod = virt_load_acquire(&ring->producer->prod);

	if (!mydevice_prod_valid(prod, ring->prod, ring->cons, ring->size))
		return -EPROTO;
	ring->prod = prod;
	return 0;
}

/**
 * myd_ring_refresh_cons() - fetch how far the peer has consumed
 * @ring: a ring we produce
 *
 * Return: 0, or -EPROTO if the peer's index is impossible.
 */
int myd_ring_refresh_cons(struct myd_ring *ring)
{
	/*
	 * Pairs with the release in the peer's myd_ring_consume(): it has read
	 * the bytes that we are about to overwrite.
	 */
	u32 cons = virt_load_acquire(&ring->consumer->cons);

	if (!mydevice_cons_valid(cons, ring->cons, ring->prod))
		return -EPROTO;
	ring->cons = cons;
	return 0;
}

/**
 * myd_ring_produce() - publish bytes that were copied in
 * @ring: a ring we produce
 * @len: bytes, at most what is free
 *
 * Return: true if the consumer asked for an event at this point.
 */
bool myd_ring_produce(struct myd_ring *ring, u32 len)
{
	u32 old = ring->prod;

	ring->prod = old + len;
	/* Pairs with the acquire in the peer's myd_ring_refresh_prod(). */
	virt_store_release(&ring->producer->prod, ring->prod);
	/* Pairs with the one in myd_ring_arm_data(): index out before event index in. */
	virt_mb();
	return mydevice_need_event(ring->prod, old, READ_ONCE(ring->consumer->prod_event));
}

/**
 * myd_ring_consume() - give back the room of bytes that were copied out
 * @ring: a ring we consume
 * @len: bytes, at most what is used
 *
 * Return: true if the producer asked for an event at this point.
 */
bool myd_ring_consume(struct myd_ring *ring, u32 len)
{
	u32 old = ring->cons;

	ring->cons = old + len;
	/* Pairs with the acquire in the peer's myd_ring_refresh_cons(). */
	virt_store_release(&ring->consumer->cons, ring->cons);
	/* Pairs with the one in myd_ring_arm_space(): index out before event index in. */
	virt_mb();
	return mydevice_need_event(ring->cons, old, READ_ONCE(ring->producer->cons_event));
}

/**
 * myd_ring_arm_data() - ask for an event when there are bytes worth waking for
 * @ring: a ring we consume
 * @want: how many, at least 1, more than there are
 *
 * One who waits for fewer and asked before is not forgotten. The caller refreshes
 * the producer's index afterwards, before it sleeps.
 */
void myd_ring_arm_data(struct myd_ring *ring, u32 want)
{
	u32 event = mydevice_data_event(ring->cons, want);

	if (event - ring->prod < ring->armed - ring->prod)
		ring->armed = event;
	WRITE_ONCE(ring->consumer->prod_event, ring->armed);
	/* Pairs with the one in myd_ring_produce(). */
	virt_mb();
}

/**
 * myd_ring_arm_space() - ask for an event when there is room worth waking for
 * @ring: a ring we produce
 * @want: how many bytes of it, at least 1, more than there are
 *
 * One who waits for less and asked before is not forgotten. The caller refreshes
 * the consumer's index afterwards, before it sleeps.
 */
void myd_ring_arm_space(struct myd_ring *ring, u32 want)
{
	u32 event = mydevice_space_event(ring->prod, ring->size, want);

	if (event - ring->cons < ring->armed - ring->cons)
		ring->armed = event;
	WRITE_ONCE(ring->producer->cons_event, ring->armed);
	/* Pairs with the one in myd_ring_consume(). */
	virt_mb();
}

/**
 * myd_ring_get() - copy bytes out, without taking them
 * @ring: the ring
 * @index: free-running index of the first
 * @to: where to
 * @len: how many; they are there
 */
void myd_ring_get(const struct myd_ring *ring, u32 index, void *to, u32 len)
{
	u32 n;

	for (; len; len -= n, index += n, to += n) {
		void *from = myd_ring_span(ring, index, len, &n);

		memcpy(to, from, n);
	}
}

/**
 * myd_ring_put() - copy bytes in, without publishing them
 * @ring: the ring
 * @index: free-running index of the first
 * @from: where from
 * @len: how many; there is room
 */
void myd_ring_put(const struct myd_ring *ring, u32 index, const void *from, u32 len)
{
	u32 n;

	for (; len; len -= n, index += n, from += n) {
		void *to = myd_ring_span(ring, index, len, &n);

		memcpy(to, from, n);
	}
}
