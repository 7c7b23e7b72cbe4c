// SPDX-License-Identifier: GPL-2.0
/*
 * Reading and writing: moving bytes and packets between a program and the rings.
 *
 * A mutex orders the programs that copy in one direction. It is never held
 * across a page fault of theirs or a sleep, so that disconnecting waits a
 * bounded time: a copy runs with page faults off, and what it missed is
 * faulted in with the mutex released.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "../compat/compat.h"
#include "channel.h"
#include "frames.h"
#include "move.h"
#include "packet.h"
#include "wait.h"

static bool is_packets(const struct myd_channel *ch)
{
	return ch->info.mode == MYDEVICE_PACKET;
}

/* Copies between ring and buffers: bytes moved, fewer than @len at a page fault. */
static u32 copy(const struct myd_ring *ring, u32 index, u32 len, struct iov_iter *iter, bool out)
{
	u32 done = 0, n, copied;

	while (done < len) {
		void *p = myd_ring_span(ring, index + done, len - done, &n);

		copied = out ? copy_to_iter(p, n, iter) : copy_from_iter(p, n, iter);
		done += copied;
		if (copied != n)
			break;
	}
	return done;
}

/**
 * myd_copy_whole() - copy between ring and buffers: all of it, or nothing
 * @ring: the ring
 * @index: free-running index of the first byte
 * @len: how many; they are there, or there is room
 * @iter: the buffers, which have as many
 * @out: out of the ring
 *
 * Return: false at a page fault, with @iter where it was.
 */
bool myd_copy_whole(const struct myd_ring *ring, u32 index, u32 len, struct iov_iter *iter,
		    bool out)
{
	u32 copied = copy(ring, index, len, iter, out);

	if (copied == len)
		return true;
	iov_iter_revert(iter, copied);
	return false;
}

/*
 * What a read would find. One that may sleep wants as much as its program has
 * asked to be woken for, but no more than it can take. Called with the lock held.
 */
static int bytes_for(struct call *call, bool arm)
{
	struct myd_channel *ch = call->ch;
	u32 want = 1;

	if (call->block && !call->done)
		want = max(myd_channel_rx_want(ch), want);
	if (!is_packets(ch))
		want = min_t(size_t, want, iov_iter_count(call->iter));
	return myd_channel_readable(ch, want, arm);
}

/* How much of it a call may move at once. Called with the lock held. */
static void apportion(struct call *call, const struct myd_limit *limit)
{
	call->bytes = MYD_CHUNK;
	call->messages = UINT_MAX;
	if (unlikely(call->ch->limits))
		myd_limit_fit(limit, call);
}

/*
 * Looks for bytes to read. A read that has begun stays in its session, whoever else
 * reads from the descriptor; one that has not returns what it found.
 */
static int find_bytes(struct call *call, bool arm)
{
	struct myd_channel *ch = call->ch;
	struct myd_session *s = &ch->session;
	int r;

	spin_lock_irq(&ch->lock);
	r = bytes_for(call, arm);
	if (!call->done)
		call->begun = s->begun;
	else if (s->begun != call->begun)
		r = 0;
	if (r == -EAGAIN && s->phase == MYD_LIVE)
		ch->stats.rx.stalls++;
	if (!call->done && r <= 0 && r != -EAGAIN && r != -EACCES) {
		if (s->phase == MYD_ENDED)
			myd_channel_end_told(ch);
		else if (!r)
			s->eof_told = true;
	}
	apportion(call, &ch->rx_limit);
	spin_unlock_irq(&ch->lock);
	return r;
}

static int get_bytes(struct call *call, u32 used, struct piece *piece)
{
	const struct myd_ring *ring = myd_channel_source(call->ch);
	u32 len = min3((size_t)used, iov_iter_count(call->iter), (size_t)call->bytes);

	piece->ring = copy(ring, ring->cons, len, call->iter, true);
	piece->iter = piece->ring;
	piece->messages = 1;
	return piece->ring ? 0 : -EFAULT;
}

static int get_packet(struct call *call, u32 used, struct piece *piece)
{
	const struct myd_ring *ring = myd_channel_source(call->ch);
	int r = myd_packet_peek(ring, ring->cons, used);

	if (r < 0)
		return r;
	call->len = r;
	if (call->len > iov_iter_count(call->iter))
		return -EMSGSIZE;
	if (!myd_copy_whole(ring, ring->cons + myd_packet_size(0), call->len, call->iter, true))
		return -EFAULT;
	piece->ring = myd_packet_size(call->len);
	piece->iter = call->len;
	piece->messages = 1;
	return 0;
}

static int get(struct call *call, u32 used, struct piece *piece)
{
	if (!is_packets(call->ch))
		return get_bytes(call, used, piece);
	return call->frames ? myd_frames_get(call, used, piece) : get_packet(call, used, piece);
}

