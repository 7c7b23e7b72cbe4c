// SPDX-License-Identifier: GPL-2.0
/*
 * Channels: the state that programs, the peer's events and the face share.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/bits.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/sched/clock.h>
#include <linux/slab.h>

#include <mydevice/ring.h>

#include "../compat/compat.h"
#include "channel.h"
#include "trace.h"

static struct mydevice_flow *flow_of(struct myd_channel *ch, enum mydevice_direction direction)
{
	return direction == myd_tx_direction(ch) ? &ch->stats.tx : &ch->stats.rx;
}

static void notify(struct myd_channel *ch, enum mydevice_direction direction)
{
	flow_of(ch, direction)->notified++;
	ch->link.ops->notify(ch->link.priv, direction);
}

/* An index was published: the peer hears of it if it had asked for that. */
static void published(struct myd_channel *ch, enum mydevice_direction direction, bool wanted)
{
	if (wanted)
		notify(ch, direction);
	else
		flow_of(ch, direction)->suppressed++;
}

/**
 * myd_channel_wake_readers() - there is something to read
 * @ch: the channel, locked
 */
void myd_channel_wake_readers(struct myd_channel *ch)
{
	WRITE_ONCE(ch->rx_spin.woken_at, local_clock());
	wake_up_interruptible_poll(&ch->rx_wait, EPOLLIN | EPOLLRDNORM);
	kill_fasync(&ch->fasync, SIGIO, POLL_IN);
}

/**
 * myd_channel_wake_writers() - there is room
 * @ch: the channel, locked
 */
void myd_channel_wake_writers(struct myd_channel *ch)
{
	WRITE_ONCE(ch->tx_spin.woken_at, local_clock());
	wake_up_interruptible_poll(&ch->tx_wait, EPOLLOUT | EPOLLWRNORM);
	kill_fasync(&ch->fasync, SIGIO, POLL_OUT);
}

/**
 * myd_channel_wake_all() - a change that both kinds of waiting programs want to know
 * @ch: the channel
 */
void myd_channel_wake_all(struct myd_channel *ch)
{
	wake_up_interruptible(&ch->rx_wait);
	wake_up_interruptible(&ch->tx_wait);
	kill_fasync(&ch->fasync, SIGIO, POLL_HUP);
}

/**
 * myd_channel_enter() - take the mutex of a direction
 * @ch: the channel, not locked
 * @writing: @tx_mutex, not @rx_mutex
 * @nowait: do not sleep
 *
 * The mutex is held for as long as a chunk takes to copy, so that no signal has to
 * interrupt the wait for it.
 *
 * Return: false if the mutex is taken and @nowait is set. Then the program gets an
 * event when it is released.
 */
bool myd_channel_enter(struct myd_channel *ch, bool writing, bool nowait)
{
	struct mutex *mutex = writing ? &ch->tx_mutex : &ch->rx_mutex;

	if (!nowait) {
		mutex_lock(mutex);
		return true;
	}
	if (mutex_trylock(mutex))
		return true;
	set_bit(writing ? MYD_REFUSED_WRITE : MYD_REFUSED_READ, &ch->refused);
	/* Pairs with the barrier in myd_channel_leave(): one of the two sees the other. */
	smp_mb__after_atomic();
	return mutex_trylock(mutex);
}

/**
 * myd_channel_leave() - release the mutex of a direction
 * @ch: the channel, not locked
 * @writing: @tx_mutex, not @rx_mutex
 */
void myd_channel_leave(struct myd_channel *ch, bool writing)
{
	int refused = writing ? MYD_REFUSED_WRITE : MYD_REFUSED_READ;

	mutex_unlock(writing ? &ch->tx_mutex : &ch->rx_mutex);
	/* Pairs with the barrier in myd_channel_enter(): the release before the look. */
	smp_mb();
	if (likely(!test_bit(refused, &ch->refused)) || !test_and_clear_bit(refused, &ch->refused))
		return;
	spin_lock_irq(&ch->lock);
	if (writing)
		myd_channel_wake_writers(ch);
	else
		myd_channel_wake_readers(ch);
	spin_unlock_irq(&ch->lock);
}

static void enter_both(struct myd_channel *ch)
{
	myd_channel_enter(ch, false, false);
	myd_channel_enter(ch, true, false);
}

static void leave_both(struct myd_channel *ch)
{
	myd_channel_leave(ch, true);
	myd_channel_leave(ch, false);
}

static void end_with_error(struct myd_channel *ch, int error)
{
	if (myd_session_abort(&ch->session, &ch->rx))
		ch->end_error = error;
}

static void lied_to(struct myd_channel *ch)
{
	ch->stats.errors++;
	trace_myd_broken(ch);
	end_with_error(ch, -EPROTO);
}

