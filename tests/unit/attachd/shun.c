// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include "engine/shun.h"

#define HOUR_USEC (3600 * USEC_PER_SEC)

static void test_longer_each_time(void **state)
{
	uint64_t now = HOUR_USEC, wait, last = 0;
	struct shun shun = {};

	assert_int_equal(shun_left(&shun, "a", now), 0);
	for (int i = 0; i < 20; i++) {
		wait = shun_add(&shun, "a", now);
		assert_true(wait == 8 * USEC_PER_SEC || wait == 2 * last || wait == HOUR_USEC);
		assert_true(wait >= last);
		assert_int_equal(shun_left(&shun, "a", now + 1), wait - 1);
		assert_int_equal(shun_left(&shun, "a", now + wait), 0);
		assert_int_equal(shun_left(&shun, "b", now), 0);
		now += wait;
		last = wait;
	}
	assert_int_equal(last, HOUR_USEC);
	assert_int_equal(shun_add(&shun, "a", now + 2 * HOUR_USEC + 1), 8 * USEC_PER_SEC);
}

static void test_bounded(void **state)
{
	struct shun shun = {};
	char uuid[UUID_SIZE];

	for (uint64_t i = 0; i <= SHUN_MAX; i++) {
		snprintf(uuid, sizeof(uuid), "%llu", (unsigned long long)i);
		shun_add(&shun, uuid, HOUR_USEC + i);
	}
	assert_int_equal(shun_left(&shun, "0", HOUR_USEC + SHUN_MAX), 0);
	for (uint64_t i = 1; i <= SHUN_MAX; i++) {
		snprintf(uuid, sizeof(uuid), "%llu", (unsigned long long)i);
		assert_true(shun_left(&shun, uuid, HOUR_USEC + SHUN_MAX) > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_longer_each_time),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