/* The bytes are no packets: the peer broke the protocol. */
static int read_garbled(struct call *call)
{
	spin_lock_irq(&call->ch->lock);
	myd_channel_garbled(call->ch);
	spin_unlock_irq(&call->ch->lock);
	return find_bytes(call, false);
}

/* Called with rx_mutex held: bytes copied, 0 if the call is over, or an error. */
static ssize_t read_chunk(struct call *call, bool arm)
{
	struct myd_channel *ch = call->ch;
	struct piece piece = {};
	unsigned int noio;
	int r;

	/* Without frames, a read is of one packet. */
	if (call->done && is_packets(ch) && !call->frames)
		return 0;
	r = find_bytes(call, arm);
	if (r <= 0)
		return r;

	/* What splices may allocate pages, and who disconnects waits for us. */
	noio = memalloc_noio_save();
	pagefault_disable();
	r = get(call, r, &piece);
	pagefault_enable();
	memalloc_noio_restore(noio);
	if (piece.ring) {
		spin_lock_irq(&ch->lock);
		myd_channel_consumed(ch, piece.ring, piece.messages);
		spin_unlock_irq(&ch->lock);
		return piece.iter;
	}
	return r == -EPROTO ? read_garbled(call) : r;
}

/*
 * Room for a write. One that has begun stays in its session: in another one,
 * and at the end, the rest of it fails. Called with the lock held.
 */
static int room_for(struct call *call, bool arm)
{
	struct myd_channel *ch = call->ch;
	int r;

	if (call->len && ch->session.phase == MYD_LIVE &&
	    call->len > MYDEVICE_PACKET_MAX(ch->tx.size))
		r = -EMSGSIZE;
	else
		r = myd_channel_writable(ch, call->len ? myd_packet_size(call->len) : 1, arm);
	return call->done && ch->session.serial != call->serial ? ch->end_error ?: -EPIPE : r;
}

/* A writer that cannot learn of the end by reading learns of it by its error. */
static void tell_writer(struct myd_channel *ch)
{
	if (ch->session.phase == MYD_ENDED &&
	    (myd_channel_write_only(ch) || ch->session.eof_told))
		myd_channel_end_told(ch);
}

/* Looks for room; a write that has not begun is told what it found. */
static int find_room(struct call *call, bool arm)
{
	struct myd_channel *ch = call->ch;
	int r;

	spin_lock_irq(&ch->lock);
	r = room_for(call, arm);
	call->serial = ch->session.serial;
	apportion(call, &ch->tx_limit);
	if (!call->done && r != -EACCES)
		tell_writer(ch);
	if (r == -EAGAIN && ch->session.phase == MYD_LIVE)
		ch->stats.tx.stalls++;
	spin_unlock_irq(&ch->lock);
	return r;
}

static int put_bytes(struct call *call, u32 room, struct piece *piece)
{
	const struct myd_ring *ring = &call->ch->tx;
	u32 len = min3((size_t)room, iov_iter_count(call->iter), (size_t)call->bytes);

	piece->ring = copy(ring, ring->prod, len, call->iter, false);
	piece->iter = piece->ring;
	piece->messages = 1;
	return piece->ring ? 0 : -EFAULT;
}

/* The packet whose length is known. */
static int put_packet(struct call *call, struct piece *piece)
{
	const struct myd_ring *ring = &call->ch->tx;

	if (call->len > MYDEVICE_PACKET_MAX(ring->size))
		return -EMSGSIZE;
	if (!myd_copy_whole(ring, ring->prod + myd_packet_size(0), call->len, call->iter, false))
		return -EFAULT;
	myd_packet_put(ring, ring->prod, call->len);
	piece->ring = myd_packet_size(call->len);
	piece->iter = call->len;
	piece->messages = 1;
	return 0;
}

static int put(struct call *call, u32 room, struct piece *piece)
{
	if (!is_packets(call->ch))
		return put_bytes(call, room, piece);
	return call->frames ? myd_frames_put(call, room, piece) : put_packet(call, piece);
}

/* How long is the packet that the buffers hold next? It is not taken out of them. */
static int next_packet(struct call *call)
{
	int r;

	if (!is_packets(call->ch))
		return 0;
	if (!call->frames) {
		call->len = min_t(size_t, iov_iter_count(call->iter),
				  MYDEVICE_PACKET_MAX(UINT_MAX));
		return 0;
	}
	pagefault_disable();
	r = myd_frames_next(call);
	pagefault_enable();
	return r;
}

/* Not if the session in which there was room has ended meanwhile. */
static ssize_t publish(struct call *call, const struct piece *piece)
{
	struct myd_channel *ch = call->ch;
	ssize_t r = piece->iter;

	spin_lock_irq(&ch->lock);
	if (myd_tx_closed(ch)) {
		r = -EACCES;
	} else if (ch->session.serial == call->serial) {
		myd_channel_produced(ch, piece->ring, piece->messages);
	} else {
		r = ch->end_error ?: -EPIPE;
		if (!call->done)
			tell_writer(ch);
	}
	spin_unlock_irq(&ch->lock);
	return r;
}

