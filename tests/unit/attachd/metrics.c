// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include "base/rate.h"
#include "view/metrics.h"

static char *print(enum metrics_format format, const struct metrics *metrics,
		   struct guest_counts *guests, size_t n)
{
	size_t size;
	char *text;
	FILE *stream = open_memstream(&text, &size);

	metrics_print(stream, format, metrics, guests, n);
	fclose(stream);
	return text;
}

static void assert_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at++)
		if ((at == text || at[-1] == '\n') && at[len] == '\n')
			return;
	fail_msg("\"%s\" is no line of:\n%s", line, text);
}

static void test_formats(void **state)
{
	struct metrics metrics = { .store_connected = true, .guests = 3, .served = 7 };
	_cleanup_free_ char *open = NULL, *old = NULL;

	metrics.counters[COUNT_FORCED] = 2;
	open = print(METRICS_OPENMETRICS, &metrics, NULL, 0);
	assert_line(open, "# TYPE mydevice_attachd info");
	assert_line(open, "mydevice_attachd_info{version=\"" MYDEVICE_VERSION "\"} 1");
	assert_line(open, "mydevice_xenstore_up 1");
	assert_line(open, "mydevice_guests 3");
	assert_line(open, "# TYPE mydevice_forced counter");
	assert_line(open, "mydevice_forced_total 2");
	assert_line(open, "mydevice_requests_total 7");
	assert_string_equal(open + strlen(open) - 6, "# EOF\n");
	old = print(METRICS_PROMETHEUS, &metrics, NULL, 0);
	assert_line(old, "# TYPE mydevice_forced_total counter");
	assert_line(old, "mydevice_forced_total 2");
	assert_null(strstr(old, "# EOF"));
	assert_null(strstr(old, " info\n"));
}

static void test_histogram(void **state)
{
	struct metrics metrics = {};
	_cleanup_free_ char *text = NULL;

	histogram_add(&metrics.written, 0);
	histogram_add(&metrics.written, 250);
	histogram_add(&metrics.written, 251);
	histogram_add(&metrics.written, UINT64_C(3600) * USEC_PER_SEC);
	text = print(METRICS_OPENMETRICS, &metrics, NULL, 0);
	assert_line(text, "mydevice_attach_seconds_bucket{le=\"0.00025\"} 2");
	assert_line(text, "mydevice_attach_seconds_bucket{le=\"0.0005\"} 3");
	assert_line(text, "mydevice_attach_seconds_bucket{le=\"30\"} 3");
	assert_line(text, "mydevice_attach_seconds_bucket{le=\"+Inf\"} 4");
	assert_line(text, "mydevice_attach_seconds_count 4");
	assert_line(text, "mydevice_attach_seconds_sum 3600.000501");
	assert_line(text, "mydevice_connect_seconds_count 0");
}

static void test_guests_are_bounded_and_escaped(void **state)
{
	struct guest_counts guests[METRICS_GUESTS_MAX + 50] = {};
	struct metrics metrics = {};
	_cleanup_free_ char *text = NULL;
	unsigned int shown = 0;

	for (size_t i = 0; i < ARRAY_SIZE(guests); i++)
		guests[i] = (struct guest_counts){ .domid = (unsigned int)i + 1,
						   .guest = escape("web"), .requests = 5 };
	guests[240].guest = escape("a\"b\\c\x1b\nd");
	guests[240].pauses = 9;
	text = print(METRICS_OPENMETRICS, &metrics, guests, ARRAY_SIZE(guests));
	for (const char *at = text; (at = strstr(at, "mydevice_guest_requests_total{")); at++)
		shown++;
	assert_int_equal(shown, METRICS_GUESTS_MAX);
	assert_line(text, "mydevice_guests_left_out 50");
	assert_line(text, "mydevice_guest_pauses_total{domid=\"241\","
		    "guest=\"a\\\"b\\\\x5cc\\\\x1b\\\\x0ad\"} 9");
}

static void test_rate(void **state)
{
	uint64_t now = 5000 * USEC_PER_SEC, wait;
	struct rate rate = {};

	for (int i = 0; i < 3; i++)
		assert_int_equal(rate_take(&rate, now, 3, 1000), 0);
	wait = rate_take(&rate, now, 3, 1000);
	assert_in_range(wait, 1, 1000);
	assert_true(rate_take(&rate, now + wait - 1, 3, 1000) > 0);
	assert_int_equal(rate_take(&rate, now + wait, 3, 1000), 0);
	assert_true(rate_take(&rate, now + wait, 3, 1000) > 0);
	/* one a time, if that is the burst */
	rate = (struct rate){};
	assert_int_equal(rate_take(&rate, now, 1, 1000), 0);
	assert_int_equal(rate_take(&rate, now, 1, 1000), 1000);
	assert_int_equal(rate_take(&rate, now + 1000, 1, 1000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_guests_are_bounded_and_escaped),
		cmocka_unit_test(test_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
