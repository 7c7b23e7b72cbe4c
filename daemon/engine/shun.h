/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests that are left alone for a while, since they held up XenStore: longer
 * each time, and also if they come back as another domain. Pure. All zeroes: none.
 */
#ifndef ATTACHD_SHUN_H
#define ATTACHD_SHUN_H

#include <stdint.h>

#include "base/backoff.h"
#include "model/record.h"

/* Beyond these, who was let off first is forgotten. */
#define SHUN_MAX 64

struct shun {
	struct {
		char uuid[UUID_SIZE];	/* "": free */
		struct backoff backoff;
	} guests[SHUN_MAX];
};

/* It did so now: for how long it is left alone. */
uint64_t shun_add(struct shun *shun, const char *uuid, uint64_t now_usec);
/* For how much longer; 0: not at all. */
uint64_t shun_left(const struct shun *shun, const char *uuid, uint64_t now_usec);

#endif
