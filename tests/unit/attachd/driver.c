// SPDX-License-Identifier: GPL-2.0-or-later
/* Which driver is bound to a backend, as sysfs says. */
#include "harness.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/driver.h"
#include "nodes/kernel.h"

static char root[] = "/tmp/mydevice-driver-XXXXXX";

static void run(const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	assert_int_equal(system(line), 0);
}

/* Two drivers with the name of the class, of which one is built in. */
static int make_sysfs(void **state)
{
	assert_non_null(mkdtemp(root));
	run("cd %s && mkdir -p bus/xen-backend/devices module/othermodule devices", root);
	run("cd %s/bus/xen-backend && mkdir -p drivers/mydevice drivers/builtin && "
	    "ln -s ../../../../module/othermodule drivers/mydevice/module", root);
	run("cd %s/bus/xen-backend/devices && mkdir mydevice-7-0 mydevice-7-1 mydevice-7-2 && "
	    "ln -s ../../drivers/mydevice mydevice-7-0/driver && "
	    "ln -s ../../drivers/builtin mydevice-7-1/driver", root);
	return 0;
}

static int remove_sysfs(void **state)
{
	run("rm -rf %s", root);
	return 0;
}

static void test_bound(void **state)
{
	char driver[DRIVER_SIZE] = "as before";

	assert_true(driver_find(root, "mydevice", 7, 0, driver));
	assert_string_equal(driver, "othermodule");
	assert_true(driver_find(root, "mydevice", 7, 1, driver));
	assert_string_equal(driver, "builtin");
	assert_true(driver_find(root, "mydevice", 7, 2, driver));
	assert_string_equal(driver, "");
}

static void test_elsewhere(void **state)
{
	char driver[DRIVER_SIZE] = "as before";

	assert_false(driver_find(root, "mydevice", 8, 0, driver));
	assert_false(driver_find(root, "vif", 7, 0, driver));
	assert_false(driver_find("/nowhere", "mydevice", 7, 0, driver));
	assert_string_equal(driver, "as before");
}

/* The same for the daemon, of devices that this domain serves. */
static void test_daemon(void **state)
{
	struct device_key key = { .guest = 7, .class = "mydevice" };

	for (key.devid = 0; key.devid < 4; key.devid++)
		assert_int_equal(kernel_has_driver(root, &key),
				 key.devid < 2 ? 1 : key.devid == 2 ? 0 : -ENODATA);
	key.devid = 0;
	key.backend = 5;
	assert_int_equal(kernel_has_driver(root, &key), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_elsewhere),
		cmocka_unit_test(test_daemon),
	};

	return cmocka_run_group_tests(tests, make_sysfs, remove_sysfs);
}
