/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What this end's programs may move: a channel can be paused, and each of its
 * directions held to a rate.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_LIMIT_H
#define MYD_LIMIT_H

#include <linux/bits.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "bucket.h"

struct call;
struct myd_channel;

/* myd_channel.limits */
#define MYD_LIMIT_PAUSED	BIT(0)
#define MYD_LIMIT_RATES		BIT(1)

/**
 * struct myd_limit - the rates of one direction
 * @bytes: of the ring
 * @messages: packets, or pieces of a stream
 * @refill: wakes who waits for either
 *
 * Protected by the channel's lock.
 */
struct myd_limit {
	struct myd_bucket bytes;
	struct myd_bucket messages;
	struct delayed_work refill;
};

void myd_limit_init(struct myd_channel *ch);
void myd_limit_lift(struct myd_channel *ch);
bool myd_limit_open(struct myd_channel *ch, struct myd_limit *limit);
void myd_limit_fit(const struct myd_limit *limit, struct call *call);
void myd_limit_use(struct myd_limit *limit, u32 bytes, u32 messages);

#endif /* MYD_LIMIT_H */
