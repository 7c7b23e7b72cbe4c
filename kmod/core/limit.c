// SPDX-License-Identifier: GPL-2.0
/*
 * What this end's programs may move, while the channel goes on.
 *
 * Limits hold back calls, never bytes that are on their way: those stay in the
 * ring in their order, and the peer's writer waits for room as it would for a
 * slow reader.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/minmax.h>

#include "channel.h"
#include "limit.h"
#include "move.h"

/* Of an ended session there are bytes, and then the end, that both kinds wait for. */
static void wake(struct myd_channel *ch, bool readers, bool writers)
{
	if (ch->session.phase != MYD_LIVE) {
		myd_channel_wake_all(ch);
		return;
	}
	if (readers)
		myd_channel_wake_readers(ch);
	if (writers)
		myd_channel_wake_writers(ch);
}

static void refilled(struct myd_channel *ch, bool readers, bool writers)
{
	spin_lock_irq(&ch->lock);
	wake(ch, readers, writers);
	spin_unlock_irq(&ch->lock);
}

static void refill_rx(struct work_struct *work)
{
	struct delayed_work *refill = to_delayed_work(work);

	refilled(container_of(refill, struct myd_channel, rx_limit.refill), true, false);
}

static void refill_tx(struct work_struct *work)
{
	struct delayed_work *refill = to_delayed_work(work);

	refilled(container_of(refill, struct myd_channel, tx_limit.refill), false, true);
}

/**
 * myd_limit_init() - a new channel has no limits
 * @ch: the channel
 */
void myd_limit_init(struct myd_channel *ch)
{
	INIT_DELAYED_WORK(&ch->rx_limit.refill, refill_rx);
	INIT_DELAYED_WORK(&ch->tx_limit.refill, refill_tx);
}

/**
 * myd_limit_lift() - for good: what is left is to be read
 * @ch: the channel, not locked, gone
 */
void myd_limit_lift(struct myd_channel *ch)
{
	spin_lock_irq(&ch->lock);
	ch->limits = 0;
	spin_unlock_irq(&ch->lock);
	cancel_delayed_work_sync(&ch->rx_limit.refill);
	cancel_delayed_work_sync(&ch->tx_limit.refill);
}

/**
 * myd_limit_open() - may anything be moved in a direction now?
 * @ch: the channel, locked, with limits
 * @limit: the direction's
 *
 * If not, who waits is woken when it may: by a work item, or when the pause ends.
 */
bool myd_limit_open(struct myd_channel *ch, struct myd_limit *limit)
{
	u64 now, wait;

	if (ch->limits & MYD_LIMIT_PAUSED)
		return false;
	now = ktime_get_ns();
	wait = max(myd_bucket_wait(&limit->bytes, now), myd_bucket_wait(&limit->messages, now));
	if (!wait)
		return true;
	/* One that is due already is due earlier: what was used since only adds to the time. */
	schedule_delayed_work(&limit->refill, nsecs_to_jiffies(wait) + 1);
	return false;
}

/**
 * myd_limit_fit() - how much of a direction a call may move at once
 * @limit: the direction's; open
 * @call: the call; its @bytes and @messages are made less
 *
 * A packet that is longer is moved all the same, and the time it takes after it.
 */
void myd_limit_fit(const struct myd_limit *limit, struct call *call)
{
	call->bytes = myd_bucket_allows(&limit->bytes, call->bytes);
	call->messages = myd_bucket_allows(&limit->messages, call->messages);
}

/**
 * myd_limit_use() - a call has moved something
 * @limit: the direction's
 * @bytes: of the ring
 * @messages: in how many
 */
void myd_limit_use(struct myd_limit *limit, u32 bytes, u32 messages)
{
	myd_bucket_use(&limit->bytes, bytes);
	myd_bucket_use(&limit->messages, messages);
}

static void set_rates(struct myd_limit *limit, const struct myd_settings *settings, u64 now)
{
	myd_bucket_set(&limit->bytes, settings->rate_bytes, now);
	myd_bucket_set(&limit->messages, settings->rate_messages, now);
	/* It was due when the old rates would have let somebody go on. */
	cancel_delayed_work(&limit->refill);
}

/**
 * myd_channel_set() - limits and thresholds, from now on
 * @ch: the channel
 * @settings: all of them; those that are as they were go on
 *
 * Context: process; does not sleep.
 */
void myd_channel_set(struct myd_channel *ch, const struct myd_settings *settings)
{
	u64 now = ktime_get_ns();

	spin_lock_irq(&ch->lock);
	ch->settings = *settings;
	set_rates(&ch->rx_limit, settings, now);
	set_rates(&ch->tx_limit, settings, now);
	ch->limits = (settings->paused ? MYD_LIMIT_PAUSED : 0) |
		     (settings->rate_bytes || settings->rate_messages ? MYD_LIMIT_RATES : 0);
	/* Who sleeps looks again, by what holds now. */
	wake(ch, true, true);
	spin_unlock_irq(&ch->lock);
}
EXPORT_SYMBOL_GPL(myd_channel_set);
