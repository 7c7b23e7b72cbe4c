/* SPDX-License-Identifier: GPL-2.0-or-later */
/* So many at once, then one for each interval. Pure. All zeroes is a fresh one. */
#ifndef ATTACHD_RATE_H
#define ATTACHD_RATE_H

#include <stdint.h>

struct rate {
	uint64_t full_usec;	/* when the whole burst is available again */
};

/* 0 if one may pass now, and it counts; else how long it has to wait. */
uint64_t rate_take(struct rate *rate, uint64_t now_usec, unsigned int burst,
		   uint64_t interval_usec);

#endif
