// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets of kmod/core: every length at every awkward place of a ring, headers
 * that lie, and bytes that are put where they belong and nowhere else.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <linux/kernel.h>

#include "packet.h"
#include "pair.h"

#define SIZE	4096u
#define HEADER	((u32)sizeof(struct mydevice_packet))
#define MOST	MYDEVICE_PACKET_MAX(SIZE)

/*
 * Where a header begins: aligned; across the ring's end after 1, 2 and 3 bytes;
 * the same where the index itself wraps; its payload only, in both.
 */
static const u32 places[] = {
	0, SIZE - 1, SIZE - 2, SIZE - 3, SIZE - HEADER, SIZE - HEADER - 1,
	0xffffffff, 0xfffffffe, 0xfffffffd, 0xfffffffc, 0xfffffffb,
	0x7ffffffe, 0x80000000 - SIZE / 2,
};

#define FOR_EACH_PLACE(place) \
	for (const u32 *place = places; place < places + sizeof(places) / sizeof(*places); place++)

static u8 byte_of(u32 i)
{
	return (u8)(i * 31 + 7);
}

static void put(const struct myd_ring *ring, u32 index, u32 len)
{
	u8 payload[MOST];

	for (u32 i = 0; i < len; i++)
		payload[i] = byte_of(i);
	myd_packet_put(ring, index, len);
	myd_ring_put(ring, index + myd_packet_size(0), payload, len);
}

/* A header that no honest producer writes. */
static void put_header(const struct myd_ring *ring, u32 index, u32 len)
{
	struct mydevice_packet packet = { .len = len };
	u8 *bytes = (u8 *)&packet;

	for (u32 i = 0; i < HEADER; i++)
		ring->segment[0][(index + i) % SIZE] = bytes[i];
}

static void every_length_at_every_place(void **state)
{
	struct pair *pair = pair_new(SIZE, 0);
	const struct myd_ring *tx = &pair->front_tx, *rx = &pair->back_rx;

	(void)state;
	FOR_EACH_PLACE(place) {
		for (u32 len = 1; len <= MOST; len++) {
			u32 used = myd_packet_size(len);
			u8 payload[MOST];

			memset(pair->memory[0], 0xee, SIZE);
			put(tx, *place, len);
			/* With nothing behind it, with something, with a full ring. */
			assert_int_equal(myd_packet_peek(rx, *place, used), len);
			assert_int_equal(myd_packet_peek(rx, *place, used + 1), len);
			assert_int_equal(myd_packet_peek(rx, *place, SIZE), len);
			/* One byte short. */
			assert_int_equal(myd_packet_peek(rx, *place, used - 1), -EPROTO);

			myd_ring_get(rx, *place + HEADER, payload, len);
			for (u32 i = 0; i < len; i++)
				if (payload[i] != byte_of(i))
					fail_msg("byte %u of %u at %#x", i, len, *place);
			for (u32 i = used; i < SIZE; i++)
				if (pair->memory[0][(*place + i) % SIZE] != 0xee)
					fail_msg("byte %u after a packet of %u at %#x", i, len,
						 *place);
		}
	}
	pair_free(pair);
}

/* Two packets of the longest kind fill the ring to the last byte. */
static void the_longest_are_half_a_ring(void **state)
{
	struct pair *pair = pair_new(SIZE, 0);

	(void)state;
	assert_int_equal(2 * myd_packet_size(MOST), SIZE);
	FOR_EACH_PLACE(place) {
		put(&pair->front_tx, *place, MOST);
		put(&pair->front_tx, *place + myd_packet_size(MOST), MOST);
		assert_int_equal(myd_packet_peek(&pair->back_rx, *place, SIZE), MOST);
		assert_int_equal(myd_packet_peek(&pair->back_rx, *place + SIZE / 2, SIZE / 2),
				 MOST);
	}
	pair_free(pair);
}

static void a_part_of_a_header_is_none(void **state)
{
	struct pair *pair = pair_new(SIZE, 0);

	(void)state;
	FOR_EACH_PLACE(place) {
		put(&pair->front_tx, *place, 1);
		for (u32 used = 0; used <= HEADER; used++)
			assert_int_equal(myd_packet_peek(&pair->back_rx, *place, used), -EPROTO);
	}
	pair_free(pair);
}

