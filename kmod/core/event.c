// SPDX-License-Identifier: GPL-2.0
/*
 * Events from the peer: what they can be about, and what they were good for.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/export.h>
#include <linux/jiffies.h>

#include <mydevice/ring.h>

#include "channel.h"
#include "trace.h"

/*
 * Session words may change without any use to us: a peer that opens and closes
 * while we are closed. So often a second that is its good right, beyond that it
 * is noise.
 */
#define SESSION_CHANGES_PER_SECOND	32

static bool session_event(struct myd_channel *ch)
{
	u32 epoch = READ_ONCE(ch->rx.producer->epoch);
	bool changed = myd_channel_step(ch) || epoch != ch->event_epoch;

	ch->event_epoch = epoch;
	return changed && myd_window_allows(&ch->event_changes, jiffies, HZ,
					    SESSION_CHANGES_PER_SECOND);
}

/* Only an index that is valid counts: so a peer has to move bytes for an event. */
static bool data_event(struct myd_channel *ch)
{
	struct myd_ring *rx = &ch->rx;
	bool moved;

	if (ch->session.phase != MYD_LIVE || !ch->session.receiving)
		return false;
	if (myd_ring_refresh_prod(rx)) {
		myd_channel_break(ch);
		return true;
	}
	moved = rx->prod != ch->event_prod;
	ch->event_prod = rx->prod;
	if (rx->prod != rx->cons)
		myd_channel_wake_readers(ch);
	return moved;
}

static bool room_event(struct myd_channel *ch)
{
	struct myd_ring *tx = &ch->tx;
	bool moved;

	if (ch->session.phase != MYD_LIVE)
		return false;
	if (myd_ring_refresh_cons(tx)) {
		myd_channel_break(ch);
		return true;
	}
	moved = tx->cons != ch->event_cons;
	ch->event_cons = tx->cons;
	if (mydevice_ring_free(tx->prod, tx->cons, tx->size))
		myd_channel_wake_writers(ch);
	return moved;
}

/**
 * myd_channel_event() - the peer has sent an event
 * @ch: the channel
 * @directions: bits (1 << enum mydevice_direction): which it can be about. Only
 *	these are looked at, so that an event of the other direction does not find
 *	its own change already noted and pass for a spurious one.
 *
 * Context: any, interrupts included. Bounded, whatever the peer writes.
 * Return: what it was good for, for the face's end of interrupt.
 */
enum myd_event myd_channel_event(struct myd_channel *ch, unsigned int directions)
{
	enum myd_event event = MYD_EVENT_SPURIOUS;
	unsigned long flags;

	spin_lock_irqsave(&ch->lock, flags);
	if (!ch->linked)
		goto out;
	ch->stats.events++;
	if (!ch->broken && session_event(ch))
		event = MYD_EVENT_PROGRESS;
	if (!ch->broken && (directions & BIT(myd_rx_direction(ch))) && data_event(ch))
		event = MYD_EVENT_PROGRESS;
	if (!ch->broken && (directions & BIT(myd_tx_direction(ch))) && room_event(ch))
		event = MYD_EVENT_PROGRESS;
	if (ch->broken)
		event = MYD_EVENT_BROKEN;
	ch->stats.spurious += event == MYD_EVENT_SPURIOUS;
	trace_myd_event(ch, directions, event);
out:
	spin_unlock_irqrestore(&ch->lock, flags);
	return event;
}
EXPORT_SYMBOL_GPL(myd_channel_event);
