// SPDX-License-Identifier: GPL-2.0-or-later
/* What is kept of requests that were not granted, and that nothing a guest does hides it. */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "model/request-log.h"

#define DAY REQUEST_LOG_KEEP_USEC

static void note(struct request_log *log, uint32_t devid, const char *name,
		 enum request_state state, uint64_t now_usec)
{
	struct request_entry entry = { .devid = devid, .name = escape(name), .state = state };

	snprintf(entry.reason, sizeof(entry.reason), "since %llu", (unsigned long long)now_usec);
	request_log_note(log, &entry, now_usec);
}

static const struct request_entry *entry(const struct request_log *log, const char *name)
{
	for (unsigned int i = 0; i < log->n; i++)
		if (!strcmp(log->entries[i].name.text, name))
			return &log->entries[i];
	return NULL;
}

static void test_one(void **state)
{
	struct request_log log = {};

	note(&log, 1, "a", REQUEST_DENIED, 10);
	note(&log, 1, "a", REQUEST_DENIED, 20);
	assert_int_equal(log.n, 1);
	assert_int_equal(entry(&log, "a")->first_usec, 10);
	assert_int_equal(entry(&log, "a")->last_usec, 20);
	assert_int_equal(entry(&log, "a")->count, 2);
	assert_string_equal(entry(&log, "a")->reason, "since 20");
	/* since when it is in this state */
	note(&log, 1, "a", REQUEST_WAITING, 30);
	assert_int_equal(entry(&log, "a")->first_usec, 30);
	request_log_withdraw(&log, 2);
	assert_false(entry(&log, "a")->withdrawn);
	request_log_withdraw(&log, 1);
	assert_true(entry(&log, "a")->withdrawn);
	note(&log, 1, "a", REQUEST_DENIED, 40);
	assert_false(entry(&log, "a")->withdrawn);
	/* another one by the same id takes its place, and it is still there */
	note(&log, 1, "b", REQUEST_DENIED, 50);
	assert_true(entry(&log, "a")->withdrawn);
	assert_false(entry(&log, "b")->withdrawn);
	request_log_grant(&log, 1, "b");
	assert_null(entry(&log, "b"));
	assert_non_null(entry(&log, "a"));
	request_log_grant(&log, 1, "c");
	assert_int_equal(log.n, 1);
}

static void test_flood(void **state)
{
	struct request_log log = {};
	char name[16];

	for (unsigned int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "x%u", i);
		note(&log, i % 3, name, REQUEST_DENIED, i + 1);
		assert_true(log.n <= REQUEST_LOG_MAX);
	}
	assert_int_equal(log.n, REQUEST_LOG_MAX);
	assert_int_equal(log.left_out, 1000 - REQUEST_LOG_MAX);
	for (unsigned int i = 0; i < REQUEST_LOG_MAX; i++) {
		snprintf(name, sizeof(name), "x%u",
			 i < REQUEST_LOG_FIRST ? i : 1000 - REQUEST_LOG_MAX + i);
		assert_string_equal(log.entries[i].name.text, name);
	}
}

/* What is no more is kept for a day, what is there for as long as it is there. */
static void test_age(void **state)
{
	struct request_log log = {};

	note(&log, 1, "gone", REQUEST_DENIED, 10);
	note(&log, 2, "there", REQUEST_DENIED, 10);
	note(&log, REQUEST_LOG_NO_DEVID, "nowhere", REQUEST_FAILING, 10);
	request_log_withdraw(&log, 1);
	request_log_withdraw(&log, REQUEST_LOG_NO_DEVID);
	request_log_expire(&log, DAY + 10);
	assert_int_equal(log.n, 3);
	/* the wall clock was set back */
	request_log_expire(&log, 5);
	assert_int_equal(log.n, 3);
	request_log_expire(&log, DAY + 11);
	assert_int_equal(log.n, 1);
	assert_non_null(entry(&log, "there"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_age),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
