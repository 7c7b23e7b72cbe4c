// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include "base/number.h"
#include "base/util.h"

static int decimal(const char *text, uint64_t max)
{
	uint64_t n = 4711;
	int r = number_decimal(text, strlen(text), max, &n);

	if (r < 0)
		assert_int_equal(n, 4711);
	return r;
}

static void test_decimal_takes_digits_only(void **state)
{
	static const char *const junk[] = {
		"", " 1", "1 ", "+1", "-1", "0x10", "1e3", "01", "00", "1.", ".", "\n", "a",
		"\xd9\xa1", "1\t",
	};

	for (size_t i = 0; i < ARRAY_SIZE(junk); i++)
		assert_int_equal(decimal(junk[i], UINT64_MAX), -EINVAL);
	assert_int_equal(decimal("0", 0), 0);
	assert_int_equal(decimal("10", 10), 0);
}

static void test_decimal_stops_at_nul_inside(void **state)
{
	uint64_t n;

	assert_int_equal(number_decimal("1\0002", 3, 100, &n), -EINVAL);
	assert_int_equal(number_decimal("12", 1, 100, &n), 0);
	assert_int_equal(n, 1);
}

static void test_decimal_overflow(void **state)
{
	char digits[2048];
	uint64_t n;

	assert_int_equal(decimal("11", 10), -ERANGE);
	assert_int_equal(decimal("18446744073709551615", UINT64_MAX), 0);
	assert_int_equal(decimal("18446744073709551616", UINT64_MAX), -ERANGE);
	assert_int_equal(decimal("99999999999999999999", UINT64_MAX), -ERANGE);
	memset(digits, '9', sizeof(digits));
	assert_int_equal(number_decimal(digits, sizeof(digits), UINT64_MAX, &n), -ERANGE);
	digits[sizeof(digits) - 1] = 'x';
	assert_int_equal(number_decimal(digits, sizeof(digits), UINT64_MAX, &n), -EINVAL);
}

static void test_every_devid(void **state)
{
	char text[16];
	unsigned int devid;

	for (unsigned int i = 0; i <= 5000; i++) {
		int len = snprintf(text, sizeof(text), "%u", i);
		int r = number_devid(text, (size_t)len, &devid);

		assert_int_equal(r, i <= 4095 ? 0 : -ERANGE);
		if (r == 0)
			assert_int_equal(devid, i);
	}
	assert_int_equal(number_devid("../1", 4, &devid), -EINVAL);
}

static void test_domid_ends_before_the_reserved(void **state)
{
	unsigned int domid;

	assert_int_equal(number_domid("32751", 5, &domid), 0);
	assert_int_equal(number_domid("32752", 5, &domid), -ERANGE);
}

static void test_bytes(void **state)
{
	uint64_t n = 0;

	assert_int_equal(number_bytes("256K", 1 << 20, &n), 0);
	assert_int_equal(n, 256 << 10);
	assert_int_equal(number_bytes("1M", 1 << 20, &n), 0);
	assert_int_equal(n, 1 << 20);
	assert_int_equal(number_bytes("1048577", 1 << 20, &n), -ERANGE);
	assert_int_equal(number_bytes("2m", 1 << 20, &n), -ERANGE);
	assert_int_equal(number_bytes("17179869184G", UINT64_MAX, &n), -ERANGE);
	assert_int_equal(number_bytes("K", UINT64_MAX, &n), -EINVAL);
	assert_int_equal(number_bytes("", UINT64_MAX, &n), -EINVAL);
	assert_int_equal(number_bytes("1KB", UINT64_MAX, &n), -EINVAL);
}

static void test_boolean(void **state)
{
	bool value = false;

	assert_int_equal(number_boolean("Yes", &value), 0);
	assert_true(value);
	assert_int_equal(number_boolean("off", &value), 0);
	assert_false(value);
	assert_int_equal(number_boolean("maybe", &value), -EINVAL);
	assert_int_equal(number_boolean("", &value), -EINVAL);
}

static void test_round_down(void **state)
{
	assert_int_equal(number_round_down_pow2(1), 1);
	assert_int_equal(number_round_down_pow2(4097), 4096);
	assert_int_equal(number_round_down_pow2(4096), 4096);
	assert_true(number_round_down_pow2(UINT64_MAX) == UINT64_C(1) << 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decimal_takes_digits_only),
		cmocka_unit_test(test_decimal_stops_at_nul_inside),
		cmocka_unit_test(test_decimal_overflow),
		cmocka_unit_test(test_every_devid),
		cmocka_unit_test(test_domid_ends_before_the_reserved),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_boolean),
		cmocka_unit_test(test_round_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
