// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A reader of packets over a ring whose bytes the peer changes between any two
 * copies, and a writer into one: what is used is what was checked, and no byte
 * outside of what is there, or free, is touched.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hostile.h"
#include "packet.h"

#define ORDER_MAX 17

static const u32 starts[] = { 0, 0xffc, 0xffffffff, 0xfffffffd, 0x7ffffffe, 0x1fffe, 0xfffe };

static u8 *segments[MYD_SEGMENTS_MAX];

static void ring_make(struct myd_ring *ring)
{
	u32 order = MYDEVICE_RING_ORDER_MIN;

	if (hostile_byte() % 8 == 7)
		order += hostile_byte() % (ORDER_MAX - MYDEVICE_RING_ORDER_MIN + 1);
	*ring = (struct myd_ring){ .size = 1u << order };
	for (u32 i = 0; i << MYD_SEGMENT_SHIFT < ring->size; i++) {
		u32 len = ring->size < MYD_SEGMENT_SIZE ? ring->size : MYD_SEGMENT_SIZE;

		if (!segments[i])
			segments[i] = malloc(MYD_SEGMENT_SIZE);
		/* The last bytes of the segment: what lies behind is not ours. */
		ring->segment[i] = segments[i] + MYD_SEGMENT_SIZE - len;
		memset(ring->segment[i], 0, len);
		hostile_share(ring->segment[i], len, HOSTILE_BYTES);
	}
	ring->prod = starts[hostile_byte() % (sizeof(starts) / sizeof(*starts))] + hostile_byte();
	ring->cons = ring->prod;
}

/* As kmod/core/move.c does it: look, copy, go on behind it. */
static void read_all(struct myd_ring *ring)
{
	u32 used = ring->prod - ring->cons, done = 0;

	while (done < used) {
		u32 at = ring->cons + done;
		int len = myd_packet_peek(ring, at, used - done);
		u8 *payload;

		if (len < 0) {
			hostile_assert(len == -EPROTO);
			break;
		}
		hostile_assert(len > 0);
		hostile_assert((u32)len <= MYDEVICE_PACKET_MAX(ring->size));
		hostile_assert(myd_packet_size(len) <= used - done);
		payload = malloc(len);
		myd_ring_get(ring, at + myd_packet_size(0), payload, len);
		free(payload);
		done += myd_packet_size(len);
	}
	hostile_assert(done <= used);
	ring->cons += done;
}

/* A packet put is the packet got, if nobody changes it meanwhile. */
static void write_one(struct myd_ring *ring, u32 len)
{
	u8 *payload = malloc(len);

	memset(payload, 0x5a, len);
	myd_packet_put(ring, ring->prod, len);
	myd_ring_put(ring, ring->prod + myd_packet_size(0), payload, len);
	if (!hostile_more()) {
		u8 *got = malloc(len);

		hostile_assert(myd_packet_peek(ring, ring->prod, myd_packet_size(len)) == (int)len);
		myd_ring_get(ring, ring->prod + myd_packet_size(0), got, len);
		hostile_assert(!memcmp(payload, got, len));
		free(got);
	}
	free(payload);
	ring->prod += myd_packet_size(len);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct myd_ring ring;

	hostile_input(data, size);
	ring_make(&ring);
	for (int i = 0; i < 32 && hostile_more(); i++) {
		u32 how = hostile_byte(), room = ring.size - (ring.prod - ring.cons);
		u32 len = 1 + (how & 1 ? hostile_word() % MYDEVICE_PACKET_MAX(ring.size) :
					 hostile_byte());

		if (how % 4 < 2)
			read_all(&ring);
		else if (how % 4 == 2 && myd_packet_size(len) <= room)
			write_one(&ring, len);
		else
			ring.prod += len % (room + 1);
	}
	hostile_unshare_all();
	return 0;
}
