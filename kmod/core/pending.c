// SPDX-License-Identifier: GPL-2.0
/*
 * How much waits in each direction: FIONREAD and SIOCOUTQ, as on a socket.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/sockios.h>
#include <linux/uaccess.h>
#include <asm/ioctls.h>

#include <mydevice/ring.h>

#include "channel.h"
#include "packet.h"
#include "pending.h"

/* Bytes in the ring, those included that came since the last look. */
static u32 incoming(struct myd_channel *ch)
{
	int r;

	spin_lock_irq(&ch->lock);
	/* More than there are: the peer's index is fetched again. */
	myd_channel_readable(ch, max(ch->rx.size, 1u), false);
	r = myd_channel_readable(ch, 1, false);
	spin_unlock_irq(&ch->lock);
	return max(r, 0);
}

/*
 * Bytes that a read could return now: in packet mode those of the next packet.
 * Bytes that are no packet count as none, the read reports them. Called with
 * rx_mutex held, else a disconnect could be moving the bytes: a program takes 0
 * for the end of the file.
 */
static u32 readable(struct myd_channel *ch)
{
	const struct myd_ring *ring;
	u32 used;

	lockdep_assert_held(&ch->rx_mutex);
	used = incoming(ch);
	if (!used || ch->info.mode != MYDEVICE_PACKET ||
	    READ_ONCE(ch->tune.flags) & MYDEVICE_TUNE_FRAMES)
		return used;
	ring = myd_channel_source(ch);
	return max(myd_packet_peek(ring, ring->cons, used), 0);
}

/* Bytes of this session in the ring that the peer has not read. */
static u32 unread(struct myd_channel *ch)
{
	struct myd_ring *tx = &ch->tx;
	u32 used = 0;

	spin_lock_irq(&ch->lock);
	if (ch->session.phase == MYD_LIVE) {
		if (myd_ring_refresh_cons(tx))
			myd_channel_break(ch);
		else
			used = mydevice_ring_used(tx->prod, tx->cons);
	}
	spin_unlock_irq(&ch->lock);
	return used;
}

/**
 * myd_pending() - FIONREAD, SIOCOUTQ
 * @ch: the channel, open
 * @cmd: which
 * @ret: the program's int
 *
 * Return: 0, -EFAULT, or -ENOTTY for another request.
 */
long myd_pending(struct myd_channel *ch, unsigned int cmd, int __user *ret)
{
	u32 count;

	switch (cmd) {
	case FIONREAD:
		myd_channel_enter(ch, false, false);
		count = readable(ch);
		myd_channel_leave(ch, false);
		break;
	case SIOCOUTQ:
		count = unread(ch);
		break;
	default:
		return -ENOTTY;
	}
	/* An int: a ring is far smaller than what fits. */
	return put_user((int)count, ret);
}
