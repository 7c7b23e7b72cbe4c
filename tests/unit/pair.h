/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two ends of one channel in one program: real rings over shared memory. */
#ifndef TESTS_PAIR_H
#define TESTS_PAIR_H

#include <stdlib.h>
#include <string.h>

#include "ring.h"

struct pair {
	struct mydevice_control control;
	u8 *memory[2];
	struct myd_ring front_tx, front_rx, back_tx, back_rx;
};

static inline void pair_ring(struct myd_ring *ring, struct pair *pair, int direction, u32 size,
			     u32 start)
{
	memset(ring, 0, sizeof(*ring));
	ring->producer = &pair->control.dir[direction].producer;
	ring->consumer = &pair->control.dir[direction].consumer;
	for (u32 i = 0; i << MYD_SEGMENT_SHIFT < size; i++)
		ring->segment[i] = pair->memory[direction] + (i << MYD_SEGMENT_SHIFT);
	ring->size = size;
	ring->prod = start;
	ring->cons = start;
	ring->armed = start - 1;
}

/* Indices begin at @start, so that a test need not move 4 GiB to wrap them. */
static inline struct pair *pair_new(u32 size, u32 start)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	for (int d = 0; d < 2; d++) {
		pair->memory[d] = calloc(1, size);
		pair->control.dir[d].producer.prod = start;
		pair->control.dir[d].consumer.cons = start;
	}
	pair_ring(&pair->front_tx, pair, 0, size, start);
	pair_ring(&pair->back_rx, pair, 0, size, start);
	pair_ring(&pair->back_tx, pair, 1, size, start);
	pair_ring(&pair->front_rx, pair, 1, size, start);
	return pair;
}

static inline void pair_free(struct pair *pair)
{
	free(pair->memory[0]);
	free(pair->memory[1]);
	free(pair);
}

#endif
