/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A token bucket: how much of a rate may be used now. Arithmetic only.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_BUCKET_H
#define MYD_BUCKET_H

#include <linux/math64.h>
#include <linux/types.h>
#include <xen/io/mydevice.h>

#define MYD_BUCKET_SECOND	1000000000u	/* nanoseconds */

/**
 * struct myd_bucket - what one rate allows
 * @rate: units in a second, at most MYDEVICE_RATE_MAX; 0: no limit
 * @level: units that may be used; negative after a packet of more than there were
 * @rest: what has come in beyond that, in 1 / MYD_BUCKET_SECOND of a unit
 * @at: when it came in, in nanoseconds
 */
struct myd_bucket {
	u64 rate;
	s64 level;
	u32 rest;
	u64 at;
};

/* The most it holds: a quarter of a second's, and more than one, so that a late call loses none. */
static inline s64 myd_bucket_most(const struct myd_bucket *bucket)
{
	return bucket->rate / 4 + 2;
}

/* Less than this is none: so many times a second at most it is worth waking a program. */
static inline s64 myd_bucket_worth(const struct myd_bucket *bucket)
{
	return bucket->rate / 64 + 1;
}

/* Empty at @now. The same rate again changes nothing. */
static inline void myd_bucket_set(struct myd_bucket *bucket, u64 rate, u64 now)
{
	struct myd_bucket empty = { .rate = rate, .at = now };

	if (rate != bucket->rate)
		*bucket = empty;
}

/* Nanoseconds that so many units, a bucket full and a ring at most, take to come in. */
static inline u64 myd_bucket_time(const struct myd_bucket *bucket, u64 units)
{
	return div64_u64(units * MYD_BUCKET_SECOND, bucket->rate);
}

/* What has come in until @now, which may be long after, or before, the last time. */
static inline void myd_bucket_fill(struct myd_bucket *bucket, u64 now)
{
	u64 lacking = myd_bucket_most(bucket) - bucket->level;
	u64 elapsed = (s64)(now - bucket->at) < 0 ? 0 : now - bucket->at;

	bucket->at = now;
	if (elapsed > myd_bucket_time(bucket, lacking)) {
		bucket->level += lacking;
		bucket->rest = 0;
		return;
	}
	/* Does not overflow: no more than what is lacking, and a unit. */
	bucket->level += div_u64_rem(elapsed * bucket->rate + bucket->rest, MYD_BUCKET_SECOND,
				     &bucket->rest);
}

/* Nanoseconds to wait until some may be used; 0: none. */
static inline u64 myd_bucket_wait(struct myd_bucket *bucket, u64 now)
{
	s64 worth = myd_bucket_worth(bucket);

	if (!bucket->rate)
		return 0;
	myd_bucket_fill(bucket, now);
	return bucket->level >= worth ? 0 : myd_bucket_time(bucket, worth - bucket->level) + 1;
}

/* Of @most units, those that may be used now. To be asked when there is nothing to wait for. */
static inline u32 myd_bucket_allows(const struct myd_bucket *bucket, u32 most)
{
	return bucket->rate && bucket->level < most ? bucket->level : most;
}

static inline void myd_bucket_use(struct myd_bucket *bucket, u32 units)
{
	if (bucket->rate)
		bucket->level -= units;
}

#endif /* MYD_BUCKET_H */
