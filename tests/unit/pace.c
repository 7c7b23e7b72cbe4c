// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The pace of handshakes: a burst, then one in an interval, however often somebody
 * tries, and the burst again after a pause.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "pace.h"

#define SECOND	1000000000ull
#define BURST	10

/* How many come in the time if one is tried each @step. */
static unsigned int run(struct myd_pace *pace, u64 *now, u64 time, u64 step)
{
	unsigned int taken = 0;
	u64 end = *now + time;

	for (; *now != end; *now += step) {
		if (myd_pace_wait(pace, BURST, SECOND, *now))
			continue;
		myd_pace_take(pace, SECOND, *now);
		taken++;
	}
	return taken;
}

/* Where a clock may be: early after the start, late, about to wrap. */
static const u64 starts[] = { 0, 1, SECOND * 100 * 366 * 86400, UINT64_MAX - 20 * SECOND };

static void is_kept(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		u64 now = starts[i];
		struct myd_pace pace = { .due = now };

		assert_int_equal(run(&pace, &now, SECOND / 10, SECOND / 1000), BURST);
		assert_in_range(run(&pace, &now, 60 * SECOND, SECOND / 1000), 59, 61);
		now += 5 * SECOND;
		assert_in_range(run(&pace, &now, SECOND / 10, SECOND / 1000), 5, 6);
		now += 3600 * SECOND;
		assert_int_equal(run(&pace, &now, SECOND / 10, SECOND / 1000), BURST);
	}
}

static void a_new_one_is_not_held_up(void **unused)
{
	struct myd_pace pace = {};
	u64 now = 5 * SECOND;

	(void)unused;
	assert_int_equal(run(&pace, &now, SECOND / 10, SECOND / 1000), BURST);
}

static void who_waits_as_told_gets_it(void **unused)
{
	struct myd_pace pace = {};
	u64 now = 7, wait;

	(void)unused;
	for (unsigned int i = 0; i < 100; i++) {
		wait = myd_pace_wait(&pace, BURST, SECOND, now);
		assert_int_equal(!wait, i < BURST);
		assert_true(wait <= SECOND);
		now += wait;
		assert_int_equal(myd_pace_wait(&pace, BURST, SECOND, now), 0);
		myd_pace_take(&pace, SECOND, now);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_kept),
		cmocka_unit_test(a_new_one_is_not_held_up),
		cmocka_unit_test(who_waits_as_told_gets_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
