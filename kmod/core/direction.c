// SPDX-License-Identifier: GPL-2.0
/*
 * Channels whose bytes may pass in one direction only: what a file may still be used for.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/bits.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/spinlock.h>

#include "channel.h"

/**
 * myd_channel_permits() - may the channel be opened for this?
 * @ch: the channel, locked
 * @mode: FMODE_READ, FMODE_WRITE or both
 */
bool myd_channel_permits(const struct myd_channel *ch, fmode_t mode)
{
	return !(mode & FMODE_READ && myd_rx_closed(ch)) &&
	       !(mode & FMODE_WRITE && myd_tx_closed(ch));
}

/**
 * myd_channel_write_only() - a program that cannot read learns of an end by EPIPE
 * @ch: the channel, locked, open
 */
bool myd_channel_write_only(const struct myd_channel *ch)
{
	return !(ch->file->f_mode & FMODE_READ) || myd_rx_closed(ch);
}

/**
 * myd_channel_useless() - every call that moves bytes returns -EACCES
 * @ch: the channel, locked, open
 */
bool myd_channel_useless(const struct myd_channel *ch)
{
	return ch->closed && (!(ch->file->f_mode & FMODE_READ) || myd_rx_closed(ch)) &&
	       (!(ch->file->f_mode & FMODE_WRITE) || myd_tx_closed(ch));
}

/**
 * myd_channel_restrict() - which directions are closed
 * @ch: the channel. While it is connected none may be opened again, since the ring of one
 *	that was closed may not be mapped
 * @closed: those, as in struct myd_channel_info
 *
 * Takes effect at once, for open files too: calls that wait return -EACCES.
 *
 * Return: whether more remains closed than that, until the channel is disconnected.
 */
bool myd_channel_restrict(struct myd_channel *ch, unsigned int closed)
{
	unsigned int more = 0;
	bool changed;

	spin_lock_irq(&ch->lock);
	if (ch->linked)
		more = ch->closed & ~closed;
	closed |= more;
	changed = ch->closed != closed;
	ch->closed = closed;
	spin_unlock_irq(&ch->lock);
	if (changed)
		myd_channel_wake_all(ch);
	return more;
}
EXPORT_SYMBOL_GPL(myd_channel_restrict);
