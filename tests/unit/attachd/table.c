// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include "base/table.h"

#define KEYS 3000

static uint64_t key_of(int i)
{
	/* neighbours, and keys that differ in high bits only */
	return i % 2 ? (uint64_t)i << 40 : (uint64_t)i;
}

static void test_against_an_array(void **state)
{
	static char present[KEYS], values[KEYS];
	struct table table = {};
	unsigned int random = 1;
	size_t used = 0;

	memset(present, 0, sizeof(present));
	for (int round = 0; round < 40000; round++) {
		int i;

		random = random * 1103515245 + 12345;
		i = (int)((random >> 8) % KEYS);
		if (present[i]) {
			assert_ptr_equal(table_remove(&table, key_of(i)), &values[i]);
			used--;
		} else {
			assert_null(table_get(&table, key_of(i)));
			assert_null(table_remove(&table, key_of(i)));
			assert_int_equal(table_add(&table, key_of(i), &values[i]), 0);
			used++;
		}
		present[i] = !present[i];
		assert_int_equal(table.used, used);
	}
	for (int i = 0; i < KEYS; i++)
		assert_ptr_equal(table_get(&table, key_of(i)), present[i] ? &values[i] : NULL);
	table_done(&table);
}

static void test_next_visits_each_once(void **state)
{
	static char visits[100];
	struct table table = {};
	size_t cursor = 0;
	char *value;

	memset(visits, 0, sizeof(visits));
	for (size_t i = 0; i < sizeof(visits); i++)
		assert_int_equal(table_add(&table, i, &visits[i]), 0);
	while ((value = table_next(&table, &cursor)))
		++*value;
	for (size_t i = 0; i < sizeof(visits); i++)
		assert_int_equal(visits[i], 1);
	table_done(&table);
}

static void test_empty(void **state)
{
	struct table table = {};
	size_t cursor = 0;

	assert_null(table_get(&table, 0));
	assert_null(table_remove(&table, 0));
	assert_null(table_next(&table, &cursor));
	table_done(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_an_array),
		cmocka_unit_test(test_next_visits_each_once),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
