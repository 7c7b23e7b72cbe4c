// SPDX-License-Identifier: GPL-2.0-or-later
/* How many orders may wait. */
#include "harness.h"

#include <stdlib.h>

#include "bus/quota.h"

static void test_of_a_user_and_of_all(void **state)
{
	struct quota quota = { .of_user = 2, .of_all = 5 };
	struct quota_slot *slots[5], *more;

	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(quota_take(&quota, 1 + i / 2, &slots[i]), 0);
	assert_int_equal(quota_take(&quota, 1, &more), -EUSERS);
	assert_null(more);
	assert_int_equal(quota_take(&quota, 3, &slots[4]), 0);
	assert_int_equal(quota_take(&quota, 4, &more), -EUSERS);
	/* in any order */
	quota_release(slots[2]);
	assert_int_equal(quota_take(&quota, 1, &more), -EUSERS);
	quota_release(slots[0]);
	assert_int_equal(quota_take(&quota, 1, &slots[0]), 0);
	assert_int_equal(quota_take(&quota, 4, &slots[2]), 0);
	assert_int_equal(quota_take(&quota, 4, &more), -EUSERS);
	for (unsigned int i = 0; i < 5; i++)
		quota_release(slots[i]);
	assert_int_equal(quota.n, 0);
	assert_null(quota.slots);
}

static void test_root_has_no_limit(void **state)
{
	struct quota quota = { .of_user = 1, .of_all = 1 };
	struct quota_slot *slot, *root;

	assert_int_equal(quota_take(&quota, 1, &slot), 0);
	assert_int_equal(quota_take(&quota, 0, &root), 0);
	assert_null(root);
	quota_release(root);
	quota_release(slot);
}

/* The bus ends before the thread that has the orders. */
static void test_slots_outlive_it(void **state)
{
	struct quota *quota = malloc(sizeof(*quota));
	struct quota_slot *slots[2];

	assert_non_null(quota);
	*quota = (struct quota){ .of_user = 2, .of_all = 2 };
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(quota_take(quota, 1, &slots[i]), 0);
	quota_done(quota);
	free(quota);
	for (unsigned int i = 0; i < 2; i++)
		quota_release(slots[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_a_user_and_of_all),
		cmocka_unit_test(test_root_has_no_limit),
		cmocka_unit_test(test_slots_outlive_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
