// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "model/record.h"

static const char *const origin_names[ORIGIN_MAX] = {
	[ORIGIN_REQUEST] = "request",
	[ORIGIN_POLICY] = "policy",
	[ORIGIN_OPERATOR] = "operator",
};

const char *origin_name(enum origin origin)
{
	return origin_names[origin];
}

int origin_parse(const char *text, size_t len, enum origin *ret)
{
	for (enum origin origin = 0; origin < ORIGIN_MAX; origin++)
		if (len == strlen(origin_names[origin]) &&
		    !memcmp(text, origin_names[origin], len)) {
			*ret = origin;
			return 0;
		}
	return -EINVAL;
}

int uuid_parse(const char *text, size_t len, char ret[static UUID_SIZE])
{
	char uuid[UUID_SIZE];

	if (len != UUID_SIZE - 1)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		char c = text[i];

		if (c >= 'A' && c <= 'F')
			c = (char)(c - 'A' + 'a');
		if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return -EINVAL;
		uuid[i] = c;
	}
	uuid[len] = '\0';
	memcpy(ret, uuid, sizeof(uuid));
	return 0;
}

int uuid_parse_vm(const char *text, char ret[static UUID_SIZE])
{
	static const char prefix[] = "/vm/";
	size_t len = strlen(prefix);

	if (strncmp(text, prefix, len) || strlen(text + len) < UUID_SIZE - 1)
		return -EINVAL;
	return uuid_parse(text + len, UUID_SIZE - 1, ret);
}
