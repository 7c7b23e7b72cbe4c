// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that could not be bound, because the guest has no XenStore watches left.
 * It does not try again; the driver does, after a pause.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/device.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "front.h"

/**
 * struct unbound - a device to be bound
 * @list: in @devices
 * @dev: the device, with a reference
 */
struct unbound {
	struct list_head list;
	struct device *dev;
};

/* Of all below. Not held where a device is locked: a probe that fails comes back here. */
static DEFINE_MUTEX(lock);
static LIST_HEAD(devices);
static unsigned int delay = MYD_FRONT_DELAY_MIN;

static void bind(struct work_struct *work);
static DECLARE_DELAYED_WORK(bind_work, bind);

static void drop(struct unbound *unbound)
{
	put_device(unbound->dev);
	kfree(unbound);
}

/* A device that has gone, or is bound by now, is left as it is. */
static void bind(struct work_struct *work)
{
	struct unbound *unbound, *next;
	LIST_HEAD(now);

	mutex_lock(&lock);
	list_splice_init(&devices, &now);
	mutex_unlock(&lock);
	list_for_each_entry_safe(unbound, next, &now, list) {
		if (device_attach(unbound->dev) > 0)
			WRITE_ONCE(delay, MYD_FRONT_DELAY_MIN);
		drop(unbound);
	}
}

/**
 * myd_rebind() - have a device probed again
 * @dev: the device, whose probe is about to fail
 */
void myd_rebind(struct xenbus_device *dev)
{
	struct unbound *unbound = kmalloc(sizeof(*unbound), GFP_KERNEL);

	if (!unbound)
		return;
	unbound->dev = get_device(&dev->dev);
	mutex_lock(&lock);
	list_add_tail(&unbound->list, &devices);
	if (myd_front_schedule(&bind_work, delay))
		delay = min_t(unsigned int, 2 * delay, MYD_FRONT_DELAY_MAX);
	mutex_unlock(&lock);
}

/**
 * myd_rebind_exit() - the driver is about to be unregistered: no device is bound
 */
void myd_rebind_exit(void)
{
	struct unbound *unbound, *next;

	cancel_delayed_work_sync(&bind_work);
	list_for_each_entry_safe(unbound, next, &devices, list)
		drop(unbound);
}
