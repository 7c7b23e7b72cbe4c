// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include "backoff.h"

static void test_grows_up_to_its_bound(void **state)
{
	struct backoff backoff = {};
	uint64_t now = 1000 * USEC_PER_SEC, expected = BACKOFF_FIRST_USEC;

	for (int i = 0; i < BACKOFF_FREE; i++)
		assert_int_equal(backoff_next(&backoff, now), 0);
	for (int i = 0; i < 1000; i++) {
		uint64_t wait = backoff_next(&backoff, now);

		assert_int_equal(wait, expected);
		now += wait;
		if (expected < BACKOFF_MAX_USEC)
			expected *= 2;
	}
	assert_int_equal(expected, BACKOFF_MAX_USEC);
}

/* A wait is no calm time, however long it is. */
static void test_begins_anew_when_it_was_calm(void **state)
{
	struct backoff backoff = {};
	uint64_t now = 1000 * USEC_PER_SEC;

	for (int i = 0; i < 20; i++)
		now += backoff_next(&backoff, now);
	assert_int_equal(backoff_next(&backoff, now + BACKOFF_CALM_USEC), BACKOFF_MAX_USEC);
	now += BACKOFF_CALM_USEC + BACKOFF_MAX_USEC;
	assert_int_equal(backoff_next(&backoff, now + BACKOFF_CALM_USEC + 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows_up_to_its_bound),
		cmocka_unit_test(test_begins_anew_when_it_was_calm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
