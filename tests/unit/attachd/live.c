// SPDX-License-Identifier: GPL-2.0-or-later
/* Settings of a connected channel: what a person may write, and what stands in the node. */
#include "harness.h"

#include "base/util.h"
#include "model/live.h"

/* A value of one key, or NULL if it is refused. */
static const char *parsed(enum live_key key, const char *text)
{
	static char value[LIVE_VALUE_SIZE];

	strcpy(value, "untouched");
	if (live_parse(key, text, value) == 0)
		return value;
	assert_string_equal(value, "untouched");
	return NULL;
}

static void assert_refused(enum live_key key, const char *const texts[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (parsed(key, texts[i]))
			fail_msg("%s=%s", live_name(key), texts[i]);
}

static void test_rates(void **state)
{
	static const char *const bad[] = {
		"", "-1", "+1", " 1", "1 ", "1.5", "0x10", "many", "65G", "68719476737",
		"18446744073709551616", "01", "K", "1KK", "1T",
	};

	for (enum live_key key = LIVE_RATE_BYTES; key <= LIVE_RATE_MESSAGES; key++) {
		assert_string_equal(parsed(key, "1"), "1");
		assert_string_equal(parsed(key, "512K"), "524288");
		assert_string_equal(parsed(key, "64G"), "68719476736");
		/* the default has no node */
		assert_string_equal(parsed(key, "0"), "");
		assert_refused(key, bad, ARRAY_SIZE(bad));
	}
}

static void test_paused(void **state)
{
	static const char *const bad[] = { "", "2", "maybe", "yes ", "-1" };

	assert_string_equal(parsed(LIVE_PAUSED, "yes"), "1");
	assert_string_equal(parsed(LIVE_PAUSED, "1"), "1");
	assert_string_equal(parsed(LIVE_PAUSED, "off"), "");
	assert_refused(LIVE_PAUSED, bad, ARRAY_SIZE(bad));
}

static void test_wakes(void **state)
{
	static const char *const bad[] = { "", "-1", "1048577", "2M", "x" };

	for (enum live_key key = LIVE_READ_WAKE; key <= LIVE_WRITE_WAKE; key++) {
		assert_string_equal(parsed(key, "4K"), "4096");
		assert_string_equal(parsed(key, "1M"), "1048576");
		assert_string_equal(parsed(key, "0"), "");
		assert_refused(key, bad, ARRAY_SIZE(bad));
	}
}

static void test_spins(void **state)
{
	static const char *const bad[] = { "", "10001", "4294967294", "4294967296", "Never", "1K" };

	assert_string_equal(parsed(LIVE_SPIN_USEC, "10000"), "10000");
	assert_string_equal(parsed(LIVE_SPIN_USEC, "0"), "");
	assert_string_equal(parsed(LIVE_SPIN_USEC, "never"), "4294967295");
	/* as it is read again */
	assert_string_equal(parsed(LIVE_SPIN_USEC, "4294967295"), "4294967295");
	assert_refused(LIVE_SPIN_USEC, bad, ARRAY_SIZE(bad));
}

static void test_direction(void **state)
{
	static const char *const bad[] = { "", "to_host", "host", "To-Host", "to-host ", "none" };

	assert_string_equal(parsed(LIVE_DIRECTION, "to-host"), "to-host");
	assert_string_equal(parsed(LIVE_DIRECTION, "to-guest"), "to-guest");
	/* the default has no node */
	assert_string_equal(parsed(LIVE_DIRECTION, "both"), "");
	assert_refused(LIVE_DIRECTION, bad, ARRAY_SIZE(bad));
}

static void test_nodes(void **state)
{
	static const char *const accounts[] = {
		"", "-x", "a b", "Root", "a/b", "a\"b", "a$b", "abcdefghijklmnopqrstuvwxyz012345",
	};
	static const char *const modes[] = { "", "640", "0641", "0777", "1640", "06400", "0x40" };

	assert_string_equal(parsed(LIVE_NODE_USER, "abcdefghijklmnopqrstuvwxyz01234"),
			    "abcdefghijklmnopqrstuvwxyz01234");
	assert_string_equal(parsed(LIVE_NODE_GROUP, "1000"), "1000");
	assert_string_equal(parsed(LIVE_NODE_MODE, "0640"), "0640");
	assert_refused(LIVE_NODE_USER, accounts, ARRAY_SIZE(accounts));
	assert_refused(LIVE_NODE_GROUP, accounts, ARRAY_SIZE(accounts));
	assert_refused(LIVE_NODE_MODE, modes, ARRAY_SIZE(modes));
}

/* What is refused changes nothing, and says what was expected. */
static void test_set(void **state)
{
	char text[LIVE_TEXT_SIZE];
	struct live live = {};
	struct reason reason;

	assert_int_equal(live_set(&live, "rate-bytes", "10K", &reason), 0);
	assert_int_equal(live_set(&live, "paused", "yes", &reason), 0);
	live_format(&live, text);
	assert_string_equal(text, "rate-bytes=10240 paused=1");
	assert_int_equal(live_set(&live, "rate-bytes", "\x1b[1m", &reason), -EINVAL);
	assert_non_null(strstr(reason.text, "rate-bytes=\\x1b[1m is not valid; expected bytes"));
	assert_int_equal(live_set(&live, "Paused", "no", &reason), -EINVAL);
	assert_non_null(strstr(reason.text, "\"Paused\" cannot be set; expected one of "
			       "rate-bytes,"));
	assert_non_null(strstr(reason.text, " node-mode"));
	live_format(&live, text);
	assert_string_equal(text, "rate-bytes=10240 paused=1");
	assert_int_equal(live_set(&live, "rate-bytes", "", &reason), 0);
	assert_int_equal(live_set(&live, "paused", "no", &reason), 0);
	live_format(&live, text);
	assert_string_equal(text, "");
}

/* The longest that each may be, all at once. */
static void test_there_is_room(void **state)
{
	static const char *const longest[LIVE_MAX] = {
		"68719476736", "68719476736", "1", "1048576", "1048576", "never",
		"abcdefghijklmnopqrstuvwxyz01234", "abcdefghijklmnopqrstuvwxyz01234", "0666",
		"to-guest",
	};
	char text[LIVE_TEXT_SIZE];
	struct live live = {};
	struct reason reason;

	for (enum live_key key = 0; key < LIVE_MAX; key++) {
		assert_int_equal(live_find(live_name(key)), key);
		assert_int_equal(live_set(&live, live_name(key), longest[key], &reason), 0);
	}
	live_format(&live, text);
	assert_non_null(strstr(text, " node-mode=0666 direction=to-guest"));
	assert_int_equal(live_find("rate"), LIVE_MAX);
}

/* What holds without the node is a value that leaves no node. */
static void test_effective(void **state)
{
	struct live live = {};
	struct reason reason;

	for (enum live_key key = 0; key < LIVE_MAX; key++) {
		char value[LIVE_VALUE_SIZE] = "x";
		const char *unset = live_effective(&live, key);

		if (!*unset)
			continue;
		assert_int_equal(live_parse(key, unset, value), 0);
		assert_string_equal(value, "");
	}
	assert_string_equal(live_effective(&live, LIVE_DIRECTION), "both");
	assert_int_equal(live_set(&live, "direction", "to-host", &reason), 0);
	assert_string_equal(live_effective(&live, LIVE_DIRECTION), "to-host");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_paused),
		cmocka_unit_test(test_wakes),
		cmocka_unit_test(test_spins),
		cmocka_unit_test(test_direction),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_there_is_room),
		cmocka_unit_test(test_effective),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