static void headers_that_lie_are_refused(void **state)
{
	static const u32 lies[] = {
		0, SIZE - HEADER + 1, SIZE - 1, SIZE, SIZE + 1, 2 * SIZE, 0x7fffffff, 0x80000000,
		0xfffffffb, 0xfffffffc, 0xfffffffd, 0xffffffff,
	};
	struct pair *pair = pair_new(SIZE, 0);

	(void)state;
	FOR_EACH_PLACE(place) {
		for (unsigned int i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
			put_header(&pair->back_rx, *place, lies[i]);
			for (u32 used = 0; used <= SIZE; used++)
				assert_int_equal(myd_packet_peek(&pair->back_rx, *place, used),
						 -EPROTO);
		}
		/* More than is there, by any amount. */
		for (u32 used = HEADER; used <= SIZE; used++) {
			put_header(&pair->back_rx, *place, used - HEADER + 1);
			assert_int_equal(myd_packet_peek(&pair->back_rx, *place, used), -EPROTO);
		}
	}
	pair_free(pair);
}

/* A header of which the first bytes are of one write and the others of another. */
static void torn_headers_stay_within(void **state)
{
	static const u32 lens[] = {
		0, 1, 0xff, 0x100, MOST, 0xffff, 0x10000, 0xffffff, 0xffffffff,
	};
	struct pair *pair = pair_new(SIZE, 0);
	const unsigned int count = sizeof(lens) / sizeof(*lens);

	(void)state;
	FOR_EACH_PLACE(place) {
		for (unsigned int i = 0; i < count * count * HEADER; i++) {
			u32 old = lens[i / HEADER / count], new = lens[i / HEADER % count];
			u32 mask = 0xffffffff >> 8 * (i % HEADER);
			u32 torn = (old & ~mask) | (new & mask);
			int r;

			put_header(&pair->back_rx, *place, torn);
			r = myd_packet_peek(&pair->back_rx, *place, SIZE);
			assert_int_equal(r, torn && torn <= MOST ? (int)torn : -EPROTO);
		}
	}
	pair_free(pair);
}

/* Copies go through every segment of the largest ring, and around its end. */
static void copies_cross_segments(void **state)
{
	const u32 size = 1u << MYDEVICE_RING_ORDER_MAX, most = MYDEVICE_PACKET_MAX(size);
	struct pair *pair = pair_new(size, 0);
	u8 *out = malloc(size), *in = malloc(size);

	(void)state;
	for (u32 i = 0; i < size; i++)
		out[i] = byte_of(i ^ i >> 8);
	for (u32 at = MYD_SEGMENT_SIZE - 2; at < size; at += MYD_SEGMENT_SIZE) {
		memset(pair->memory[0], 0xee, size);
		myd_packet_put(&pair->front_tx, at, most);
		myd_ring_put(&pair->front_tx, at + HEADER, out, most);
		assert_int_equal(myd_packet_peek(&pair->back_rx, at, size), most);
		memset(in, 0, size);
		myd_ring_get(&pair->back_rx, at + HEADER, in, most);
		assert_memory_equal(in, out, most);
		for (u32 i = myd_packet_size(most); i < size; i++)
			if (pair->memory[0][(at + i) % size] != 0xee)
				fail_msg("byte %u after the packet at %#x", i, at);
	}
	/* All of it at once, and nothing at all. */
	myd_ring_put(&pair->front_tx, 0xfffffffe, out, size);
	myd_ring_get(&pair->back_rx, 0xfffffffe, in, size);
	assert_memory_equal(in, out, size);
	myd_ring_put(&pair->front_tx, 0xfffffffe, NULL, 0);
	myd_ring_get(&pair->back_rx, 0xfffffffe, NULL, 0);
	free(out);
	free(in);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_at_every_place),
		cmocka_unit_test(the_longest_are_half_a_ring),
		cmocka_unit_test(a_part_of_a_header_is_none),
		cmocka_unit_test(headers_that_lie_are_refused),
		cmocka_unit_test(torn_headers_stay_within),
		cmocka_unit_test(copies_cross_segments),
	};

	return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}
