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
#include <asm/barrier.h>

#include "pair.h"

#define RING		4096u
#define HALF		(RING / 2)
#define TOTAL		(2u << 20)
#define START		0xfff00000u	/* the indices wrap half-way */
#define PATIENCE	20		/* seconds until a sleep counts as for ever */

/* ---- who may sleep, at any level of the ring ---- */

static bool reader_sleeps(struct myd_ring *rx, u32 want)
{
	myd_ring_arm_data(rx, want);
	assert_int_equal(myd_ring_refresh_prod(rx), 0);
	return mydevice_ring_used(rx->prod, rx->cons) < want;
}

static bool writer_sleeps(struct myd_ring *tx, u32 want)
{
	myd_ring_arm_space(tx, want);
	assert_int_equal(myd_ring_refresh_cons(tx), 0);
	return mydevice_ring_free(tx->prod, tx->cons, tx->size) < want;
}

/* At how many levels both ends sleep, each waiting for the other. */
static unsigned int hangs(u32 reader_want, u32 writer_want)
{
	struct pair *pair = pair_new(RING, START);
	unsigned int count = 0;

	for (u32 level = 0; level <= RING; level++) {
		count += reader_sleeps(&pair->back_rx, reader_want) &&
			 writer_sleeps(&pair->front_tx, writer_want);
		if (level < RING)
			myd_ring_produce(&pair->front_tx, 1);
	}
	pair_free(pair);
	return count;
}

static void half_a_ring_each_is_the_most(void **state)
{
	static const u32 wants[] = { 1, 2, HALF - 1, HALF };

	(void)state;
	assert_int_equal(mydevice_space_want(RING), HALF);
	for (int r = 0; r < 4; r++)
		for (int w = 0; w < 4; w++)
			assert_int_equal(hangs(wants[r], wants[w]), 0);
	/* One byte more on either side is a byte that nobody may wait for; on both, it hangs. */
	assert_int_equal(hangs(HALF + 1, HALF), 0);
	assert_int_equal(hangs(HALF, HALF + 1), 0);
	assert_int_equal(hangs(HALF + 1, HALF + 1), 1);
	assert_int_equal(hangs(RING, 2), 1);
}

/* After how many single bytes there is an event; 0 if none comes. */
static u32 event_after(bool (*move)(struct myd_ring *ring, u32 len), struct myd_ring *ring)
{
	for (u32 moved = 1; moved <= HALF; moved++)
		if (move(ring, 1))
			return moved;
	return 0;
}

static void the_earlier_of_two_wishes_counts(void **state)
{
	static const u32 wants[] = { 1, 2, 100, HALF - 1, HALF };

	(void)state;
	for (int i = 0; i < 25; i++) {
		u32 first = wants[i / 5], second = wants[i % 5];
		struct pair *pair = pair_new(RING, START);
		struct myd_ring *tx = &pair->front_tx, *rx = &pair->back_rx;

		myd_ring_arm_data(rx, first);
		myd_ring_arm_data(rx, second);
		assert_int_equal(event_after(myd_ring_produce, tx), min(first, second));

		myd_ring_produce(tx, mydevice_ring_free(tx->prod, tx->cons, RING));
		myd_ring_arm_space(tx, first);
		myd_ring_arm_space(tx, second);
		assert_int_equal(event_after(myd_ring_consume, rx), min(first, second));
		pair_free(pair);
	}
}

/* One that has come is not waited for again. */
static void a_wish_that_came_true_is_over(void **state)
{
	struct pair *pair = pair_new(RING, START);
	struct myd_ring *tx = &pair->front_tx, *rx = &pair->back_rx;

	(void)state;
	myd_ring_arm_data(rx, 1);
	assert_int_equal(event_after(myd_ring_produce, tx), 1);
	/* As the event makes it do, before it wishes anew. */
	assert_int_equal(myd_ring_refresh_prod(rx), 0);
	assert_true(reader_sleeps(rx, 100));
	assert_int_equal(event_after(myd_ring_produce, tx), 99);

	myd_ring_produce(tx, mydevice_ring_free(tx->prod, tx->cons, RING));
	assert_int_equal(myd_ring_refresh_prod(rx), 0);
	myd_ring_arm_space(tx, 1);
	assert_int_equal(event_after(myd_ring_consume, rx), 1);
	assert_int_equal(myd_ring_refresh_cons(tx), 0);
	assert_true(writer_sleeps(tx, 100));
	assert_int_equal(event_after(myd_ring_consume, rx), 99);
	pair_free(pair);
}

