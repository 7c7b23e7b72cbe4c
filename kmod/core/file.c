// SPDX-License-Identifier: GPL-2.0
/*
 * A channel as a file: open, read, write, poll.
 *
 * A mutex orders the programs that copy in one direction. It is never held
 * across a page fault of theirs or a sleep, so that disconnecting waits a
 * bounded time: a copy runs with page faults off, and what it missed is
 * faulted in with the mutex released.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/splice.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include <mydevice/ring.h>

#include "../compat/compat.h"
#include "channel.h"

/* Bytes copied before they are published: the peer starts on them meanwhile. */
#define CHUNK	(64u << 10)

static int myd_open(struct inode *inode, struct file *file)
{
	struct myd_channel *ch = container_of(inode->i_cdev, struct myd_channel, cdev);
	int r;

	spin_lock_irq(&ch->lock);
	r = myd_channel_open(ch, !(file->f_mode & FMODE_READ));
	spin_unlock_irq(&ch->lock);
	if (r)
		return r;
	file->private_data = ch;
	file->f_mode |= FMODE_NOWAIT;
	return stream_open(inode, file);
}

static int myd_release(struct inode *inode, struct file *file)
{
	myd_channel_release(file->private_data);
	return 0;
}

static bool read_settled(struct myd_channel *ch, bool begun, u32 serial)
{
	int r;

	spin_lock_irq(&ch->lock);
	r = myd_channel_readable(ch);
	spin_unlock_irq(&ch->lock);
	return r != -EAGAIN;
}

/*
 * Looks for bytes to read. A read that has begun stays in its session; one that
 * has not is told what it found.
 */
static int find_bytes(struct myd_channel *ch, bool begun, u32 *serial)
{
	struct myd_session *s = &ch->session;
	int r;

	spin_lock_irq(&ch->lock);
	r = myd_channel_readable(ch);
	if (begun) {
		if (s->serial != *serial && s->phase != MYD_ENDED)
			r = 0;
	} else if (r <= 0 && s->phase == MYD_ENDED) {
		myd_channel_told(ch);
	} else if (!r) {
		s->eof_told = true;
	}
	*serial = s->serial;
	spin_unlock_irq(&ch->lock);
	return r;
}

/* Called with rx_mutex held: bytes copied, 0 at the end, or an error. */
static ssize_t read_chunk(struct myd_channel *ch, struct iov_iter *to, bool begun, u32 *serial)
{
	u32 left, n, done = 0;
	size_t copied;
	void *p;
	int r;

	r = find_bytes(ch, begun, serial);
	if (r <= 0)
		return r;

	left = min3((size_t)r, iov_iter_count(to), (size_t)CHUNK);
	pagefault_disable();
	while (left) {
		if (ch->residue_pos < ch->residue_len) {
			p = ch->residue + ch->residue_pos + done;
			n = left;
		} else {
			p = myd_ring_span(&ch->rx, ch->rx.cons + done, left, &n);
		}
		copied = copy_to_iter(p, n, to);
		done += copied;
		left -= copied;
		if (copied != n)
			break;
	}
	pagefault_enable();
	if (!done)
		return -EFAULT;

	spin_lock_irq(&ch->lock);
	myd_channel_consumed(ch, done);
	spin_unlock_irq(&ch->lock);
	return done;
}

/*
 * Room for a write. One that has @begun stays in its session: in another one,
 * and at the end, the rest of it fails. Called with the lock held.
 */
static int room_for(struct myd_channel *ch, bool begun, u32 serial)
{
	int r = myd_channel_writable(ch);

	return begun && ch->session.serial != serial ? ch->end_error ?: -EPIPE : r;
}

static bool write_settled(struct myd_channel *ch, bool begun, u32 serial)
{
	int r;

	spin_lock_irq(&ch->lock);
	r = room_for(ch, begun, serial);
	spin_unlock_irq(&ch->lock);
	return r != -EAGAIN;
}

/* A writer that cannot learn of the end by reading learns of it by its error. */
static void tell_writer(struct myd_channel *ch)
{
	if (ch->session.phase == MYD_ENDED && (ch->write_only || ch->session.eof_told))
		myd_channel_told(ch);
}

/* Looks for room; a write that has not begun is told what it found. */
static int find_room(struct myd_channel *ch, bool begun, u32 *serial)
{
	int r;

	spin_lock_irq(&ch->lock);
	r = room_for(ch, begun, *serial);
	*serial = ch->session.serial;
	if (!begun)
		tell_writer(ch);
	spin_unlock_irq(&ch->lock);
	return r;
}

/* Called with tx_mutex held: bytes copied, or an error. */
static ssize_t write_chunk(struct myd_channel *ch, struct iov_iter *from, bool begun, u32 *serial)
{
	u32 left, n, done = 0;
	size_t copied;
	void *p;
	int r;

	r = find_room(ch, begun, serial);
	if (r <= 0)
		return r;

	left = min3((size_t)r, iov_iter_count(from), (size_t)CHUNK);
	pagefault_disable();
	while (left) {
		p = myd_ring_span(&ch->tx, ch->tx.prod + done, left, &n);
		copied = copy_from_iter(p, n, from);
		done += copied;
		left -= copied;
		if (copied != n)
			break;
	}
	pagefault_enable();
	if (!done)
		return -EFAULT;

	r = done;
	spin_lock_irq(&ch->lock);
	if (ch->session.serial == *serial) {
		myd_channel_produced(ch, done);
	} else {
		r = ch->end_error ?: -EPIPE;
		if (!begun)
			tell_writer(ch);
	}
	spin_unlock_irq(&ch->lock);
	return r;
}

