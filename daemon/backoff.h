/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waits that grow while something happens again and again: none the first few
 * times, then twice as long each time, up to a bound; from the start after a
 * calm time. Pure. All zeroes is a fresh one.
 */
#ifndef ATTACHD_BACKOFF_H
#define ATTACHD_BACKOFF_H

#include <stdint.h>

#include "util.h"

#define BACKOFF_FREE 5
#define BACKOFF_FIRST_USEC (1 * USEC_PER_SEC)
#define BACKOFF_MAX_USEC (32 * USEC_PER_SEC)
#define BACKOFF_CALM_USEC (60 * USEC_PER_SEC)

struct backoff {
	unsigned int n;			/* times since it was calm */
	uint64_t until_usec;		/* the end of the last wait */
};

/* It happened now: how long to wait before it may happen again. */
uint64_t backoff_next(struct backoff *backoff, uint64_t now_usec);

#endif