/**
 * myd_channel_break() - the peer broke the protocol: its words are looked at no more
 * @ch: the channel, locked, linked, not broken
 */
void myd_channel_break(struct myd_channel *ch)
{
	ch->broken = true;
	lied_to(ch);
	myd_channel_wake_all(ch);
	ch->link.ops->broken(ch->link.priv);
}

/**
 * myd_channel_step() - act on the peer's session words
 * @ch: the channel, locked
 *
 * Return: whether anything had changed.
 */
bool myd_channel_step(struct myd_channel *ch)
{
	u32 serial = ch->session.serial;
	unsigned int todo;

	if (!ch->linked || ch->broken)
		return false;
	if (myd_session_step(&ch->session, &ch->tx, &ch->rx, &todo)) {
		myd_channel_break(ch);
		return true;
	}
	if (ch->session.serial != serial)
		trace_myd_session(ch);
	if (todo & MYD_STEP_WAKE)
		myd_channel_wake_all(ch);
	if (todo & MYD_STEP_NOTIFY)
		notify(ch, myd_tx_direction(ch));
	if (todo & MYD_STEP_ROOM)
		notify(ch, myd_rx_direction(ch));
	return todo;
}

/**
 * myd_channel_source() - where the bytes are that were found readable
 * @ch: the channel; @ch->rx_mutex held since then
 */
struct myd_ring *myd_channel_source(struct myd_channel *ch)
{
	return ch->residue.cons != ch->residue.prod ? &ch->residue : &ch->rx;
}

/**
 * myd_channel_consumed() - bytes were copied out
 * @ch: the channel, locked; @ch->rx_mutex held since they were found readable
 * @len: how many
 * @messages: in how many
 */
void myd_channel_consumed(struct myd_channel *ch, u32 len, u32 messages)
{
	struct myd_ring *ring = myd_channel_source(ch);

	ch->stats.rx.bytes += len;
	ch->stats.rx.messages += messages;
	if (unlikely(ch->limits))
		myd_limit_use(&ch->rx_limit, len, messages);
	if (ring == &ch->residue)
		ring->cons += len;
	else if (!ch->broken)
		published(ch, myd_rx_direction(ch), myd_ring_consume(ring, len));
	trace_myd_consumed(ch, len, messages);
}

/**
 * myd_channel_produced() - bytes were copied in
 * @ch: the channel, locked; @ch->tx_mutex held since room was found
 * @len: how many
 * @messages: in how many
 */
void myd_channel_produced(struct myd_channel *ch, u32 len, u32 messages)
{
	ch->stats.tx.bytes += len;
	ch->stats.tx.messages += messages;
	if (unlikely(ch->limits))
		myd_limit_use(&ch->tx_limit, len, messages);
	published(ch, myd_tx_direction(ch), myd_ring_produce(&ch->tx, len));
	trace_myd_produced(ch, len, messages);
}

/**
 * myd_channel_garbled() - the bytes that were found readable are no packets
 * @ch: the channel, locked
 */
void myd_channel_garbled(struct myd_channel *ch)
{
	if (myd_channel_source(ch) == &ch->rx) {
		/* An event may have been quicker. */
		if (!ch->broken)
			myd_channel_break(ch);
		return;
	}
	ch->residue.cons = ch->residue.prod;
	lied_to(ch);
}

/**
 * myd_channel_finish() - the program writes no more in this session
 * @ch: the channel, locked; @ch->tx_mutex held: no byte is on its way
 *
 * Return: 0, or -ENOTCONN outside of a session.
 */
int myd_channel_finish(struct myd_channel *ch)
{
	if (ch->session.phase != MYD_LIVE)
		return -ENOTCONN;
	if (ch->session.tx_fin)
		return 0;
	myd_session_finish(&ch->session, &ch->tx);
	notify(ch, myd_tx_direction(ch));
	myd_channel_wake_writers(ch);
	return 0;
}

/*
 * Has the program arranged to hear of the next session? Edge-triggered epoll and SIGIO
 * do not look at the file again, so that being registered has to do.
 */
static bool stays(const struct myd_channel *ch)
{
	/* fcntl() writes the list's head under a lock of its own. */
	return ch->tune.flags & MYDEVICE_TUNE_STAY || data_race(READ_ONCE(ch->fasync)) ||
	       myd_file_in_epoll(ch->file);
}

/**
 * myd_channel_end_told() - the program has learnt of the end of its session
 * @ch: the channel, locked, its session ended
 */
void myd_channel_end_told(struct myd_channel *ch)
{
	ch->end_error = 0;
	myd_session_told(&ch->session);
	if (stays(ch))
		myd_channel_stay(ch);
}

/**
 * myd_channel_stay() - the program waits for the next session on the same descriptor
 * @ch: the channel, locked, open. Nothing happens if its session is not over.
 */
