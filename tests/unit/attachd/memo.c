// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include "base/memo.h"

static void test_the_last_of_each(void **state)
{
	struct memo memo = {};

	assert_false(memo_has(&memo, 0, ""));
	memo_drop(&memo, 0);
	memo_set(&memo, 0, "denied: a");
	memo_set(&memo, 7, "denied: b");
	assert_true(memo_has(&memo, 0, "denied: a"));
	assert_false(memo_has(&memo, 0, "denied: b"));
	assert_true(memo_has(&memo, 7, "denied: b"));
	memo_set(&memo, 0, "attached");
	memo_set(&memo, 0, "attached");
	assert_true(memo_has(&memo, 0, "attached"));
	assert_false(memo_has(&memo, 0, "denied: a"));
	memo_drop(&memo, 0);
	assert_false(memo_has(&memo, 0, "attached"));
	assert_true(memo_has(&memo, 7, "denied: b"));
	memo_done(&memo);
	assert_false(memo_has(&memo, 7, "denied: b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_last_of_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
