// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include <errno.h>

#include "notes/withheld.h"

static void test_whole_words(void **state)
{
	struct withheld w = {};

	assert_int_equal(withheld_add(&w, "mydevice", "demo"), 0);
	assert_int_equal(withheld_add(&w, "mydevice", "demo2"), 0);
	assert_int_equal(withheld_add(&w, "bob", "demo"), 0);
	assert_int_equal(withheld_add(&w, "bob", "demo"), 0);
	assert_string_equal(withheld_words(&w), " mydevice/demo mydevice/demo2 bob/demo");
	assert_true(withheld_has(&w, "mydevice", "demo"));
	assert_false(withheld_has(&w, "mydevice", "dem"));
	assert_false(withheld_has(&w, "device", "demo"));
	assert_false(withheld_has(&w, "bob", "demo2"));
	assert_true(withheld_drop(&w, "mydevice", "demo"));
	assert_false(withheld_drop(&w, "mydevice", "demo"));
	assert_true(withheld_has(&w, "mydevice", "demo2"));
	assert_true(withheld_drop(&w, "bob", "demo"));
	assert_true(withheld_drop(&w, "mydevice", "demo2"));
	assert_string_equal(withheld_words(&w), "");
	withheld_done(&w);
}

static void test_as_many_as_there_are(void **state)
{
	struct withheld w = {}, again = {};
	unsigned int n, parts = 0;
	const char *words;
	char name[64], text[WITHHELD_SIZE];
	size_t len;

	memset(name, 'n', 63);
	name[63] = '\0';
	for (n = 0; n < 100; n++) {
		name[n / 26] = (char)('a' + n % 26);
		assert_int_equal(withheld_add(&w, "mydevice", name), 0);
	}
	for (words = withheld_words(&w); *words; words += len, parts++) {
		len = withheld_part(words);
		assert_in_range(len, 1, WITHHELD_SIZE - 1);
		assert_int_equal(words[0], ' ');
		snprintf(text, sizeof(text), "%.*s", (int)len, words);
		assert_int_equal(withheld_parse(&again, "", text), 0);
	}
	assert_in_range(parts, 7, 9);
	assert_string_equal(withheld_words(&again), withheld_words(&w));
	assert_true(withheld_has(&again, "mydevice", name));
	assert_int_equal(withheld_part(""), 0);
	withheld_done(&again);
	withheld_done(&w);
}

static void test_whose_it_is(void **state)
{
	static const char uuid[] = "01234567-89ab-cdef-0123-456789abcdef";
	char text[128];
	struct withheld w = {};

	snprintf(text, sizeof(text), "%s mydevice/demo", uuid);
	assert_int_equal(withheld_parse(&w, uuid, text), 0);
	assert_true(withheld_has(&w, "mydevice", "demo"));
	withheld_done(&w);
	assert_int_equal(withheld_parse(&w, "11234567-89ab-cdef-0123-456789abcdef", text),
			 -EBADMSG);
	assert_int_equal(withheld_parse(&w, uuid, uuid), -EBADMSG);
	assert_int_equal(withheld_parse(&w, uuid, ""), -EBADMSG);
	assert_int_equal(withheld_parse(&w, uuid, "01234567"), -EBADMSG);
	assert_string_equal(withheld_words(&w), "");
	/* where the UUID is not known */
	assert_int_equal(withheld_parse(&w, "", " mydevice/demo"), 0);
	assert_true(withheld_has(&w, "mydevice", "demo"));
	withheld_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_words),
		cmocka_unit_test(test_as_many_as_there_are),
		cmocka_unit_test(test_whose_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
