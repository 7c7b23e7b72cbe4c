// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include "withheld.h"

static void test_whole_words(void **state)
{
	struct withheld w = {};

	assert_int_equal(withheld_add(&w, "mydevice", "demo"), 0);
	assert_int_equal(withheld_add(&w, "mydevice", "demo2"), 0);
	assert_int_equal(withheld_add(&w, "bob", "demo"), 0);
	assert_int_equal(withheld_add(&w, "bob", "demo"), 0);
	assert_string_equal(w.text, " mydevice/demo mydevice/demo2 bob/demo");
	assert_true(withheld_has(&w, "mydevice", "demo"));
	assert_false(withheld_has(&w, "mydevice", "dem"));
	assert_false(withheld_has(&w, "device", "demo"));
	assert_false(withheld_has(&w, "bob", "demo2"));
	assert_true(withheld_drop(&w, "mydevice", "demo"));
	assert_false(withheld_drop(&w, "mydevice", "demo"));
	assert_true(withheld_has(&w, "mydevice", "demo2"));
	assert_true(withheld_drop(&w, "bob", "demo"));
	assert_true(withheld_drop(&w, "mydevice", "demo2"));
	assert_string_equal(w.text, "");
}

static void test_so_many_and_no_more(void **state)
{
	struct withheld w = {};
	unsigned int n = 0;
	char name[64];

	memset(name, 'n', 63);
	name[63] = '\0';
	do
		name[n / 26] = (char)('a' + n % 26);
	while (withheld_add(&w, "mydevice", name) == 0 && ++n < 100);
	assert_in_range(n, 10, 20);
	assert_true(strlen(w.text) < WITHHELD_SIZE);
	assert_false(withheld_has(&w, "mydevice", name));
}

static void test_whose_it_is(void **state)
{
	static const char uuid[] = "01234567-89ab-cdef-0123-456789abcdef";
	char text[WITHHELD_SIZE + 64];
	struct withheld w = {};

	snprintf(text, sizeof(text), "%s mydevice/demo", uuid);
	assert_true(withheld_parse(&w, uuid, text));
	assert_true(withheld_has(&w, "mydevice", "demo"));
	w.text[0] = '\0';
	assert_false(withheld_parse(&w, "11234567-89ab-cdef-0123-456789abcdef", text));
	assert_false(withheld_parse(&w, uuid, uuid));
	assert_false(withheld_parse(&w, uuid, ""));
	assert_false(withheld_parse(&w, uuid, "01234567"));
	memset(text + 36, ' ', sizeof(text) - 37);
	text[sizeof(text) - 1] = '\0';
	assert_false(withheld_parse(&w, uuid, text));
	assert_string_equal(w.text, "");
	/* where the UUID is not known */
	assert_true(withheld_parse(&w, "", " mydevice/demo"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_words),
		cmocka_unit_test(test_so_many_and_no_more),
		cmocka_unit_test(test_whose_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
