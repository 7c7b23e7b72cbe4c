// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/rate.h"

uint64_t rate_take(struct rate *rate, uint64_t now_usec, unsigned int burst,
		   uint64_t interval_usec)
{
	uint64_t most = (burst - 1) * interval_usec;

	if (rate->full_usec < now_usec)
		rate->full_usec = now_usec;
	if (rate->full_usec - now_usec > most)
		return rate->full_usec - now_usec - most;
	rate->full_usec += interval_usec;
	return 0;
}
