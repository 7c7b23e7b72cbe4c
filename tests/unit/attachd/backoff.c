// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include "base/backoff.h"

static const struct backoff_rule *const rule = &backoff_of_guest;

static void test_grows_up_to_its_bound(void **state)
{
	struct backoff backoff = {};
	uint64_t now = 1000 * USEC_PER_SEC, expected = rule->first_usec;

	for (int i = 0; i < (int)rule->free; i++)
		assert_int_equal(backoff_next(&backoff, rule, now), 0);
	for (int i = 0; i < 1000; i++) {
		uint64_t wait = backoff_next(&backoff, rule, now);

		assert_int_equal(wait, expected);
		now += wait;
		if (expected < rule->max_usec)
			expected *= 2;
	}
	assert_int_equal(expected, rule->max_usec);
}

/* A wait is no calm time, however long it is. */
static void test_begins_anew_when_it_was_calm(void **state)
{
	struct backoff backoff = {};
	uint64_t now = 1000 * USEC_PER_SEC;

	for (int i = 0; i < 20; i++)
		now += backoff_next(&backoff, rule, now);
	assert_int_equal(backoff_next(&backoff, rule, now + rule->calm_usec), rule->max_usec);
	now += rule->calm_usec + rule->max_usec;
	assert_int_equal(backoff_next(&backoff, rule, now + rule->calm_usec + 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows_up_to_its_bound),
		cmocka_unit_test(test_begins_anew_when_it_was_calm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
