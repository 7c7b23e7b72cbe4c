// SPDX-License-Identifier: GPL-2.0-or-later
/* What systemd's variables for directories mean. */
#include "harness.h"

#include <stdlib.h>

#include "base/util.h"
#include "service/directory.h"

#define VARIABLE "STATE_DIRECTORY"

static void test_directory(void **state)
{
	static const struct {
		const char *list, *expected;
	} samples[] = {
		{ "/var/lib/mydevice", "/var/lib/mydevice" },
		{ "/var/lib/mydevice:/var/lib/other", "/var/lib/mydevice" },
		{ "/a:/b:/c", "/a" },
		{ "/a:", "/a" },
		{ NULL, "/fallback" },
		{ "", "/fallback" },
		{ ":/b", "/fallback" },
		{ "mydevice", "/fallback" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		char *found;

		if (samples[i].list)
			setenv(VARIABLE, samples[i].list, 1);
		else
			unsetenv(VARIABLE);
		found = service_directory(VARIABLE, "/fallback");
		assert_string_equal(found, samples[i].expected);
		free(found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
