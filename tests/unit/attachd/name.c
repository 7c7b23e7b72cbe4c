// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include "base/name.h"
#include "base/util.h"

static void test_every_single_byte(void **state)
{
	for (int c = 0; c < 256; c++) {
		char one = (char)c, two[] = { 'a', (char)c };
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		bool other = (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';

		assert_int_equal(name_is_safe(&one, 1), letter);
		assert_int_equal(name_is_safe(two, 2), letter || other);
	}
}

static void test_length(void **state)
{
	char name[2048];

	memset(name, 'a', sizeof(name));
	assert_false(name_is_safe(name, 0));
	assert_true(name_is_safe(name, 63));
	assert_false(name_is_safe(name, 64));
	assert_false(name_is_safe(name, sizeof(name)));
}

static void test_paths_are_no_names(void **state)
{
	static const char *const bad[] = { "..", ".", "../x", "a/b", "/", "-rf", "0", "7-0" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(name_is_safe(bad[i], strlen(bad[i])));
}

static void test_migrating(void **state)
{
	assert_true(name_is_migrating("web--incoming"));
	assert_true(name_is_migrating("web--migratedaway"));
	assert_true(name_is_migrating("--incoming"));
	assert_false(name_is_migrating("web"));
	assert_false(name_is_migrating("web--incoming2"));
	assert_false(name_is_migrating("-incoming"));
	assert_false(name_is_migrating(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_single_byte),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_paths_are_no_names),
		cmocka_unit_test(test_migrating),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
