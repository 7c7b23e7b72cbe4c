// SPDX-License-Identifier: GPL-2.0
/*
 * The session hand-over of <xen/io/mydevice.h>, one bounded step at a time.
 * Runs under the channel's lock, also in interrupt context: it never loops
 * and never sleeps, whatever the peer writes.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <asm/barrier.h>

#include "session.h"

/* Has the peer, in its epoch @peer, started its direction towards our epoch? */
static bool peer_started(const struct myd_session *s, const struct myd_ring *rx, u32 peer)
{
	/* Pairs with the last release in start(). */
	if (virt_load_acquire(&rx->producer->session_self) != peer)
		return false;
	/* Pairs with the one before it: the two are read in reverse order. */
	return virt_load_acquire(&rx->producer->session_peer) == s->epoch;
}

static bool peer_finished(const struct myd_ring *rx)
{
	/* Pairs with the release in the peer's myd_session_finish(): the last index first. */
	return virt_load_acquire(&rx->producer->flags) & MYDEVICE_PRODUCER_FIN;
}

static void begin(struct myd_session *s, u32 peer)
{
	s->phase = MYD_LIVE;
	s->serial++;
	s->begun++;
	s->peer = peer;
	s->receiving = false;
	s->rx_end_known = false;
	s->eof_told = false;
	s->end_told = false;
	s->end_polled = false;
	s->tx_fin = false;
}

static void end(struct myd_session *s)
{
	s->phase = MYD_ENDED;
	s->serial++;
}

static void acknowledge(struct myd_session *s, struct myd_ring *rx, u32 peer)
{
	/* Pairs with the acquire in step_waiting() of the peer. */
	virt_store_release(&rx->consumer->ack, peer);
	s->acked = peer;
}

static void start(struct myd_session *s, struct myd_ring *tx, u32 peer)
{
	WRITE_ONCE(tx->producer->flags, 0);
	WRITE_ONCE(tx->producer->session_start, tx->prod);
	/* Pairs with the second acquire in the peer's peer_started(): after the start index. */
	virt_store_release(&tx->producer->session_peer, peer);
	/* Pairs with the first one: after both. */
	virt_store_release(&tx->producer->session_self, s->epoch);
	begin(s, peer);
}

static int receive(struct myd_session *s, struct myd_ring *rx, unsigned int *todo)
{
	u32 first = READ_ONCE(rx->producer->session_start);
	int r;

	r = myd_ring_refresh_prod(rx);
	if (r)
		return r;
	if (first - rx->cons > rx->prod - rx->cons)
		return -EPROTO;
	/* What lies before is of sessions that nobody here can read any more. */
	if (myd_ring_consume(rx, first - rx->cons))
		*todo |= MYD_STEP_ROOM;
	s->receiving = true;
	return 0;
}

/* The last byte is known once the peer cannot produce in this session any more. */
static int know_end(struct myd_session *s, struct myd_ring *rx)
{
	int r;

	if (s->rx_end_known)
		return 0;
	if (s->receiving) {
		r = myd_ring_refresh_prod(rx);
		if (r)
			return r;
		s->rx_end = rx->prod;
	} else {
		s->rx_end = rx->cons;
	}
	s->rx_end_known = true;
	return 0;
}

static void step_waiting(struct myd_session *s, struct myd_ring *tx, struct myd_ring *rx,
			 u32 peer, unsigned int *todo)
{
	if (s->acked && s->acked != peer) {
		/* The open we acknowledged is over. Did it start a session meanwhile? */
		if (peer_started(s, rx, s->acked)) {
			begin(s, s->acked);
			*todo |= MYD_STEP_WAKE;
			return;
		}
		s->acked = 0;
	}
	if (!(peer & 1))
		return;
	if (!s->acked) {
		acknowledge(s, rx, peer);
		*todo |= MYD_STEP_NOTIFY;
	}
	/* Pairs with the release in acknowledge() of the peer. */
	if (virt_load_acquire(&tx->consumer->ack) != s->epoch)
		return;
	/*
	 * Pairs with the release of an epoch. The peer may have closed and opened again since
	 * @peer was read: then the later open has acknowledged, and bytes for the earlier one
	 * would be lost. An event of the change is under way.
	 */
	if (virt_load_acquire(&rx->producer->epoch) != peer)
		return;
	start(s, tx, peer);
	*todo |= MYD_STEP_NOTIFY | MYD_STEP_WAKE;
}

static int step_live(struct myd_session *s, struct myd_ring *rx, u32 peer, unsigned int *todo)
{
	int r;

	if (!s->receiving && peer_started(s, rx, s->peer)) {
		r = receive(s, rx, todo);
		if (r)
			return r;
		*todo |= MYD_STEP_NOTIFY | MYD_STEP_WAKE;
	}
	if (s->receiving && !s->rx_end_known && peer_finished(rx)) {
		r = know_end(s, rx);
		if (r)
			return r;
		*todo |= MYD_STEP_WAKE;
	}
	if (peer != s->peer) {
		r = know_end(s, rx);
		if (r)
			return r;
		end(s);
		*todo |= MYD_STEP_WAKE;
	}
	return 0;
}

