// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include "base/util.h"
#include "model/record.h"

static void test_uuid(void **state)
{
	char uuid[UUID_SIZE] = "?";

	assert_int_equal(uuid_parse("01234567-89AB-cdef-0123-456789abcDEF", 36, uuid), 0);
	assert_string_equal(uuid, "01234567-89ab-cdef-0123-456789abcdef");
	assert_int_equal(uuid_parse("01234567-89ab-cdef-0123-456789abcde", 35, uuid), -EINVAL);
	assert_int_equal(uuid_parse("01234567-89ab-cdef-0123-456789abcdefa", 37, uuid), -EINVAL);
	assert_int_equal(uuid_parse("0123456-789ab-cdef-0123-456789abcdef", 36, uuid), -EINVAL);
	assert_int_equal(uuid_parse("g1234567-89ab-cdef-0123-456789abcdef", 36, uuid), -EINVAL);
	assert_int_equal(uuid_parse("", 0, uuid), -EINVAL);
}

static void test_uuid_of_a_vm(void **state)
{
	static const char text[] = "01234567-89ab-cdef-0123-456789abcdef";
	char uuid[UUID_SIZE] = "";

	assert_int_equal(uuid_parse_vm("/vm/01234567-89ab-cdef-0123-456789abcdef", uuid), 0);
	assert_string_equal(uuid, text);
	*uuid = '\0';
	assert_int_equal(uuid_parse_vm("/vm/01234567-89ab-cdef-0123-456789abcdef-1", uuid), 0);
	assert_string_equal(uuid, text);
	assert_int_equal(uuid_parse_vm("/vm/01234567-89ab-cdef-0123-456789abcde", uuid), -EINVAL);
	assert_int_equal(uuid_parse_vm(text, uuid), -EINVAL);
	assert_int_equal(uuid_parse_vm("", uuid), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_uuid_of_a_vm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