/**
 * struct way - what differs between reading and writing
 * @mutex: held while a chunk is copied
 * @wait: where to wait for another
 * @chunk: copies one; bytes, 0 at the end, or an error
 * @settled: whether @chunk would not say -EAGAIN
 * @fault: brings in what a copy missed
 * @all: a call that blocks goes on until all is moved
 */
struct way {
	struct mutex *mutex;	/* the direction's */
	wait_queue_head_t *wait;
	ssize_t (*chunk)(struct myd_channel *ch, struct iov_iter *iter, bool begun, u32 *serial);
	bool (*settled)(struct myd_channel *ch, bool begun, u32 serial);
	bool (*fault)(const struct iov_iter *iter, size_t len);
	bool all;
};

static int lock_way(const struct way *way, bool nowait)
{
	if (nowait)
		return mutex_trylock(way->mutex) ? 0 : -EAGAIN;
	return mutex_lock_interruptible(way->mutex) ? -ERESTARTSYS : 0;
}

/* Brings in what a copy missed, with nothing locked; false if that cannot be. */
static bool fault_in(const struct way *way, const struct iov_iter *iter)
{
	cond_resched();
	return !signal_pending(current) &&
	       way->fault(iter, min_t(size_t, iov_iter_count(iter), CHUNK));
}

static ssize_t move(struct kiocb *iocb, struct iov_iter *iter, const struct way *way)
{
	struct myd_channel *ch = iocb->ki_filp->private_data;
	bool nowait = iocb->ki_flags & IOCB_NOWAIT;
	bool block = !nowait && !(iocb->ki_filp->f_flags & O_NONBLOCK);
	ssize_t total = 0, r = 0;
	u32 serial = 0;

	while (iov_iter_count(iter)) {
		r = lock_way(way, nowait);
		if (r)
			break;
		r = way->chunk(ch, iter, total, &serial);
		mutex_unlock(way->mutex);
		if (r > 0) {
			total += r;
			continue;
		}
		if (r == -EFAULT && fault_in(way, iter))
			continue;
		if (r != -EAGAIN || !block || (total && !way->all))
			break;
		r = wait_event_interruptible(*way->wait, way->settled(ch, total, serial));
		if (r)
			break;
	}
	return total ?: r;
}

static ssize_t myd_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct myd_channel *ch = iocb->ki_filp->private_data;
	const struct way way = {
		.mutex = &ch->rx_mutex,
		.wait = &ch->rx_wait,
		.chunk = read_chunk,
		.settled = read_settled,
		.fault = myd_fault_in_writeable,
		.all = false,
	};

	return move(iocb, to, &way);
}

static ssize_t myd_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct myd_channel *ch = iocb->ki_filp->private_data;
	const struct way way = {
		.mutex = &ch->tx_mutex,
		.wait = &ch->tx_wait,
		.chunk = write_chunk,
		.settled = write_settled,
		.fault = myd_fault_in_readable,
		.all = true,
	};

	return move(iocb, from, &way);
}

static __poll_t poll_live(struct myd_channel *ch)
{
	__poll_t mask = 0;
	int r;

	r = myd_channel_readable(ch);
	if (r >= 0)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (!r)
		mask |= EPOLLRDHUP;
	r = myd_channel_writable(ch);
	if (r >= 0 && (u32)r < mydevice_space_want(ch->tx.size)) {
		/* Some room, but not worth waking for: ask, and look once more. */
		myd_ring_arm_space(&ch->tx);
		r = myd_channel_writable(ch);
	}
	if (r == -EPIPE || (r > 0 && (u32)r >= mydevice_space_want(ch->tx.size)))
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}

static __poll_t myd_poll(struct file *file, poll_table *wait)
{
	struct myd_channel *ch = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &ch->rx_wait, wait);
	poll_wait(file, &ch->tx_wait, wait);

	spin_lock_irq(&ch->lock);
	if (ch->session.phase == MYD_LIVE)
		mask = poll_live(ch);
	/* Not else: looking may just have found the link broken. */
	if (ch->session.phase == MYD_ENDED)
		mask = EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | EPOLLHUP |
		       (ch->end_error ? EPOLLERR : 0);
	else if (ch->session.phase == MYD_WAITING && ch->gone)
		mask = EPOLLERR | EPOLLHUP;
	spin_unlock_irq(&ch->lock);
	return mask;
}

static int myd_fasync(int fd, struct file *file, int on)
{
	struct myd_channel *ch = file->private_data;

	return fasync_helper(fd, file, on, &ch->fasync);
}

const struct file_operations myd_file_ops = {
	.owner = THIS_MODULE,
	.open = myd_open,
	.release = myd_release,
	.read_iter = myd_read_iter,
	.write_iter = myd_write_iter,
	.poll = myd_poll,
	.fasync = myd_fasync,
	.splice_read = myd_splice_read,
	.splice_write = iter_file_splice_write,
};