/**
 * myd_session_step() - act on what the peer's session words say now
 * @s: the session
 * @tx: the ring we produce
 * @rx: the ring we consume
 * @ret_todo: MYD_STEP_* for the caller to do
 *
 * Return: 0, or -EPROTO if the peer's words are impossible.
 */
int myd_session_step(struct myd_session *s, struct myd_ring *tx, struct myd_ring *rx,
		     unsigned int *ret_todo)
{
	unsigned int todo = 0;
	u32 peer;
	int r;

	/* Pairs with the release of an epoch: all that the peer wrote before it. */
	peer = virt_load_acquire(&rx->producer->epoch);

	if (s->phase == MYD_WAITING)
		step_waiting(s, tx, rx, peer, &todo);
	if (s->phase == MYD_LIVE) {
		r = step_live(s, rx, peer, &todo);
		if (r)
			return r;
	}
	*ret_todo = todo;
	return 0;
}

/**
 * myd_session_link() - new rings: tell the peer whether we are open
 * @s: the session
 * @tx: the ring we produce, fresh
 * @rx: the ring we consume, fresh
 */
void myd_session_link(struct myd_session *s, struct myd_ring *tx, struct myd_ring *rx)
{
	s->acked = 0;
	/* Nothing of an ended session is in the new rings. */
	s->rx_end = rx->cons;
	/* Pairs with the acquire of the epoch in the peer's myd_session_step(). */
	virt_store_release(&tx->producer->epoch, s->epoch);
}

/**
 * myd_session_unlink() - the rings go: what is still to be read from them?
 * @s: the session
 * @rx: the ring we consume, its words still mapped
 *
 * Return: the number of bytes from @rx->cons on that the program may still
 * read, 0 if none, or -EPROTO.
 */
int myd_session_unlink(struct myd_session *s, struct myd_ring *rx)
{
	unsigned int todo = 0;
	int r;

	if (s->phase == MYD_WAITING && s->acked && peer_started(s, rx, s->acked))
		begin(s, s->acked);
	if (s->phase == MYD_LIVE && !s->receiving && peer_started(s, rx, s->peer)) {
		r = receive(s, rx, &todo);
		if (r)
			return r;
	}
	if (s->phase == MYD_LIVE) {
		r = know_end(s, rx);
		if (r)
			return r;
		end(s);
	}
	s->acked = 0;
	return s->phase == MYD_ENDED ? s->rx_end - rx->cons : 0;
}

/**
 * myd_session_abort() - the session ends at once, without the bytes not yet read
 * @s: the session
 * @rx: the ring we consume
 *
 * Return: true if there was a session whose end is now to be told.
 */
bool myd_session_abort(struct myd_session *s, const struct myd_ring *rx)
{
	if (myd_session_over(s) || (s->phase != MYD_LIVE && s->phase != MYD_ENDED))
		return false;
	s->rx_end_known = true;
	s->rx_end = rx->cons;
	end(s);
	return true;
}

/**
 * myd_session_open() - this end's program has opened
 * @s: the session, closed
 * @tx: the ring we produce, or NULL if there are no rings now
 */
void myd_session_open(struct myd_session *s, struct myd_ring *tx)
{
	s->phase = MYD_WAITING;
	s->acked = 0;
	s->epoch++;
	if (tx) {
		/* Pairs with the acquire of the epoch in the peer's myd_session_step(). */
		virt_store_release(&tx->producer->epoch, s->epoch);
	}
}

/**
 * myd_session_close() - this end's program has closed
 * @s: the session
 * @tx: the ring we produce, or NULL if there are no rings now
 * @rx: the ring we consume, or NULL likewise
 */
void myd_session_close(struct myd_session *s, struct myd_ring *tx, struct myd_ring *rx)
{
	s->phase = MYD_CLOSED;
	s->serial++;
	s->epoch++;
	if (tx) {
		WRITE_ONCE(rx->consumer->ack, 0);
		/* Likewise: all that this open has written is out before its end. */
		virt_store_release(&tx->producer->epoch, s->epoch);
	}
}

/**
 * myd_session_finish() - the program writes no more in this session
 * @s: the session, live
 * @tx: the ring we produce
 */
void myd_session_finish(struct myd_session *s, struct myd_ring *tx)
{
	s->tx_fin = true;
	/* Pairs with the acquire in the peer's peer_finished(). */
	virt_store_release(&tx->producer->flags, MYDEVICE_PRODUCER_FIN);
}

/**
 * myd_session_told() - the program has learnt that its session has ended
 * @s: the session, ended
 */
void myd_session_told(struct myd_session *s)
{
	s->end_told = true;
}

/**
 * myd_session_over() - does the program know that its session has ended?
 * @s: the session
 *
 * A program that does may be about to close. Until it shows that it stays, this end
 * acknowledges nobody, and the peer's next writer waits.
 */
bool myd_session_over(const struct myd_session *s)
{
	return s->phase == MYD_ENDED && s->end_told;
}

/**
 * myd_session_stay() - the program waits for the next session on the same descriptor
 * @s: the session, over
 *
 * The next step may begin another.
 */
void myd_session_stay(struct myd_session *s)
{
	s->phase = MYD_WAITING;
	s->acked = 0;
}
