// SPDX-License-Identifier: GPL-2.0
/*
 * <uapi/linux/mydevice.h>: what a program can ask beside read, write and poll.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/build_bug.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "channel.h"
#include "frames.h"
#include "pending.h"
#include "wait.h"

/*
 * In which of the structure's sizes the program was built is in the request.
 * What a later version has and this one does not know has to be zero.
 */
static int get_argument(unsigned int cmd, void __user *from, void *to, size_t size)
{
	return copy_struct_from_user(to, size, from, _IOC_SIZE(cmd));
}

static void fill_info(struct myd_channel *ch, struct mydevice_info *info)
{
	info->end = ch->info.end;
	info->mode = ch->info.mode;
	info->domid = READ_ONCE(ch->info.domid);
	info->devid = ch->info.devid;
	memcpy(info->name, ch->info.name, sizeof(info->name));
	memcpy(info->guest, ch->info.guest, sizeof(info->guest));

	spin_lock_irq(&ch->lock);
	info->session = ch->session.phase;
	if (ch->linked) {
		info->tx_ring = ch->tx.size;
		info->rx_ring = ch->rx.size;
		if (ch->info.mode == MYDEVICE_PACKET)
			info->packet_max = MYDEVICE_PACKET_MAX(ch->tx.size);
	}
	info->rx_used = max(myd_channel_readable(ch, 1, false), 0);
	info->tx_free = max(myd_channel_writable(ch, 1, false), 0);
	myd_channel_stats(ch, &info->stats);
	spin_unlock_irq(&ch->lock);
}

static long get_info(struct myd_channel *ch, unsigned int cmd, void __user *arg)
{
	size_t size = min_t(size_t, _IOC_SIZE(cmd), sizeof(struct mydevice_info));
	struct mydevice_info info = {};

	BUILD_BUG_ON(MYD_FRONTEND != MYDEVICE_END_FRONTEND || MYD_BACKEND != MYDEVICE_END_BACKEND);
	BUILD_BUG_ON(MYD_WAITING != MYDEVICE_SESSION_WAITING || MYD_LIVE != MYDEVICE_SESSION_LIVE ||
		     MYD_ENDED != MYDEVICE_SESSION_ENDED);
	BUILD_BUG_ON(sizeof(info.name) != sizeof(ch->info.name) ||
		     sizeof(info.guest) != sizeof(ch->info.guest));
	fill_info(ch, &info);
	if (copy_to_user(arg, &info, size) ||
	    clear_user(arg + size, _IOC_SIZE(cmd) - size))
		return -EFAULT;
	return 0;
}

static long shut_down(struct myd_channel *ch, unsigned int cmd, void __user *arg)
{
	struct mydevice_shutdown shutdown;
	int r;

	r = get_argument(cmd, arg, &shutdown, sizeof(shutdown));
	if (r)
		return r;
	if (shutdown.how != MYDEVICE_SHUT_WRITE || shutdown.flags)
		return -EINVAL;
	/* A write that is copying comes before the end. */
	myd_channel_enter(ch, true, false);
	spin_lock_irq(&ch->lock);
	r = myd_channel_finish(ch);
	spin_unlock_irq(&ch->lock);
	myd_channel_leave(ch, true);
	return r;
}

/* As for the ioctl; -EAGAIN while there is no session. */
static int in_session(struct myd_channel *ch)
{
	int r;

	spin_lock_irq(&ch->lock);
	myd_channel_stay(ch);
	switch (ch->session.phase) {
	case MYD_LIVE:
		r = 0;
		break;
	case MYD_ENDED:
		r = -EPIPE;
		break;
	default:
		r = ch->gone ? -ENODEV : -EAGAIN;
	}
	spin_unlock_irq(&ch->lock);
	return r;
}

static bool session_settled(void *arg, bool arm)
{
	return in_session(arg) != -EAGAIN;
}

static long wait_session(struct file *file, unsigned int cmd, void __user *arg)
{
	struct myd_channel *ch = file->private_data;
	long timeout = MAX_SCHEDULE_TIMEOUT, left;
	struct mydevice_wait wait;
	int r;

	r = get_argument(cmd, arg, &wait, sizeof(wait));
	if (r)
		return r;
	if (wait.flags)
		return -EINVAL;
	/* One more, since the current jiffy has begun already: never too early. */
	if (wait.timeout_msec >= 0)
		timeout = msecs_to_jiffies(wait.timeout_msec) + !!wait.timeout_msec;
	if (!myd_may_block(file))
		return in_session(ch);
	left = myd_sleep(&ch->rx_wait, session_settled, ch, timeout);
	if (left < 0)
		return -ERESTARTNOHAND;
	r = in_session(ch);
	return r == -EAGAIN ? -ETIMEDOUT : r;
}

static long tune(struct myd_channel *ch, unsigned int cmd, void __user *arg)
{
	struct mydevice_tune tune;
	u8 *run = NULL;
	int r;

	r = get_argument(cmd, arg, &tune, sizeof(tune));
	if (r)
		return r;
	if (tune.flags & ~(MYDEVICE_TUNE_FRAMES | MYDEVICE_TUNE_STAY))
		return -EINVAL;
	if (tune.flags & MYDEVICE_TUNE_FRAMES) {
		if (ch->info.mode != MYDEVICE_PACKET)
			return -EINVAL;
		run = kmalloc_array(ARRAY_SIZE(ch->run), MYD_RUN, GFP_KERNEL);
		if (!run)
			return -ENOMEM;
	}
	spin_lock_irq(&ch->lock);
	if (run && !ch->run[0]) {
		ch->run[0] = run;
		ch->run[1] = run + MYD_RUN;
		run = NULL;
	}
	/* read(), write() and FIONREAD read these without the lock. */
	WRITE_ONCE(ch->tune.flags, tune.flags);
	ch->tune.rx_wake = tune.rx_wake;
	ch->tune.tx_wake = tune.tx_wake;
	ch->tune.spin_usec = tune.spin_usec;
	if (tune.flags & MYDEVICE_TUNE_STAY)
		myd_channel_stay(ch);
	spin_unlock_irq(&ch->lock);
	kfree(run);
	/* Who sleeps for the old thresholds asks for the new ones. */
	wake_up_interruptible(&ch->rx_wait);
	wake_up_interruptible(&ch->tx_wait);
	return 0;
}

long myd_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct myd_channel *ch = file->private_data;
	void __user *user = (void __user *)arg;

	if (_IOC_TYPE(cmd) != MYDEVICE_IOC_MAGIC)
		return myd_pending(ch, cmd, user);
	switch (cmd & ~IOCSIZE_MASK) {
	case MYDEVICE_IOC_INFO & ~IOCSIZE_MASK:
		return get_info(ch, cmd, user);
	case MYDEVICE_IOC_SHUTDOWN & ~IOCSIZE_MASK:
		return shut_down(ch, cmd, user);
	case MYDEVICE_IOC_WAIT & ~IOCSIZE_MASK:
		return wait_session(file, cmd, user);
	case MYDEVICE_IOC_TUNE & ~IOCSIZE_MASK:
		return tune(ch, cmd, user);
	default:
		return -ENOTTY;
	}
}
