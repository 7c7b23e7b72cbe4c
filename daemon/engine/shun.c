// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "engine/shun.h"

/* What it costs the others is some five seconds each time. */
static const struct backoff_rule rule = {
	.first_usec = 8 * USEC_PER_SEC,
	.max_usec = 3600 * USEC_PER_SEC,
	.calm_usec = 2 * 3600 * USEC_PER_SEC,
};

uint64_t shun_add(struct shun *shun, const char *uuid, uint64_t now_usec)
{
	size_t chosen = 0;

	for (size_t i = 0; i < SHUN_MAX; i++) {
		if (!strcmp(shun->guests[i].uuid, uuid))
			return backoff_next(&shun->guests[i].backoff, &rule, now_usec);
		if (shun->guests[i].backoff.until_usec < shun->guests[chosen].backoff.until_usec)
			chosen = i;
	}
	shun->guests[chosen].backoff = (struct backoff){};
	snprintf(shun->guests[chosen].uuid, UUID_SIZE, "%s", uuid);
	return backoff_next(&shun->guests[chosen].backoff, &rule, now_usec);
}

uint64_t shun_left(const struct shun *shun, const char *uuid, uint64_t now_usec)
{
	for (size_t i = 0; i < SHUN_MAX; i++)
		if (shun->guests[i].backoff.until_usec > now_usec &&
		    !strcmp(shun->guests[i].uuid, uuid))
			return shun->guests[i].backoff.until_usec - now_usec;
	return 0;
}
