// SPDX-License-Identifier: GPL-2.0
/*
 * A channel as a file: open, close, poll. Reading and writing are in move.c.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/splice.h>

#include "../compat/compat.h"
#include "channel.h"

static int myd_open(struct inode *inode, struct file *file)
{
	struct myd_channel *ch = container_of(inode->i_cdev, struct myd_channel, cdev);
	int r;

	spin_lock_irq(&ch->lock);
	r = myd_channel_open(ch, file);
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

static __poll_t poll_live(struct myd_channel *ch)
{
	__poll_t mask = 0;
	int r;

	r = myd_channel_readable(ch, myd_channel_rx_want(ch), true);
	if (r >= 0)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (!r)
		mask |= EPOLLRDHUP;
	r = myd_channel_writable(ch, myd_channel_tx_want(ch), true);
	if (r > 0 || r == -EPIPE)
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}

/* Not while a limit holds back what comes before the end. */
static __poll_t poll_ended(struct myd_channel *ch)
{
	bool write_only = myd_channel_write_only(ch);
	__poll_t mask = EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | EPOLLHUP;

	if (!write_only && myd_channel_readable(ch, 1, false) == -EAGAIN)
		return 0;
	if (write_only && !myd_tx_closed(ch))
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask | (ch->end_error ? EPOLLERR : 0);
}

/*
 * A program that knows of the end of its session and asks for more input stays for the
 * next one. One that asks only whether it can write may be about to finish: socat does
 * so after an end of file. The first poll gives the end again, because there are programs
 * that poll before each read and look for the end of file twice: pv, busybox.
 */
static void ask_for_next(struct myd_channel *ch, const poll_table *wait)
{
	struct myd_session *s = &ch->session;
	__poll_t input = myd_channel_write_only(ch) ? EPOLLOUT | EPOLLWRNORM :
						      EPOLLIN | EPOLLRDNORM;

	if (!myd_session_over(s) || !(poll_requested_events(wait) & input))
		return;
	if (s->end_polled || myd_file_in_epoll(ch->file))
		myd_channel_stay(ch);
	else
		s->end_polled = true;
}

static __poll_t myd_poll(struct file *file, poll_table *wait)
{
	struct myd_channel *ch = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &ch->rx_wait, wait);
	poll_wait(file, &ch->tx_wait, wait);

	spin_lock_irq(&ch->lock);
	ask_for_next(ch, wait);
	if (ch->session.phase == MYD_LIVE)
		mask = poll_live(ch);
	/* Not else: looking may just have found the link broken. */
	if (ch->session.phase == MYD_ENDED)
		mask = poll_ended(ch);
	else if (ch->session.phase == MYD_WAITING && ch->gone)
		mask = EPOLLERR | EPOLLHUP;
	if (myd_channel_useless(ch))
		mask |= EPOLLERR;
	spin_unlock_irq(&ch->lock);
	return mask;
}

static int myd_fasync(int fd, struct file *file, int on)
{
	struct myd_channel *ch = file->private_data;
	int r;

	r = fasync_helper(fd, file, on, &ch->fasync);
	if (r < 0 || !on)
		return r;
	spin_lock_irq(&ch->lock);
	myd_channel_stay(ch);
	myd_channel_expect(ch);
	spin_unlock_irq(&ch->lock);
	return r;
}

const struct file_operations myd_file_ops = {
	.owner = THIS_MODULE,
	.open = myd_open,
	.release = myd_release,
	.read_iter = myd_read_iter,
	.write_iter = myd_write_iter,
	.poll = myd_poll,
	.fasync = myd_fasync,
	.unlocked_ioctl = myd_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.splice_read = myd_splice_read,
	.splice_write = iter_file_splice_write,
};
