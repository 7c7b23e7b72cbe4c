// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/backoff.h"

const struct backoff_rule backoff_of_guest = {
	.free = 5,
	.first_usec = 1 * USEC_PER_SEC,
	.max_usec = 32 * USEC_PER_SEC,
	.calm_usec = 60 * USEC_PER_SEC,
};

uint64_t backoff_next(struct backoff *backoff, const struct backoff_rule *rule, uint64_t now_usec)
{
	uint64_t wait = 0;

	if (now_usec > backoff->until_usec + rule->calm_usec)
		backoff->n = 0;
	if (backoff->n >= rule->free) {
		wait = rule->first_usec << (backoff->n - rule->free);
		if (wait >= rule->max_usec)
			wait = rule->max_usec;
	}
	/* no further than to the bound, or the shift would overflow */
	if (wait < rule->max_usec)
		backoff->n++;
	backoff->until_usec = now_usec + wait;
	return wait;
}

uint64_t backoff_retry(struct backoff *backoff, uint64_t now_usec)
{
	uint64_t wait = backoff_next(backoff, &backoff_of_guest, now_usec);

	return wait > USEC_PER_SEC ? wait : USEC_PER_SEC;
}
