/* SPDX-License-Identifier: GPL-2.0 */
/*
 * So many at once, and then one in an interval. Arithmetic only.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_PACE_H
#define MYD_PACE_H

#include <linux/types.h>

/**
 * struct myd_pace - how far something has got ahead of its interval
 * @due: when the next one would be due if they came regularly, in nanoseconds; in the
 *	past if they come more slowly
 */
struct myd_pace {
	u64 due;
};

/* Nanoseconds until the next one may come; 0: now. */
static inline u64 myd_pace_wait(const struct myd_pace *pace, u64 burst, u64 interval, u64 now)
{
	s64 wait = pace->due - now - (burst - 1) * interval;

	return wait > 0 ? wait : 0;
}

/* One has come. */
static inline void myd_pace_take(struct myd_pace *pace, u64 interval, u64 now)
{
	if ((s64)(pace->due - now) < 0)
		pace->due = now;
	pace->due += interval;
}

#endif /* MYD_PACE_H */