/* Called with tx_mutex held: bytes copied, or an error. */
static ssize_t write_chunk(struct call *call, bool arm)
{
	struct piece piece = {};
	int r;

	r = next_packet(call);
	if (r)
		return r;
	r = find_room(call, arm);
	if (r <= 0)
		return r;

	pagefault_disable();
	r = put(call, r, &piece);
	pagefault_enable();
	return piece.ring ? publish(call, &piece) : r;
}

/**
 * struct way - what differs between reading and writing
 * @chunk: copies one; bytes of the buffers, 0 if the call is over, or an error
 * @look: what @chunk would find; called with the channel's lock held
 * @fault: brings in what a copy missed; how much could not be
 * @writing: a call that blocks goes on until all is moved
 */
struct way {
	ssize_t (*chunk)(struct call *call, bool arm);
	int (*look)(struct call *call, bool arm);
	size_t (*fault)(const struct iov_iter *iter, size_t len);
	bool writing;
};

/*
 * Brings in what a copy missed, with nothing locked. Of bytes some are enough to
 * go on with, a packet has to be there as a whole.
 */
static int fault_in(const struct way *way, const struct call *call)
{
	size_t want = MYD_CHUNK, missing;

	cond_resched();
	if (fatal_signal_pending(current))
		return -ERESTARTSYS;
	if (is_packets(call->ch))
		want = (call->frames ? sizeof(struct mydevice_frame) : 0) + call->len;
	want = min(want, iov_iter_count(call->iter));
	missing = way->fault(call->iter, want);
	return (is_packets(call->ch) ? missing : missing == want) ? -EFAULT : 0;
}

/**
 * struct waiting - what myd_wait() is to wait for
 * @call: the call
 * @way: its direction
 */
struct waiting {
	struct call *call;
	const struct way *way;
};

static bool way_settled(void *arg, bool arm)
{
	struct waiting *waiting = arg;
	struct myd_channel *ch = waiting->call->ch;
	int r;

	spin_lock_irq(&ch->lock);
	r = waiting->way->look(waiting->call, arm);
	spin_unlock_irq(&ch->lock);
	return r != -EAGAIN;
}

/*
 * Who watches the file for edges is told of the next bytes, also if those that
 * it was told of were just enough. Whoever begins to watch later looks first.
 */
static void watch_on(struct myd_channel *ch)
{
	/*
	 * No barrier: the lock was held since the bytes were taken. Who is not
	 * seen here had not looked then, and asks for an event when it does. Nor is
	 * the head of the list of SIGIO's protected by our lock.
	 */
	if (!waitqueue_active(&ch->rx_wait) && !data_race(READ_ONCE(ch->fasync)))
		return;
	spin_lock_irq(&ch->lock);
	myd_channel_expect(ch);
	spin_unlock_irq(&ch->lock);
}

static ssize_t move(struct kiocb *iocb, struct iov_iter *iter, const struct way *way)
{
	struct myd_channel *ch = iocb->ki_filp->private_data;
	struct call call = {
		.ch = ch,
		.iter = iter,
		.block = !(iocb->ki_flags & IOCB_NOWAIT) && myd_may_block(iocb->ki_filp),
		/* Who sees it takes the lock once more before it uses what was set with it. */
		.frames = READ_ONCE(ch->tune.flags) & MYDEVICE_TUNE_FRAMES,
	};
	struct waiting waiting = { .call = &call, .way = way };
	ssize_t r = 0;

	while (iov_iter_count(iter)) {
		if (!myd_channel_enter(ch, way->writing, iocb->ki_flags & IOCB_NOWAIT)) {
			r = -EAGAIN;
			break;
		}
		/* One that does not block waits in poll, which wants an event. */
		r = way->chunk(&call, !call.block);
		myd_channel_leave(ch, way->writing);
		if (r > 0) {
			call.done += r;
			continue;
		}
		if (r == -EFAULT) {
			r = fault_in(way, &call);
			if (r)
				break;
			continue;
		}
		if (r != -EAGAIN || !call.block || (call.done && !way->writing))
			break;
		r = myd_wait(ch, way->writing, way_settled, &waiting);
		if (r)
			break;
	}
	if (call.done && !way->writing)
		watch_on(ch);
	return call.done ?: r;
}

ssize_t myd_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	const struct way way = {
		.chunk = read_chunk,
		.look = bytes_for,
		.fault = myd_fault_in_writeable,
	};

	return move(iocb, to, &way);
}

ssize_t myd_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	const struct way way = {
		.chunk = write_chunk,
		.look = room_for,
		.fault = myd_fault_in_readable,
		.writing = true,
	};

	return move(iocb, from, &way);
}
