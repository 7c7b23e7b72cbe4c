// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include "base/log.h"
#include "base/util.h"

#define BURST 20
#define INTERVAL (2 * USEC_PER_SEC)

static void test_burst_then_one_each_interval(void **state)
{
	struct log_limit limit = {};
	uint64_t now = 1000 * USEC_PER_SEC;
	unsigned int suppressed;

	for (int i = 0; i < BURST; i++) {
		assert_true(log_limit_pass(&limit, now, &suppressed));
		assert_int_equal(suppressed, 0);
	}
	for (int i = 0; i < 5; i++)
		assert_false(log_limit_pass(&limit, now, &suppressed));
	now += INTERVAL;
	assert_true(log_limit_pass(&limit, now, &suppressed));
	assert_int_equal(suppressed, 5);
	assert_false(log_limit_pass(&limit, now, &suppressed));
}

static void test_quiet_time_brings_the_burst_back(void **state)
{
	struct log_limit limit = {};
	uint64_t now = 1000 * USEC_PER_SEC;
	unsigned int suppressed, passed = 0;

	for (int i = 0; i < 100; i++)
		log_limit_pass(&limit, now, &suppressed);
	now += 100 * INTERVAL;
	for (int i = 0; i < 100; i++)
		passed += log_limit_pass(&limit, now, &suppressed);
	assert_int_equal(passed, BURST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst_then_one_each_interval),
		cmocka_unit_test(test_quiet_time_brings_the_burst_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
