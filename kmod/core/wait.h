/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a call waits: it spins for a moment, then it sleeps.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_WAIT_H
#define MYD_WAIT_H

#include <linux/compiler.h>
#include <linux/fs.h>
#include <linux/types.h>
#include <linux/wait.h>

struct myd_channel;

/**
 * struct myd_spin - how long a direction's calls spin before they sleep
 * @ns: nanoseconds now; adapts
 * @wake_ns: the least that a wake-up has taken of late
 * @woken_at: when a program was last woken
 *
 * Not locked: a race over it costs time only.
 */
struct myd_spin {
	u32 ns;
	u32 wake_ns;
	u64 woken_at;
};

static inline bool myd_may_block(const struct file *file)
{
	/* fcntl() of another thread may write the flags at any time, and does not mark it. */
	return !(data_race(READ_ONCE(file->f_flags)) & O_NONBLOCK);
}

/* Whether there is nothing to wait for any more; may @arm the peer's event first. */
typedef bool myd_settled_fn(void *arg, bool arm);

long myd_sleep(wait_queue_head_t *queue, myd_settled_fn *settled, void *arg, long timeout);
int myd_wait(struct myd_channel *ch, bool writing, myd_settled_fn *settled, void *arg);

#endif /* MYD_WAIT_H */
