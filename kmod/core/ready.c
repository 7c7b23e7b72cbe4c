// SPDX-License-Identifier: GPL-2.0
/*
 * Whether there is anything to read, or room to write, and whether it may be used.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/compiler.h>
#include <linux/minmax.h>

#include <mydevice/ring.h>

#include "channel.h"

/**
 * myd_channel_rx_want() - bytes worth waking a reader for
 * @ch: the channel, locked
 *
 * Never more than half the ring: the writer may be waiting for the other half.
 */
u32 myd_channel_rx_want(const struct myd_channel *ch)
{
	u32 asked = ch->tune.rx_wake ?: ch->settings.read_wake;

	return clamp(asked, 1u, mydevice_space_want(ch->rx.size));
}

/**
 * myd_channel_tx_want() - room worth waking a writer for
 * @ch: the channel, locked
 */
u32 myd_channel_tx_want(const struct myd_channel *ch)
{
	u32 asked = ch->tune.tx_wake ?: ch->settings.write_wake;
	u32 most = mydevice_space_want(ch->tx.size);

	return asked ? min(asked, most) : most;
}

static int readable_live(struct myd_channel *ch, u32 want, bool arm)
{
	struct myd_session *s = &ch->session;
	struct myd_ring *rx = &ch->rx;

	if (!s->receiving)
		return -EAGAIN;
	if (s->rx_end_known)
		return s->rx_end - rx->cons;
	if (mydevice_ring_used(rx->prod, rx->cons) < want && myd_ring_refresh_prod(rx))
		goto broken;
	if (arm && mydevice_ring_used(rx->prod, rx->cons) < want) {
		myd_ring_arm_data(rx, want);
		if (myd_ring_refresh_prod(rx))
			goto broken;
	}
	if (mydevice_ring_used(rx->prod, rx->cons) < want)
		return -EAGAIN;
	return mydevice_ring_used(rx->prod, rx->cons);
broken:
	myd_channel_break(ch);
	return -EPROTO;
}

static int readable(struct myd_channel *ch, u32 want, bool arm)
{
	struct myd_session *s = &ch->session;
	u32 left;

	switch (s->phase) {
	case MYD_LIVE:
		return readable_live(ch, want, arm);
	case MYD_ENDED:
		left = mydevice_ring_used(ch->residue.prod, ch->residue.cons);
		if (!left && ch->linked)
			left = s->rx_end - ch->rx.cons;
		return left ? (int)left : ch->end_error;
	default:
		return ch->gone ? -ENODEV : -EAGAIN;
	}
}

/* The end comes after the bytes: a pause holds back both. */
static int readable_within_limits(struct myd_channel *ch, u32 want, bool arm)
{
	bool held = ch->limits & MYD_LIMIT_PAUSED && !myd_session_over(&ch->session);
	int r = held ? -EAGAIN : readable(ch, want, arm);

	return r > 0 && !myd_limit_open(ch, &ch->rx_limit) ? -EAGAIN : r;
}

/**
 * myd_channel_readable() - what a read would find
 * @ch: the channel, locked, open
 * @want: fewer bytes than this are none, unless the session ends; at least 1
 * @arm: ask for an event if there are none yet
 *
 * Return: bytes ready; 0 at the end of a session and after it; -EAGAIN if nothing yet;
 * -EACCES if this direction is closed; -EPROTO, -EIO or -ENODEV.
 */
int myd_channel_readable(struct myd_channel *ch, u32 want, bool arm)
{
	if (unlikely(myd_rx_closed(ch)))
		return -EACCES;
	if (unlikely(ch->limits))
		return readable_within_limits(ch, want, arm);
	return readable(ch, want, arm);
}

/**
 * myd_channel_expect() - ask for an event at the next bytes, whatever is there now
 * @ch: the channel, locked, open
 */
void myd_channel_expect(struct myd_channel *ch)
{
	struct myd_session *s = &ch->session;
	struct myd_ring *rx = &ch->rx;
	u32 prod = rx->prod;

	/* There may be enough already, for when it may be read. */
	if (ch->limits)
		myd_limit_open(ch, &ch->rx_limit);
	if (s->phase != MYD_LIVE || !s->receiving || s->rx_end_known || myd_rx_closed(ch))
		return;
	myd_ring_arm_data(rx, max(mydevice_ring_used(prod, rx->cons) + 1,
				  myd_channel_rx_want(ch)));
	if (myd_ring_refresh_prod(rx))
		myd_channel_break(ch);
	else if (rx->prod != prod)
		myd_channel_wake_readers(ch);
}

static int writable(struct myd_channel *ch, u32 need, bool arm)
{
	struct myd_session *s = &ch->session;
	struct myd_ring *tx = &ch->tx;
	u32 want;

	switch (s->phase) {
	case MYD_LIVE:
		break;
	case MYD_ENDED:
		if (ch->gone && s->end_told)
			return -ENODEV;
		return ch->end_error ?: -EPIPE;
	default:
		return ch->gone ? -ENODEV : -EAGAIN;
	}

	if (s->tx_fin)
		return -EPIPE;
	want = max(need, myd_channel_tx_want(ch));
	if (mydevice_ring_free(tx->prod, tx->cons, tx->size) < want && myd_ring_refresh_cons(tx))
		goto broken;
	if (arm && mydevice_ring_free(tx->prod, tx->cons, tx->size) < need) {
		myd_ring_arm_space(tx, want);
		if (myd_ring_refresh_cons(tx))
			goto broken;
	}
	if (mydevice_ring_free(tx->prod, tx->cons, tx->size) < need)
		return -EAGAIN;
	return mydevice_ring_free(tx->prod, tx->cons, tx->size);
broken:
	myd_channel_break(ch);
	return -EPROTO;
}

/**
 * myd_channel_writable() - what a write would find
 * @ch: the channel, locked, open
 * @need: less room than this is none; at least 1, at most half the ring
 * @arm: ask for an event if there is none yet
 *
 * Return: room in bytes; -EAGAIN if there is none yet; -EACCES if this direction is
 * closed; -EPIPE, -EPROTO, -EIO or -ENODEV.
 */
int myd_channel_writable(struct myd_channel *ch, u32 need, bool arm)
{
	int r = likely(!myd_tx_closed(ch)) ? writable(ch, need, arm) : -EACCES;

	if (unlikely(ch->limits) && r > 0 && !myd_limit_open(ch, &ch->tx_limit))
		return -EAGAIN;
	return r;
}
