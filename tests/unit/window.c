// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kmod/core/window.h: what is allowed in a second, by a clock that wraps.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "window.h"

#define SECOND	250u
#define MOST	3u

/* How many of ten at @now are allowed. */
static unsigned int allowed(struct myd_window *window, unsigned long now)
{
	unsigned int count = 0;

	for (int i = 0; i < 10; i++)
		count += myd_window_allows(window, now, SECOND, MOST);
	return count;
}

static void within_a_second(void **state)
{
	struct myd_window window = { .since = 1000 };

	(void)state;
	assert_int_equal(allowed(&window, 1000), MOST);
	assert_int_equal(allowed(&window, 1000 + SECOND), 0);
	assert_int_equal(allowed(&window, 1001 + SECOND), MOST);
	assert_int_equal(allowed(&window, 1002 + SECOND), 0);
}

/* On a 32-bit machine jiffies starts five minutes before it wraps. */
static void starts_before_the_wrap(void **state)
{
	unsigned long boot = -300ul * SECOND;
	struct myd_window window = {};

	(void)state;
	for (unsigned long at = boot; at != boot + 600 * SECOND; at += 2 * SECOND)
		assert_int_equal(allowed(&window, at), MOST);
}

static void unused_for_long(void **state)
{
	struct myd_window window = { .since = 5, .count = MOST };

	(void)state;
	assert_int_equal(allowed(&window, (ULONG_MAX >> 1) + 2 * SECOND), MOST);
	assert_int_equal(allowed(&window, 5), MOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(within_a_second),
		cmocka_unit_test(starts_before_the_wrap),
		cmocka_unit_test(unused_for_long),
	};

	return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
