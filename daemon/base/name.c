// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include <xen/io/mydevice.h>

#include "base/name.h"
#include "base/util.h"

/* Not isalpha() and friends: those depend on the locale. */
static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_name_char(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool name_is_safe(const char *name, size_t len)
{
	if (!len || len > MYDEVICE_NAME_MAX || !is_letter(name[0]))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_name_char(name[i]))
			return false;
	return true;
}

bool name_is_migrating(const char *guest)
{
	static const char *const suffixes[] = { "--incoming", "--migratedaway" };
	size_t len = strlen(guest);

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t suffix = strlen(suffixes[i]);

		if (len >= suffix && !strcmp(guest + len - suffix, suffixes[i]))
			return true;
	}
	return false;
}
