// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include "base/escape.h"

static void test_plain_text_stays(void **state)
{
	assert_string_equal(escape("web-1 ~!\"").text, "web-1 ~!\"");
	assert_string_equal(escape("").text, "");
}

static void test_no_byte_reaches_a_terminal(void **state)
{
	for (int c = 0; c < 256; c++) {
		char one = (char)c;
		struct escaped e = escape_bytes(&one, 1);

		for (const char *p = e.text; *p; p++)
			assert_in_range(*p, ' ', '~');
		assert_int_equal(strlen(e.text), c >= ' ' && c < 0x7f && c != '\\' ? 1 : 4);
	}
	assert_string_equal(escape("\x1b[2J\\").text, "\\x1b[2J\\x5c");
	assert_string_equal(escape_bytes("a\0b", 3).text, "a\\x00b");
}

/* Of every length, of bytes that need one place and of such that need four. */
static void test_long_text_is_cut(void **state)
{
	static const char fills[] = { 'a', '\n' };
	char text[300];

	for (int fill = 0; fill < 2; fill++) {
		memset(text, fills[fill], sizeof(text));
		for (size_t len = 0; len <= sizeof(text); len++) {
			struct escaped e = escape_bytes(text, len);
			size_t whole = len * (fill ? 4 : 1);

			assert_true(strlen(e.text) < sizeof(e.text));
			/* in between, room is kept for the dots */
			if (whole <= sizeof(e.text) - 4)
				assert_int_equal(strlen(e.text), whole);
			if (whole >= sizeof(e.text))
				assert_string_equal(e.text + strlen(e.text) - 3, "...");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_text_stays),
		cmocka_unit_test(test_no_byte_reaches_a_terminal),
		cmocka_unit_test(test_long_text_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
