// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kmod/compat/yield.h: a task that spins gives way to both kinds of preemption.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../compat/yield.h"

static unsigned int flags;

bool test_thread_flag(int flag)
{
	return flags & 1u << flag;
}

static void both_flags(void **state)
{
	(void)state;
	flags = 0;
	assert_false(myd_should_yield());
	flags = 1u << TIF_NEED_RESCHED;
	assert_true(myd_should_yield());
	flags = 1u << TIF_NEED_RESCHED_LAZY;
	assert_true(myd_should_yield());
	flags = ~(1u << TIF_NEED_RESCHED | 1u << TIF_NEED_RESCHED_LAZY);
	assert_false(myd_should_yield());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_flags),
	};

	return cmocka_run_group_tests_name("yield", tests, NULL, NULL);
}
