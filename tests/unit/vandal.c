// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A thread that writes nonsense to all that is shared, words and bytes, while
 * an end uses it. Built with AddressSanitizer, and with ThreadSanitizer, which
 * knows of marked accesses and of copies of ring bytes: it says if there are
 * others.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <mydevice/ring.h>

#include <linux/compiler.h>
#include <linux/kernel.h>

#include "packet.h"
#include "pair.h"

#define SIZE	4096u
#define ROUNDS	200000

struct vandal {
	struct pair *pair;
	pthread_t thread;
	int stop;
};

static void *scribble(void *arg)
{
	struct vandal *v = arg;
	u32 *words = (u32 *)&v->pair->control, *headers = (u32 *)v->pair->memory[1], seed = 42;

	while (!__atomic_load_n(&v->stop, __ATOMIC_RELAXED)) {
		seed = seed * 1664525 + 1013904223;
		/* Mostly near the truth, where a check could be off by one. */
		WRITE_ONCE(words[(seed >> 8) % (sizeof(v->pair->control) / 4)],
			   seed & 1 ? READ_ONCE(v->pair->control.dir[0].producer.prod) + seed % 8192
				    : seed);
		/* Lengths that are right for some of what is there, and none. */
		WRITE_ONCE(headers[(seed >> 16) % (SIZE / 4)],
			   seed & 2 ? (seed >> 12) % 64 : seed % 8192);
	}
	return NULL;
}

static void vandal_start(struct vandal *v)
{
	v->pair = pair_new(SIZE, 0);
	v->stop = 0;
	pthread_create(&v->thread, NULL, scribble, v);
}

static void vandal_stop(struct vandal *v)
{
	__atomic_store_n(&v->stop, 1, __ATOMIC_RELAXED);
	pthread_join(v->thread, NULL);
	pair_free(v->pair);
}

static void bytes_stay_within(void **state)
{
	struct vandal v;
	struct myd_ring *tx, *rx;
	static u8 buf[SIZE];
	unsigned int refused = 0;

	(void)state;
	vandal_start(&v);
	tx = &v.pair->front_tx;
	rx = &v.pair->front_rx;
	for (int i = 0; i < ROUNDS || !refused; i++) {
		u32 used, room;

		refused += !!myd_ring_refresh_prod(rx) + !!myd_ring_refresh_cons(tx);
		used = mydevice_ring_used(rx->prod, rx->cons);
		room = mydevice_ring_free(tx->prod, tx->cons, tx->size);
		assert_true(used <= SIZE);
		assert_true(room <= SIZE);
		myd_ring_get(rx, rx->cons, buf, used);
		myd_ring_put(tx, tx->prod, buf, room);
		myd_ring_consume(rx, used);
		myd_ring_produce(tx, room);
		myd_ring_arm_data(rx, 1 + i % (SIZE / 2));
		myd_ring_arm_space(tx, mydevice_space_want(tx->size));
	}
	vandal_stop(&v);
	assert_true(refused > 0);
}

/* The payload is copied by the length that was checked, into no more than that. */
static void packets_stay_within(void **state)
{
	unsigned int refused = 0, packets = 0;
	struct vandal v;
	struct myd_ring *rx;

	(void)state;
	vandal_start(&v);
	rx = &v.pair->front_rx;
	/* On a busy machine the vandal may begin late. */
	for (u32 i = 0; i < ROUNDS || !packets || !refused; i++) {
		u32 used = i % (SIZE + 1), index = i * 7;
		int len = myd_packet_peek(rx, index, used);
		u8 *payload;

		if (len < 0) {
			assert_int_equal(len, -EPROTO);
			refused++;
			continue;
		}
		assert_in_range(len, 1, used - myd_packet_size(0));
		payload = malloc(len);
		myd_ring_get(rx, index + myd_packet_size(0), payload, len);
		free(payload);
		packets++;
	}
	vandal_stop(&v);
	assert_true(refused > 0);
	assert_true(packets > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_stay_within),
		cmocka_unit_test(packets_stay_within),
	};

	return cmocka_run_group_tests_name("vandal", tests, NULL, NULL);
}