void myd_channel_stay(struct myd_channel *ch)
{
	if (!myd_session_over(&ch->session))
		return;
	myd_session_stay(&ch->session);
	myd_channel_step(ch);
}

/* Takes the residue out of the channel, locked; to be freed when it is not. */
static void *take_residue(struct myd_channel *ch)
{
	void *memory = ch->residue.segment[0];

	memset(&ch->residue, 0, sizeof(ch->residue));
	return memory;
}

/**
 * myd_channel_open() - a program opens the node
 * @ch: the channel, locked
 * @file: what it has opened
 *
 * Return: 0, -EBUSY if it is open already, -EACCES if it is opened for a direction that
 * is closed, or -ENODEV.
 */
int myd_channel_open(struct myd_channel *ch, struct file *file)
{
	if (ch->gone)
		return -ENODEV;
	if (!myd_channel_permits(ch, file->f_mode))
		return -EACCES;
	if (ch->session.phase != MYD_CLOSED)
		return -EBUSY;
	ch->file = file;
	memset(&ch->tune, 0, sizeof(ch->tune));
	myd_session_open(&ch->session, ch->linked ? &ch->tx : NULL);
	if (ch->linked && !ch->broken)
		notify(ch, myd_tx_direction(ch));
	myd_channel_step(ch);
	return 0;
}

/**
 * myd_channel_release() - the program has closed the node
 * @ch: the channel, not locked
 */
void myd_channel_release(struct myd_channel *ch)
{
	void *residue, *run;

	myd_channel_enter(ch, false, false);
	spin_lock_irq(&ch->lock);
	/* Of no use to anybody: no call is under way, and none can come. */
	run = ch->run[0];
	memset(ch->run, 0, sizeof(ch->run));
	myd_session_close(&ch->session, ch->linked ? &ch->tx : NULL, &ch->rx);
	trace_myd_session(ch);
	ch->file = NULL;
	ch->end_error = 0;
	if (ch->linked && !ch->broken)
		notify(ch, myd_tx_direction(ch));
	residue = take_residue(ch);
	spin_unlock_irq(&ch->lock);
	myd_channel_leave(ch, false);
	kvfree(residue);
	kfree(run);
}

static void attach_ring(struct myd_ring *ring, const struct myd_link *link,
			enum mydevice_direction direction)
{
	ring->producer = &link->control->dir[direction].producer;
	ring->consumer = &link->control->dir[direction].consumer;
	memcpy(ring->segment, link->segment[direction], sizeof(ring->segment));
	ring->size = 1u << link->order[direction];
	ring->prod = 0;
	ring->cons = 0;
	/* Just passed: nothing is asked for. */
	ring->armed = -1;
}

/**
 * myd_channel_set_domid() - another domain has the other end now
 * @ch: the channel, not connected
 * @domid: which
 */
void myd_channel_set_domid(struct myd_channel *ch, u16 domid)
{
	WRITE_ONCE(ch->info.domid, domid);
}
EXPORT_SYMBOL_GPL(myd_channel_set_domid);

/**
 * myd_channel_connect() - the pair has shared memory and a doorbell now
 * @ch: the channel, not connected
 * @link: them; copied. The memory stays valid until myd_channel_disconnect().
 */
void myd_channel_connect(struct myd_channel *ch, const struct myd_link *link)
{
	enter_both(ch);
	spin_lock_irq(&ch->lock);
	ch->link = *link;
	attach_ring(&ch->tx, link, myd_tx_direction(ch));
	attach_ring(&ch->rx, link, myd_rx_direction(ch));
	ch->event_prod = 0;
	ch->event_cons = 0;
	ch->event_epoch = 0;
	ch->broken = false;
	ch->linked = true;
	myd_session_link(&ch->session, &ch->tx, &ch->rx);
	notify(ch, myd_tx_direction(ch));
	myd_channel_step(ch);
	spin_unlock_irq(&ch->lock);
	leave_both(ch);
}
EXPORT_SYMBOL_GPL(myd_channel_connect);

/* How many bytes a program that has the channel open may have left unread, at most. */
static u32 most_unread(struct myd_channel *ch)
{
	u32 most;

	spin_lock_irq(&ch->lock);
	most = ch->linked && ch->session.phase != MYD_CLOSED && !myd_rx_closed(ch) ?
	       ch->rx.size : 0;
	spin_unlock_irq(&ch->lock);
	return most;
}

/*
 * Takes both mutexes, with memory for what is unread. That is allocated without them:
 * an allocation may take long, and calls wait for the mutexes.
 */
static void *enter_with_memory(struct myd_channel *ch)
{
	void *memory;
	u32 most;

	enter_both(ch);
	most = most_unread(ch);
	if (!most)
		return NULL;
	leave_both(ch);
	memory = kvmalloc(most, GFP_KERNEL);
	enter_both(ch);
	return memory;
}

