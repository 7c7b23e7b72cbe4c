// SPDX-License-Identifier: GPL-2.0-or-later
#include "backoff.h"

uint64_t backoff_next(struct backoff *backoff, uint64_t now_usec)
{
	uint64_t wait = 0;

	if (now_usec > backoff->until_usec + BACKOFF_CALM_USEC)
		backoff->n = 0;
	if (backoff->n >= BACKOFF_FREE) {
		wait = BACKOFF_FIRST_USEC << (backoff->n - BACKOFF_FREE);
		if (wait >= BACKOFF_MAX_USEC)
			wait = BACKOFF_MAX_USEC;
	}
	/* no further than to the bound, or the shift would overflow */
	if (wait < BACKOFF_MAX_USEC)
		backoff->n++;
	backoff->until_usec = now_usec + wait;
	return wait;
}
