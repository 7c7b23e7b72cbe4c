// SPDX-License-Identifier: GPL-2.0
/*
 * A guest that was restored or has migrated is another domain, whose devices its
 * host has yet to give. The bus resumes devices before the guest goes on: one that
 * has no nodes by then fails, and is tried no more. The driver waits for the nodes
 * and has it resumed again, so that files that are open go on there. So it does when
 * the host names another backend, because the domain that served the device is gone.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/slab.h>

#include "../core/bus.h"
#include "front.h"

/* A device that the bus could not resume, and no other, knows of no other end. */
static bool is_elsewhere(const struct xenbus_device *xdev)
{
	char *backend;
	bool elsewhere;

	if (!xdev->otherend)
		return true;
	backend = xenbus_read(XBT_NIL, xdev->nodename, "backend", NULL);
	if (IS_ERR(backend))
		return false;
	elsewhere = strcmp(backend, xdev->otherend);
	kfree(backend);
	return elsewhere;
}

/* Fires at each change, when it is registered, and after each resume. */
static void backend_named(struct myd_watch *watch, const char *path)
{
	struct xenbus_device *dev = watch->dev;

	if (!is_elsewhere(dev))
		return;
	myd_front_leave(dev_get_drvdata(&dev->dev));
	if (xenbus_exists(XBT_NIL, dev->nodename, "backend"))
		myd_bus_restore(dev);
}

/**
 * myd_arrival_init() - see to it that the device arrives where its guest does
 * @front: the device
 *
 * Return: 0 or a negative errno.
 */
int myd_arrival_init(struct myd_front *front)
{
	const char *node = kasprintf(GFP_KERNEL, "%s/backend", front->dev->nodename);
	struct myd_watch *watch;

	watch = myd_watch_begin(front->dev, myd_front_queue, node, backend_named);
	if (IS_ERR(watch))
		return PTR_ERR(watch);
	front->arrival = watch;
	return 0;
}

/**
 * myd_arrival_begin() - the guest goes on, in a host that may not know the device yet
 * @dev: the xenbus device
 *
 * To the bus a resume without nodes is an error, which has the device Closing. Nodes
 * that come say Initialising; to newer buses that is another device, and files that are
 * open would end with this one.
 *
 * Return: false if the guest has not been away, because its suspend failed.
 */
bool myd_arrival_begin(struct device *dev)
{
	struct myd_front *front = dev_get_drvdata(dev);
	unsigned int flags;
	bool works;

	if (!front)
		return true;
	flags = myd_front_lock(front);
	works = myd_front_works(front);
	myd_front_unlock(front, flags);
	if (!works)
		myd_bus_forget_state(to_xenbus_device(dev));
	return !works;
}

/**
 * myd_arrival_exit() - the device is about to go
 * @front: the device
 */
void myd_arrival_exit(struct myd_front *front)
{
	myd_watch_end(front->arrival);
}
