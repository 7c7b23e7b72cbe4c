// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two threads, a small ring, and sleeps: no wake-up is lost and no byte read
 * before it is written. Built with ThreadSanitizer, which sees the orderings
 * that an x86 run does not need.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include <mydevice/ring.h>

#include <linux/compiler.h>
#include <linux/kernel.h>

#include "pair.h"

#define RING		4096u
#define TOTAL		(4u << 20)
#define START		0xffe00000u	/* the indices wrap half-way */
#define PATIENCE	20		/* seconds until a sleep counts as for ever */

struct run {
	struct pair *pair;
	sem_t data, space;
	unsigned int sleeps[2];
	unsigned int lost;
};

static void sleep_on(struct run *run, sem_t *event, unsigned int *sleeps)
{
	struct timespec until;

	++*sleeps;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE;
	if (sem_timedwait(event, &until))
		__atomic_fetch_add(&run->lost, 1, __ATOMIC_RELAXED);
}

static u32 step_size(u32 *seed, u32 most)
{
	*seed = *seed * 1103515245 + 12345;
	return min((*seed >> 16) % 1500 + 1, most);
}

static void *produce(void *arg)
{
	struct run *run = arg;
	struct myd_ring *tx = &run->pair->front_tx;
	u32 seed = 3;

	for (u32 sent = 0; sent < TOTAL && !__atomic_load_n(&run->lost, __ATOMIC_RELAXED);) {
		u32 room, n;

		if (myd_ring_refresh_cons(tx))
			abort();
		room = mydevice_ring_free(tx->prod, tx->cons, tx->size);
		if (!room) {
			myd_ring_arm_space(tx, mydevice_space_want(tx->size));
			if (myd_ring_refresh_cons(tx))
				abort();
			room = mydevice_ring_free(tx->prod, tx->cons, tx->size);
			if (!room) {
				sleep_on(run, &run->space, &run->sleeps[0]);
				continue;
			}
		}
		n = step_size(&seed, min(room, TOTAL - sent));
		for (u32 i = 0, got; i < n; i++)
			*(u8 *)myd_ring_span(tx, tx->prod + i, 1, &got) = (u8)((sent + i) * 13);
		sent += n;
		if (myd_ring_produce(tx, n))
			sem_post(&run->data);
	}
	return NULL;
}

static void *consume(void *arg)
{
	struct run *run = arg;
	struct myd_ring *rx = &run->pair->back_rx;
	u32 seed = 5;

	for (u32 got = 0; got < TOTAL && !__atomic_load_n(&run->lost, __ATOMIC_RELAXED);) {
		u32 used, n;

		if (myd_ring_refresh_prod(rx))
			abort();
		used = mydevice_ring_used(rx->prod, rx->cons);
		if (!used) {
			myd_ring_arm_data(rx, 1);
			if (myd_ring_refresh_prod(rx))
				abort();
			used = mydevice_ring_used(rx->prod, rx->cons);
			if (!used) {
				sleep_on(run, &run->data, &run->sleeps[1]);
				continue;
			}
		}
		n = step_size(&seed, used);
		for (u32 i = 0, one; i < n; i++)
			if (*(u8 *)myd_ring_span(rx, rx->cons + i, 1, &one) != (u8)((got + i) * 13))
				abort();
		got += n;
		if (myd_ring_consume(rx, n))
			sem_post(&run->space);
	}
	return NULL;
}

static void no_wakeup_is_lost(void **state)
{
	struct run run = { .pair = pair_new(RING, START) };
	pthread_t t[2];

	(void)state;
	sem_init(&run.data, 0, 0);
	sem_init(&run.space, 0, 0);
	pthread_create(&t[0], NULL, produce, &run);
	pthread_create(&t[1], NULL, consume, &run);
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	assert_int_equal(run.lost, 0);
	assert_int_equal(run.pair->back_rx.cons, START + TOTAL);
	/* A run in which nobody slept would have tested nothing. */
	assert_true(run.sleeps[0] + run.sleeps[1] > 0);
	pair_free(run.pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_wakeup_is_lost),
	};

	return cmocka_run_group_tests_name("wakeup", tests, NULL, NULL);
}