/* ---- two threads ---- */

struct run {
	struct pair *pair;
	u32 reader_want, writer_want;	/* 0: another one for each sleep */
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

static bool lost(struct run *run)
{
	return __atomic_load_n(&run->lost, __ATOMIC_RELAXED);
}

static u32 draw(u32 *seed, u32 most)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % most + 1;
}

static u32 room_of(struct myd_ring *tx)
{
	if (myd_ring_refresh_cons(tx))
		abort();
	return mydevice_ring_free(tx->prod, tx->cons, tx->size);
}

static void *produce(void *arg)
{
	struct run *run = arg;
	struct myd_ring *tx = &run->pair->front_tx;
	u32 seed = 3;

	for (u32 sent = 0; sent < TOTAL && !lost(run);) {
		u32 want = run->writer_want ?: draw(&seed, HALF), room = room_of(tx), n;

		if (room < want) {
			myd_ring_arm_space(tx, want);
			if (room_of(tx) < want)
				sleep_on(run, &run->space, &run->sleeps[0]);
			continue;
		}
		n = draw(&seed, min(1500u, min(room, TOTAL - sent)));
		for (u32 i = 0, got; i < n; i++)
			*(u8 *)myd_ring_span(tx, tx->prod + i, 1, &got) = (u8)((sent + i) * 13);
		sent += n;
		if (myd_ring_produce(tx, n))
			sem_post(&run->data);
	}
	/* As myd_session_finish(): what comes before is enough for whoever waits for more. */
	virt_store_release(&tx->producer->flags, MYDEVICE_PRODUCER_FIN);
	sem_post(&run->data);
	return NULL;
}

/* Bytes worth reading: as many as are wanted, or the last. */
static u32 bytes_of(struct myd_ring *rx, u32 want)
{
	bool last = virt_load_acquire(&rx->producer->flags) & MYDEVICE_PRODUCER_FIN;
	u32 used;

	if (myd_ring_refresh_prod(rx))
		abort();
	used = mydevice_ring_used(rx->prod, rx->cons);
	return last || used >= want ? used : 0;
}

static void *consume(void *arg)
{
	struct run *run = arg;
	struct myd_ring *rx = &run->pair->back_rx;
	u32 seed = 5;

	for (u32 got = 0; got < TOTAL && !lost(run);) {
		u32 want = run->reader_want ?: draw(&seed, HALF), used = bytes_of(rx, want), n;

		if (!used) {
			myd_ring_arm_data(rx, want);
			if (!bytes_of(rx, want))
				sleep_on(run, &run->data, &run->sleeps[1]);
			continue;
		}
		n = draw(&seed, min(1500u, used));
		for (u32 i = 0, one; i < n; i++)
			if (*(u8 *)myd_ring_span(rx, rx->cons + i, 1, &one) != (u8)((got + i) * 13))
				abort();
		got += n;
		if (myd_ring_consume(rx, n))
			sem_post(&run->space);
	}
	return NULL;
}

static void no_wakeup_is_lost(u32 reader_want, u32 writer_want)
{
	struct run run = {
		.pair = pair_new(RING, START),
		.reader_want = reader_want,
		.writer_want = writer_want,
	};
	pthread_t t[2];

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

static void any_byte_and_half_a_ring(void **state)
{
	(void)state;
	no_wakeup_is_lost(1, HALF);
}

static void half_a_ring_and_any_room(void **state)
{
	(void)state;
	no_wakeup_is_lost(HALF, 1);
}

static void half_a_ring_each(void **state)
{
	(void)state;
	no_wakeup_is_lost(HALF, HALF);
}

static void another_want_for_each_sleep(void **state)
{
	(void)state;
	no_wakeup_is_lost(0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_a_ring_each_is_the_most),
		cmocka_unit_test(the_earlier_of_two_wishes_counts),
		cmocka_unit_test(a_wish_that_came_true_is_over),
		cmocka_unit_test(any_byte_and_half_a_ring),
		cmocka_unit_test(half_a_ring_and_any_room),
		cmocka_unit_test(half_a_ring_each),
		cmocka_unit_test(another_want_for_each_sleep),
	};

	return cmocka_run_group_tests_name("wakeup", tests, NULL, NULL);
}
