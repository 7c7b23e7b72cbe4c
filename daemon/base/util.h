/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ownership and time: what nearly every file of the daemon needs. */
#ifndef ATTACHD_UTIL_H
#define ATTACHD_UTIL_H

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define USEC_PER_MSEC ((uint64_t)1000)
#define USEC_PER_SEC ((uint64_t)1000000)
#define NSEC_PER_USEC ((uint64_t)1000)

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _cleanup_free_ _cleanup_(freep)
#define _printf_(fmt, args) __attribute__((format(printf, fmt, args)))

#define DEFINE_CLEANUP(type, function)			\
	static inline void function##p(type **p)	\
	{						\
		function(*p);				\
	}

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void *steal(void *p)
{
	void **from = p, *taken = *from;

	*from = NULL;
	return taken;
}

static inline uint64_t clock_usec(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / NSEC_PER_USEC;
}

/* For durations and deadlines: does not jump with the wall clock. */
static inline uint64_t monotonic_usec(void)
{
	return clock_usec(CLOCK_MONOTONIC);
}

/* For what people and records see. */
static inline uint64_t realtime_usec(void)
{
	return clock_usec(CLOCK_REALTIME);
}

#endif
