// SPDX-License-Identifier: GPL-2.0
/*
 * How a call waits. An event and a wake-up cost more than the peer often takes,
 * so a call looks at the ring for a moment before it asks for one and sleeps.
 * The moment adapts: it grows while waits end within the most it may be, and
 * shrinks to nothing while they do not. The most is a multiple of what a wake-up
 * takes on this machine: what is saved is worth that, and not more.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/freezer.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/processor.h>
#include <linux/rcupdate.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>

#include "../compat/yield.h"
#include "channel.h"
#include "trace.h"
#include "wait.h"

/* Where it grows from, and below which it is nothing. */
#define SPIN_FIRST_NS	2000u
#define SPIN_MOST_USEC	10000u
/* An event takes both ends a few times as long as the wake-up alone takes one. */
#define SPIN_WAKES	8u

static unsigned int spin_usec = 1000;
module_param(spin_usec, uint, 0644);
MODULE_PARM_DESC(spin_usec, "Most microseconds that a call spins before it sleeps; 0: never");

static u32 most_ns(struct myd_channel *ch, const struct myd_spin *state)
{
	u32 asked, usec;

	spin_lock_irq(&ch->lock);
	asked = ch->tune.spin_usec ?: ch->settings.spin_usec;
	spin_unlock_irq(&ch->lock);
	usec = min(asked ?: READ_ONCE(spin_usec), SPIN_MOST_USEC);
	if (asked == MYDEVICE_SPIN_NEVER)
		return 0;
	if (asked)
		return usec * NSEC_PER_USEC;
	return min(usec * (u32)NSEC_PER_USEC, SPIN_WAKES * READ_ONCE(state->wake_ns));
}

static bool spin(u64 start, u32 ns, myd_settled_fn *settled, void *arg)
{
	while (local_clock() - start < ns && !myd_should_yield() && !signal_pending(current)) {
		if (settled(arg, false))
			return true;
		cpu_relax();
	}
	return false;
}

static u32 adapt(u32 ns, u64 waited_ns, u32 most)
{
	if (waited_ns <= most)
		return clamp(2 * ns, min(SPIN_FIRST_NS, most), most);
	return ns / 2 < SPIN_FIRST_NS ? 0 : ns / 2;
}

/* Called when a sleep is over that was not cut short. */
static void measure(struct myd_spin *state, u64 slept_at, u64 now)
{
	u64 woken_at = READ_ONCE(state->woken_at);
	u32 wake_ns = READ_ONCE(state->wake_ns), took;

	/* Not woken by an event: there was something when it looked once more. */
	if (woken_at < slept_at || woken_at > now)
		return;
	took = min_t(u64, now - woken_at, SPIN_MOST_USEC * NSEC_PER_USEC / SPIN_WAKES);
	/* The least of late: on a busy processor it takes longer, and that is no reason. */
	WRITE_ONCE(state->wake_ns, wake_ns ? min(took, wake_ns + wake_ns / 8 + 1) : took);
}

static void count(struct myd_channel *ch, bool writing, bool slept)
{
	struct mydevice_flow *flow = writing ? &ch->stats.tx : &ch->stats.rx;

	spin_lock_irq(&ch->lock);
	flow->sleeps += slept;
	flow->spins += !slept;
	spin_unlock_irq(&ch->lock);
}

/*
 * Was it the freezer that interrupted the wait? It does so for a checkpoint, a migration
 * or a suspend of the machine. On Linux before 6.1, and for a task that it does not find
 * asleep, it looks like a signal.
 */
static bool was_frozen(void)
{
	struct sighand_struct *sighand;

	if (!try_to_freeze())
		return false;
	/* A task's own does not change under it. */
	sighand = rcu_dereference_protected(current->sighand, true);
	spin_lock_irq(&sighand->siglock);
	recalc_sigpending();
	spin_unlock_irq(&sighand->siglock);
	return true;
}

/**
 * myd_sleep() - sleep until a condition holds, and notice nothing of the freezer
 * @queue: where a change of the condition wakes
 * @settled: the condition
 * @arg: its argument
 * @timeout: jiffies at most, or MAX_SCHEDULE_TIMEOUT
 *
 * Return: jiffies left, at least 1; 0 if the time is over; -ERESTARTSYS for a signal.
 */
long myd_sleep(wait_queue_head_t *queue, myd_settled_fn *settled, void *arg, long timeout)
{
	unsigned long end = jiffies + timeout;
	long left = timeout;

	for (;;) {
		left = wait_event_freezable_timeout(*queue, settled(arg, true), left);
		if (left >= 0 || !was_frozen())
			return left;
		left = timeout == MAX_SCHEDULE_TIMEOUT ? timeout : max((long)(end - jiffies), 0L);
	}
}

/**
 * myd_wait() - wait for the peer
 * @ch: the channel, open, nothing of it locked
 * @writing: for room, not for bytes
 * @settled: whether the wait is over
 * @arg: its argument
 *
 * Return: 0, or -ERESTARTSYS for a signal.
 */
int myd_wait(struct myd_channel *ch, bool writing, myd_settled_fn *settled, void *arg)
{
	struct myd_spin *state = writing ? &ch->tx_spin : &ch->rx_spin;
	u32 most = most_ns(ch, state), ns = min(READ_ONCE(state->ns), most);
	u64 start = local_clock();
	long left = 1;
	bool slept;

	slept = !ns || !spin(start, ns, settled, arg);
	if (slept) {
		u64 slept_at = local_clock();

		left = myd_sleep(writing ? &ch->tx_wait : &ch->rx_wait, settled, arg,
				 MAX_SCHEDULE_TIMEOUT);
		measure(state, slept_at, local_clock());
		WRITE_ONCE(state->ns, adapt(ns, local_clock() - start, most));
	}
	count(ch, writing, slept);
	trace_myd_waited(ch, writing, slept, local_clock() - start);
	return left < 0 ? left : 0;
}
