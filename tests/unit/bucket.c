// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The token bucket of kmod/core: over any time it gives what its rate says, from
 * one unit a second to more than memory can copy, however time goes by.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "bucket.h"

#define SECOND	((u64)MYD_BUCKET_SECOND)
/* Longer than any machine runs. */
#define AGE	(SECOND * 100 * 366 * 86400)

static const u64 rates[] = {
	1, 2, 3, 7, 63, 64, 65, 1000, 65536, 999999937, 1ull << 32, MYDEVICE_RATE_MAX - 1,
	MYDEVICE_RATE_MAX,
};

/* Where a clock may be: zero, large, about to wrap. */
static const u64 starts[] = { 0, AGE, UINT64_MAX - 3 * SECOND };

#define FOR_EACH(item, array) \
	for (const u64 *item = array; item < array + sizeof(array) / sizeof(*array); item++)

static struct myd_bucket bucket_new(u64 rate, u64 now)
{
	struct myd_bucket bucket = {};

	myd_bucket_set(&bucket, rate, now);
	return bucket;
}

/* All that may be used at once; 0 if it is none. */
static u64 drain(struct myd_bucket *bucket, u64 now, u64 used)
{
	while (!myd_bucket_wait(bucket, now)) {
		u32 units = myd_bucket_allows(bucket, 1u << 30);

		assert_true(units >= 1);
		myd_bucket_use(bucket, units);
		used += units;
	}
	return used;
}

/* (rate * elapsed) / SECOND, by another way. */
static u64 due(u64 rate, u64 elapsed)
{
	return (u64)((unsigned __int128)rate * elapsed / SECOND);
}

/* Who comes whenever there is something gets exactly what the rate says. */
static void gives_its_rate(void **state)
{
	(void)state;
	FOR_EACH(rate, rates)
		FOR_EACH(start, starts) {
			struct myd_bucket bucket = bucket_new(*rate, *start);
			u64 now = *start, used = 0;

			while (now - *start < 5 * SECOND) {
				u64 wait = myd_bucket_wait(&bucket, now);

				now += wait + random() % 1000;
				used = drain(&bucket, now, used);
				assert_true(used <= due(*rate, now - *start));
				assert_true(due(*rate, now - *start) - used <=
					    (u64)myd_bucket_worth(&bucket));
			}
		}
}

/* Also one who comes late, up to the time that a full bucket took. */
static void late_calls_lose_nothing(void **state)
{
	(void)state;
	FOR_EACH(rate, rates) {
		struct myd_bucket bucket = bucket_new(*rate, 0);
		u64 now = 0, used = 0;

		while (now < 20 * SECOND) {
			now += SECOND / 5 + random() % (SECOND / 40);
			used = drain(&bucket, now, used);
		}
		assert_true(used <= due(*rate, now));
		assert_true(due(*rate, now) - used <= (u64)myd_bucket_worth(&bucket));
	}
}

/* After however long a time: a bucket full, and then the rate again. */
static void fills_to_the_brim(void **state)
{
	static const u64 jumps[] = { 3 * SECOND, 3600 * SECOND, AGE, INT64_MAX };

	(void)state;
	FOR_EACH(rate, rates)
		FOR_EACH(jump, jumps) {
			struct myd_bucket bucket = bucket_new(*rate, 0);
			u64 most = *rate / 4 + 2, used;

			used = drain(&bucket, *jump, 0);
			assert_true(used <= most);
			assert_true(most - used <= (u64)myd_bucket_worth(&bucket));
			used += drain(&bucket, *jump + SECOND / 10, 0);
			assert_true(used <= most + due(*rate, SECOND / 10));
		}
}

/* A clock that steps back gives nothing twice, and goes on from there. */
static void time_may_step_back(void **state)
{
	(void)state;
	FOR_EACH(rate, rates) {
		struct myd_bucket bucket = bucket_new(*rate, AGE);

		drain(&bucket, AGE, 0);
		assert_int_equal(drain(&bucket, SECOND, 0), 0);
		assert_true(drain(&bucket, SECOND + SECOND / 5, 0) <= due(*rate, SECOND / 5));
		assert_true(drain(&bucket, 10 * SECOND, 0) > 0);
	}
}

/* A packet is moved whole: its time comes after it. */
static void packets_are_paid_for(void **state)
{
	(void)state;
	FOR_EACH(rate, rates) {
		struct myd_bucket bucket = bucket_new(*rate, 0);
		u64 now = 0, used = 0;

		for (int i = 0; i < 50; i++) {
			u32 packet = random() % (512 << 10) + 1;
			u64 wait = myd_bucket_wait(&bucket, now);

			assert_true(wait <= (512ull << 10) * SECOND / *rate + 2 * SECOND);
			now += wait;
			assert_int_equal(myd_bucket_wait(&bucket, now), 0);
			assert_true(used <= due(*rate, now));
			myd_bucket_use(&bucket, packet);
			used += packet;
		}
	}
}

/* No moment too early, and none later than has to be. */
static void wait_is_tight(void **state)
{
	(void)state;
	FOR_EACH(rate, rates) {
		struct myd_bucket bucket = bucket_new(*rate, 0), early;
		u64 wait;

		myd_bucket_use(&bucket, 12345);
		wait = myd_bucket_wait(&bucket, 0);
		early = bucket;
		assert_int_equal(myd_bucket_wait(&bucket, wait), 0);
		if (*rate < SECOND / 4)
			assert_int_not_equal(myd_bucket_wait(&early, wait - 2), 0);
	}
}

static void no_rate_is_no_limit(void **state)
{
	struct myd_bucket bucket = bucket_new(0, 5);

	(void)state;
	assert_int_equal(myd_bucket_wait(&bucket, 5), 0);
	assert_int_equal(myd_bucket_allows(&bucket, UINT32_MAX), UINT32_MAX);
	myd_bucket_use(&bucket, UINT32_MAX);
	assert_int_equal(myd_bucket_wait(&bucket, 5), 0);
	assert_int_equal(myd_bucket_allows(&bucket, UINT32_MAX), UINT32_MAX);
}

/* What was used stays used; another rate begins anew. */
static void another_rate(void **state)
{
	struct myd_bucket bucket = bucket_new(1000, 0);
	u64 wait;

	(void)state;
	myd_bucket_use(&bucket, 100000);
	wait = myd_bucket_wait(&bucket, 0);
	myd_bucket_set(&bucket, 1000, SECOND);
	assert_int_equal(myd_bucket_wait(&bucket, 0), wait);
	myd_bucket_set(&bucket, 1001, SECOND);
	assert_true(myd_bucket_wait(&bucket, SECOND) < SECOND / 50);
	assert_int_not_equal(myd_bucket_wait(&bucket, SECOND), 0);
	myd_bucket_set(&bucket, 0, SECOND);
	assert_int_equal(myd_bucket_wait(&bucket, SECOND), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_its_rate),
		cmocka_unit_test(late_calls_lose_nothing),
		cmocka_unit_test(fills_to_the_brim),
		cmocka_unit_test(time_may_step_back),
		cmocka_unit_test(packets_are_paid_for),
		cmocka_unit_test(wait_is_tight),
		cmocka_unit_test(no_rate_is_no_limit),
		cmocka_unit_test(another_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
