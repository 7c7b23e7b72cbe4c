// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Faults on purpose, one of each kind that the debug kernels report: where a kernel does
 * not report one of these, its silence about the drivers says nothing.
 *
 * Parameter: fault=NAME, see faults[]. The module is loaded, and can be removed.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

#define RACE_SECONDS	5

static char *fault = "";
module_param(fault, charp, 0444);
MODULE_PARM_DESC(fault, "which fault");

/* Read and written so that the compiler keeps the accesses. */
static volatile u8 sink;
static unsigned int shared;

static void use_after_free(void)
{
	volatile u8 *bytes = kmalloc(64, GFP_KERNEL);

	if (!bytes)
		return;
	kfree((void *)bytes);
	sink = bytes[8];
}

static void out_of_bounds(void)
{
	volatile u8 *bytes = kmalloc(60, GFP_KERNEL);

	if (!bytes)
		return;
	sink = bytes[60];
	kfree((void *)bytes);
}

static void shift(void)
{
	volatile unsigned int places = 40;

	sink = 1 << places;
}

static void timer_fired(struct timer_list *timer)
{
}

static void free_active_timer(void)
{
	struct timer_list *timer = kzalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, timer_fired, 0);
	mod_timer(timer, jiffies + HZ);
	/* debug objects report it and stop the timer */
	kfree(timer);
}

static void leak(void)
{
	if (!kmalloc(100, GFP_KERNEL))
		sink = 0;
}

static void sleep_in_atomic(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	msleep(20);
	spin_unlock(&lock);
}

static void lock_order(void)
{
	static DEFINE_MUTEX(first);
	static DEFINE_MUTEX(second);

	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);
	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static noinline void count_shared(void)
{
	ktime_t end = ktime_add_ms(ktime_get(), RACE_SECONDS * MSEC_PER_SEC);

	while (ktime_before(ktime_get(), end)) {
		shared++;
		cond_resched();
	}
}

static int count_in_thread(void *done)
{
	count_shared();
	/* or the module would be unloaded while it returns */
	kthread_complete_and_exit(done, 0);
}

static void race(void)
{
	DECLARE_COMPLETION_ONSTACK(done);

	if (IS_ERR(kthread_run(count_in_thread, &done, "planted")))
		return;
	count_shared();
	wait_for_completion(&done);
}

static const struct {
	const char *name;
	void (*plant)(void);
} faults[] = {
	{ "use-after-free", use_after_free },
	{ "out-of-bounds", out_of_bounds },
	{ "shift", shift },
	{ "free-active-timer", free_active_timer },
	{ "leak", leak },
	{ "sleep-in-atomic", sleep_in_atomic },
	{ "lock-order", lock_order },
	{ "data-race", race },
};

static int __init planted_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (strcmp(faults[i].name, fault))
			continue;
		faults[i].plant();
		return 0;
	}
	return -EINVAL;
}
module_init(planted_init);

static void __exit planted_exit(void)
{
}
module_exit(planted_exit);

MODULE_DESCRIPTION("Faults that a debug kernel has to report");
MODULE_AUTHOR("The mydevice maintainers");
MODULE_LICENSE("GPL");
