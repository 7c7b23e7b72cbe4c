/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waits that grow while something happens again and again: none the first few
 * times, then twice as long each time, up to a bound; from the start after a
 * calm time. Pure.
 */
#ifndef ATTACHD_BACKOFF_H
#define ATTACHD_BACKOFF_H

#include <stdint.h>

#include "base/util.h"

struct backoff_rule {
	unsigned int free;		/* times without a wait */
	uint64_t first_usec, max_usec, calm_usec;
};

/* For what a guest can do as often as it likes, and may have to do now and then. */
extern const struct backoff_rule backoff_of_guest;

/* All zeroes is a fresh one. */
struct backoff {
	unsigned int n;			/* times since it was calm */
	uint64_t until_usec;		/* the end of the last wait */
};

/* It happened now: how long to wait before it may happen again. */
uint64_t backoff_next(struct backoff *backoff, const struct backoff_rule *rule,
		      uint64_t now_usec);

/* It failed now: how long to wait before the next try, at least a second. */
uint64_t backoff_retry(struct backoff *backoff, uint64_t now_usec);

#endif
