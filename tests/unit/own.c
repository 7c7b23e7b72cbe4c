// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How the drivers write their own nodes: with a transaction, without one if there is
 * none, in a bounded number of attempts, and never onto a device that has gone.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "own.h"

/* XenStore */
static int quota;		/* transactions that can be had; negative: any number */
static int conflicts;		/* of them, those that end with EAGAIN; negative: all */
static bool there;
static int write_error;
static int open_transactions, started, writes, writes_without;
static bool committed;

static int store_new(void **state)
{
	(void)state;
	quota = -1;
	conflicts = write_error = open_transactions = started = writes = writes_without = 0;
	there = true;
	committed = false;
	return 0;
}

int xenbus_transaction_start(struct xenbus_transaction *xbt)
{
	if (quota >= 0 && started >= quota)
		return -EINVAL;
	started++;
	open_transactions++;
	xbt->id = started;
	return 0;
}

int xenbus_transaction_end(struct xenbus_transaction xbt, int abort)
{
	assert_int_not_equal(xbt.id, 0);
	open_transactions--;
	if (abort)
		return 0;
	if (conflicts) {
		conflicts--;
		return -EAGAIN;
	}
	committed = true;
	return 0;
}

int xenbus_exists(struct xenbus_transaction xbt, const char *dir, const char *node)
{
	(void)xbt;
	assert_string_equal(dir, "device/mydevice/0");
	assert_string_equal(node, "state");
	return there;
}

int xenbus_printf(struct xenbus_transaction xbt, const char *dir, const char *node,
		  const char *format, ...)
{
	(void)dir;
	(void)node;
	(void)format;
	writes++;
	writes_without += !xbt.id;
	return write_error;
}

static int switch_state(enum xenbus_state *state)
{
	struct xenbus_device dev = { "device/mydevice/0", *state };
	int r = myd_switch_state(&dev, XenbusStateInitWait);

	assert_int_equal(open_transactions, 0);
	*state = dev.state;
	return r;
}

static void writes_in_a_transaction(void **unused)
{
	enum xenbus_state state = XenbusStateInitialising;

	(void)unused;
	conflicts = 3;
	assert_int_equal(switch_state(&state), 0);
	assert_int_equal(state, XenbusStateInitWait);
	assert_true(committed);
	assert_int_equal(started, 4);
	assert_int_equal(writes_without, 0);
}

static void writes_the_same_not_again(void **unused)
{
	enum xenbus_state state = XenbusStateInitWait;

	(void)unused;
	assert_int_equal(switch_state(&state), 0);
	assert_int_equal(writes, 0);
}

static void writes_without_a_transaction(void **unused)
{
	enum xenbus_state state = XenbusStateInitialising;

	(void)unused;
	quota = 0;
	assert_int_equal(switch_state(&state), 0);
	assert_int_equal(state, XenbusStateInitWait);
	assert_int_equal(writes_without, 1);
}

/* Another writer could make all of them fail. */
static void tries_are_bounded(void **unused)
{
	enum xenbus_state state = XenbusStateInitialising;

	(void)unused;
	conflicts = -1;
	assert_int_equal(switch_state(&state), 0);
	assert_int_equal(state, XenbusStateInitWait);
	assert_int_equal(started, MYD_TRANSACTIONS_MAX);
	assert_int_equal(writes_without, 1);
}

static void a_device_that_has_gone_stays_away(void **unused)
{
	enum xenbus_state state = XenbusStateInitialising;

	(void)unused;
	there = false;
	assert_int_equal(switch_state(&state), 0);
	quota = 0;
	assert_int_equal(switch_state(&state), 0);
	assert_int_equal(state, XenbusStateInitialising);
	assert_int_equal(writes, 0);
}

static void an_error_is_returned(void **unused)
{
	enum xenbus_state state = XenbusStateInitialising;

	(void)unused;
	write_error = -ENOSPC;
	assert_int_equal(switch_state(&state), -ENOSPC);
	assert_int_equal(state, XenbusStateInitialising);
	assert_false(committed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(writes_in_a_transaction, store_new),
		cmocka_unit_test_setup(writes_the_same_not_again, store_new),
		cmocka_unit_test_setup(writes_without_a_transaction, store_new),
		cmocka_unit_test_setup(tries_are_bounded, store_new),
		cmocka_unit_test_setup(a_device_that_has_gone_stays_away, store_new),
		cmocka_unit_test_setup(an_error_is_returned, store_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