/* Copies @len bytes into @memory, which becomes the channel's, for the one it returns. */
static void *save_residue(struct myd_channel *ch, u8 *memory, u32 len)
{
	struct myd_ring residue = { .size = ch->rx.size, .prod = len };
	void *old = NULL;
	u32 i;

	if (memory) {
		for (i = 0; i << MYD_SEGMENT_SHIFT < len; i++)
			residue.segment[i] = memory + (i << MYD_SEGMENT_SHIFT);
		myd_ring_get(&ch->rx, ch->rx.cons, memory, len);
	}
	spin_lock_irq(&ch->lock);
	if (memory) {
		old = take_residue(ch);
		ch->residue = residue;
	} else {
		ch->end_error = -EIO;
	}
	spin_unlock_irq(&ch->lock);
	return old;
}

/**
 * myd_channel_disconnect() - the shared memory and the doorbell go
 * @ch: the channel, connected or not
 * @keep: what the program has not read yet is kept for it; if not, the memory is
 *	not to be relied on and the session ends where the program has got to
 *
 * When this returns, the memory is not touched and the face's functions are not
 * called any more.
 *
 * Context: sleeps, at most while a program copies one chunk.
 */
void myd_channel_disconnect(struct myd_channel *ch, bool keep)
{
	void *memory = NULL;
	int unread = 0;

	if (keep)
		memory = enter_with_memory(ch);
	else
		enter_both(ch);
	spin_lock_irq(&ch->lock);
	if (ch->linked) {
		if (keep)
			myd_channel_step(ch);
		else
			end_with_error(ch, 0);
		if (keep && !ch->broken)
			unread = myd_session_unlink(&ch->session, &ch->rx);
		if (unread < 0)
			lied_to(ch);
		/* The ring is not mapped, and nobody may read it. */
		if (myd_rx_closed(ch))
			unread = 0;
		ch->linked = false;
		trace_myd_session(ch);
	}
	spin_unlock_irq(&ch->lock);
	if (unread > 0)
		memory = save_residue(ch, memory, unread);
	leave_both(ch);
	kvfree(memory);
	myd_channel_wake_all(ch);
}
EXPORT_SYMBOL_GPL(myd_channel_disconnect);

/**
 * myd_channel_broken() - did the peer break the protocol on the present link?
 * @ch: the channel
 */
bool myd_channel_broken(struct myd_channel *ch)
{
	bool broken;

	spin_lock_irq(&ch->lock);
	broken = ch->linked && ch->broken;
	spin_unlock_irq(&ch->lock);
	return broken;
}
EXPORT_SYMBOL_GPL(myd_channel_broken);

static void release_channel(struct device *dev)
{
	struct myd_channel *ch = container_of(dev, struct myd_channel, dev);

	myd_node_release(ch);
	kvfree(ch->residue.segment[0]);
	kfree(ch);
	myd_node_freed();
}

/**
 * myd_channel_create() - a channel and its node
 * @info: its identity; copied
 *
 * The node is added soon after, by a work item. If that fails it is logged, and the
 * channel has no node.
 *
 * Return: the channel, to be given back to myd_channel_destroy(), or an ERR_PTR.
 */
struct myd_channel *myd_channel_create(const struct myd_channel_info *info)
{
	struct myd_channel *ch;
	int r;

	ch = kzalloc(sizeof(*ch), GFP_KERNEL);
	if (!ch)
		return ERR_PTR(-ENOMEM);
	ch->info = *info;
	ch->closed = info->closed;
	mutex_init(&ch->rx_mutex);
	mutex_init(&ch->tx_mutex);
	init_waitqueue_head(&ch->rx_wait);
	init_waitqueue_head(&ch->tx_wait);
	spin_lock_init(&ch->lock);
	myd_limit_init(ch);
	device_initialize(&ch->dev);
	ch->dev.release = release_channel;
	r = myd_node_create(ch);
	if (r) {
		put_device(&ch->dev);
		return ERR_PTR(r);
	}
	return ch;
}
EXPORT_SYMBOL_GPL(myd_channel_create);

/**
 * myd_channel_destroy() - the device is detached for good
 * @ch: the channel, or NULL
 *
 * A work item removes the node soon after. A program that has it open reads what is
 * left, the end of its session, then -ENODEV. When this returns, none of the face's
 * functions is called any more.
 */
void myd_channel_destroy(struct myd_channel *ch)
{
	if (!ch)
		return;
	myd_channel_disconnect(ch, true);
	spin_lock_irq(&ch->lock);
	ch->gone = true;
	spin_unlock_irq(&ch->lock);
	myd_limit_lift(ch);
	myd_channel_wake_all(ch);
	myd_node_remove(ch);
	put_device(&ch->dev);
}
EXPORT_SYMBOL_GPL(myd_channel_destroy);
