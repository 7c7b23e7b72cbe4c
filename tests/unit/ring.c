// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ring arithmetic against its definition, and the rings of kmod/core around the
 * wrap of their indices.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <mydevice/ring.h>

#include <linux/compiler.h>
#include <linux/kernel.h>

#include "pair.h"

/* Indices worth trying: zero, the sign bit, the wrap. */
static const u32 starts[] = { 0, 1, 0x7ffffff0, 0x80000000, 0xfffff000, 0xfffffff0, 0xffffffff };

#define FOR_EACH_START(start) \
	for (const u32 *start = starts; start < starts + sizeof(starts) / sizeof(*starts); start++)

static void need_event_is_passing(void **state)
{
	(void)state;
	FOR_EACH_START(start) {
		for (u32 moved = 0; moved <= 16; moved++) {
			for (u32 at = 0; at < 32; at++) {
				u32 old = *start, new = old + moved, event = old - 8 + at;
				bool passed = at >= 8 && at < 8 + moved;

				assert_int_equal(mydevice_need_event(new, old, event), passed);
			}
		}
	}
}

static void validity_is_order(void **state)
{
	const u32 size = 16;

	(void)state;
	FOR_EACH_START(start) {
		for (u32 used = 0; used <= size; used++) {
			for (int move = -20; move <= 20; move++) {
				u32 cons = *start, prod = cons + used;

				assert_int_equal(mydevice_prod_valid(prod + move, prod, cons, size),
						 move >= 0 && used + move <= size);
				assert_int_equal(mydevice_cons_valid(cons + move, cons, prod),
						 move >= 0 && (u32)move <= used);
			}
		}
	}
}

/* A side that armed is notified by exactly the move that gives what it waits for. */
static void thresholds_are_exact(void **state)
{
	const u32 size = 64;

	(void)state;
	FOR_EACH_START(start) {
		for (u32 want = 1; want <= size; want++) {
			u32 space = mydevice_space_event(*start + size, size, want);
			u32 data = mydevice_data_event(*start, want);

			for (u32 moved = 1; moved <= size; moved++) {
				u32 new = *start + moved;

				assert_int_equal(mydevice_need_event(new, new - 1, space),
						 moved == want);
				assert_int_equal(mydevice_need_event(new, new - 1, data),
						 moved == want);
			}
		}
	}
}

static void spans_cover_the_ring(void **state)
{
	static const u32 sizes[] = { 4096, MYD_SEGMENT_SIZE, 4 * MYD_SEGMENT_SIZE };

	(void)state;
	for (int s = 0; s < 3; s++) {
		struct pair *pair = pair_new(sizes[s], 0);

		FOR_EACH_START(start) {
			u32 done = 0, n;

			while (done < sizes[s]) {
				u32 at = *start + done;
				u8 *p = myd_ring_span(&pair->front_tx, at, sizes[s] - done, &n);

				assert_ptr_equal(p, pair->memory[0] + at % sizes[s]);
				assert_in_range(n, 1, sizes[s] - done);
				assert_true(at % sizes[s] + n <= sizes[s]);
				done += n;
			}
		}
		pair_free(pair);
	}
}

static void bytes_survive_the_wrap(void **state)
{
	static u8 out[4096], in[4096];
	u32 sent = 0, got = 0, seed = 1;

	(void)state;
	FOR_EACH_START(start) {
		struct pair *pair = pair_new(4096, *start);
		struct myd_ring *tx = &pair->front_tx, *rx = &pair->back_rx;

		for (int round = 0; round < 2000; round++) {
			u32 n;

			assert_int_equal(myd_ring_refresh_cons(tx), 0);
			seed = seed * 1103515245 + 12345;
			n = min(seed >> 20, mydevice_ring_free(tx->prod, tx->cons, tx->size));
			for (u32 i = 0; i < n; i++)
				out[i] = (u8)(sent++ * 7);
			myd_ring_put(tx, tx->prod, out, n);
			myd_ring_produce(tx, n);

			assert_int_equal(myd_ring_refresh_prod(rx), 0);
			seed = seed * 1103515245 + 12345;
			n = min(seed >> 20, mydevice_ring_used(rx->prod, rx->cons));
			myd_ring_get(rx, rx->cons, in, n);
			for (u32 i = 0; i < n; i++)
				assert_int_equal(in[i], (u8)(got++ * 7));
			myd_ring_consume(rx, n);
		}
		got = sent = 0;
		pair_free(pair);
	}
}

static void impossible_indices_are_refused(void **state)
{
	struct pair *pair = pair_new(4096, 0xfffffff0);
	struct myd_ring *tx = &pair->front_tx, *rx = &pair->back_rx;

	(void)state;
	pair->control.dir[0].producer.prod = rx->cons + 4097;
	assert_int_equal(myd_ring_refresh_prod(rx), -EPROTO);
	pair->control.dir[0].producer.prod = rx->cons - 1;
	assert_int_equal(myd_ring_refresh_prod(rx), -EPROTO);
	pair->control.dir[0].producer.prod = rx->cons + 4096;
	assert_int_equal(myd_ring_refresh_prod(rx), 0);
	pair->control.dir[0].producer.prod = rx->cons + 4095;
	assert_int_equal(myd_ring_refresh_prod(rx), -EPROTO);

	pair->control.dir[0].consumer.cons = tx->prod + 1;
	assert_int_equal(myd_ring_refresh_cons(tx), -EPROTO);
	pair->control.dir[0].consumer.cons = tx->prod - 1;
	assert_int_equal(myd_ring_refresh_cons(tx), -EPROTO);
	pair->control.dir[0].consumer.cons = tx->prod;
	assert_int_equal(myd_ring_refresh_cons(tx), 0);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(need_event_is_passing),
		cmocka_unit_test(validity_is_order),
		cmocka_unit_test(thresholds_are_exact),
		cmocka_unit_test(spans_cover_the_ring),
		cmocka_unit_test(bytes_survive_the_wrap),
		cmocka_unit_test(impossible_indices_are_refused),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
