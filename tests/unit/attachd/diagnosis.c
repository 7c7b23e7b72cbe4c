// SPDX-License-Identifier: GPL-2.0-or-later
/* What a machine is to Xen, and its module, by a sysfs of our own. */
#include <stdlib.h>

#include "harness.h"
#include "base/diagnosis.h"

static char sysfs[64];

static int set_up(void **state)
{
	strcpy(sysfs, "/tmp/attachd-diagnosis-XXXXXX");
	return mkdtemp(sysfs) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", sysfs);
	return system(command);
}

static void put(const char *dir, const char *name, const char *text)
{
	char command[256], path[256];
	FILE *f;

	snprintf(command, sizeof(command), "mkdir -p '%s/%s'", sysfs, dir);
	assert_int_equal(system(command), 0);
	snprintf(path, sizeof(path), "%s/%s/%s", sysfs, dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_role(void **state)
{
	static const struct {
		const char *features;
		enum host_role role;
	} rows[] = {
		{ "00002705\n", HOST_GUEST },
		{ "00002f15\n", HOST_CONTROL },
		{ "0000000000000800\n", HOST_CONTROL },
		{ "\n", HOST_UNKNOWN },
		{ "xyz", HOST_UNKNOWN },
		{ "", HOST_UNKNOWN },
	};

	assert_int_equal(diagnose_role("/nowhere"), HOST_UNKNOWN);
	assert_int_equal(diagnose_role(sysfs), HOST_BARE);
	put("hypervisor", "type", "kvm\n");
	assert_int_equal(diagnose_role(sysfs), HOST_BARE);
	put("hypervisor", "type", "xen\n");
	assert_int_equal(diagnose_role(sysfs), HOST_UNKNOWN);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put("hypervisor/properties", "features", rows[i].features);
		assert_int_equal(diagnose_role(sysfs), rows[i].role);
	}
	/* nothing is said about a machine that is as it must be, or not known */
	assert_null(diagnose_role_text(HOST_CONTROL));
	assert_null(diagnose_role_text(HOST_UNKNOWN));
	assert_non_null(strstr(diagnose_store(HOST_CONTROL, false), "start xenstored"));
	assert_non_null(strstr(diagnose_store(HOST_UNKNOWN, true), "run it as root"));
}

static void test_driver(void **state)
{
	char version[HOST_VERSION_SIZE];

	assert_int_equal(diagnose_driver(sysfs, version), HOST_DRIVER_UNKNOWN);
	put("hypervisor", "type", "xen\n");
	put("hypervisor/properties", "features", "00000800\n");
	assert_int_equal(diagnose_driver(sysfs, version), HOST_DRIVER_MISSING);
	assert_string_equal(version, "");
	put("module/mydeviceback", "refcnt", "0\n");
	assert_int_equal(diagnose_driver(sysfs, version), HOST_DRIVER_UNKNOWN);
	put("module/mydeviceback", "version", "0.0.1\n");
	assert_int_equal(diagnose_driver(sysfs, version), HOST_DRIVER_OTHER);
	assert_string_equal(version, "0.0.1");
	put("module/mydeviceback", "version", MYDEVICE_VERSION "\n");
	assert_int_equal(diagnose_driver(sysfs, version), HOST_DRIVER_FINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_role, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_driver, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
