// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <strings.h>

#include <xen/io/mydevice.h>

#include "base/number.h"
#include "base/util.h"

int number_decimal(const char *text, size_t len, uint64_t max, uint64_t *ret)
{
	bool too_large = false;
	uint64_t n = 0;

	if (!len || (len > 1 && text[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		unsigned int digit = (unsigned char)text[i] - (unsigned int)'0';

		if (digit > 9)
			return -EINVAL;
		if (n > (UINT64_MAX - digit) / 10)
			too_large = true;
		else
			n = n * 10 + digit;
	}
	if (too_large || n > max)
		return -ERANGE;
	*ret = n;
	return 0;
}

static int number_id(const char *text, size_t len, unsigned int max, unsigned int *ret)
{
	uint64_t n;
	int r;

	r = number_decimal(text, len, max, &n);
	if (r < 0)
		return r;
	*ret = (unsigned int)n;
	return 0;
}

int number_devid(const char *text, size_t len, unsigned int *ret)
{
	return number_id(text, len, MYDEVICE_DEVID_MAX, ret);
}

int number_domid(const char *text, size_t len, unsigned int *ret)
{
	return number_id(text, len, DOMID_LIMIT - 1, ret);
}

int number_bytes(const char *text, uint64_t max, uint64_t *ret)
{
	size_t len = strlen(text);
	unsigned int shift = 0;
	uint64_t n;
	int r;

	if (len) {
		switch (text[len - 1]) {
		case 'K':
		case 'k':
			shift = 10;
			break;
		case 'M':
		case 'm':
			shift = 20;
			break;
		case 'G':
		case 'g':
			shift = 30;
			break;
		}
	}
	if (shift)
		len--;
	r = number_decimal(text, len, max >> shift, &n);
	if (r < 0)
		return r;
	*ret = n << shift;
	return 0;
}

int number_boolean(const char *text, bool *ret)
{
	static const char *const words[][2] = {
		{ "no", "yes" }, { "false", "true" }, { "off", "on" }, { "0", "1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		for (int value = 0; value < 2; value++)
			if (!strcasecmp(text, words[i][value])) {
				*ret = value;
				return 0;
			}
	return -EINVAL;
}

uint64_t number_round_down_pow2(uint64_t n)
{
	return UINT64_C(1) << (63 - __builtin_clzll(n));
}
