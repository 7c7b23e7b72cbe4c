// SPDX-License-Identifier: GPL-2.0-or-later
/* Each error that an order may end with has a name on the bus. */
#include "harness.h"

#include "base/util.h"
#include "bus/error.h"
#include "bus/names.h"

/* All that engine/orders.c sets as a result, and what it is called with. */
static void test_orders(void **state)
{
	static const struct {
		int error;
		const char *name;
	} samples[] = {
		{ -EINVAL, "org.freedesktop.DBus.Error.InvalidArgs" },
		{ -ENOMEM, "org.freedesktop.DBus.Error.NoMemory" },
		{ -ESRCH, BUS_ERROR_NO_SUCH_GUEST },
		{ -ENOTUNIQ, BUS_ERROR_AMBIGUOUS_GUEST },
		{ -ENXIO, BUS_ERROR_NO_SUCH_DEVICE },
		{ -EEXIST, BUS_ERROR_EXISTS },
		{ -EBUSY, BUS_ERROR_BUSY },
		{ -EAGAIN, BUS_ERROR_BUSY },
		{ -EHOSTUNREACH, BUS_ERROR_NO_BACKEND },
		{ -ENOSPC, BUS_ERROR_NO_SPACE },
		{ -EHOSTDOWN, BUS_ERROR_NO_XENSTORE },
		{ -ENOTCONN, BUS_ERROR_NO_XENSTORE },
		{ -EOPNOTSUPP, BUS_ERROR_NOT_SUPPORTED },
		{ -EUNATCH, BUS_ERROR_NO_DRIVER },
		{ -EIO, BUS_ERROR_FAILED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
		assert_string_equal(bus_error_name(samples[i].error), samples[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
