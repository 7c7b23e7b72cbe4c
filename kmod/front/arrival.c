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
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/pm.h>
#include <linux/slab.h>

#include "front.h"

#define LOCK_TRIES	20
#define LOCK_PAUSE_MSEC	5

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
static void backend_named(struct xenbus_watch *watch, const char *path, const char *token)
{
	struct myd_front *front = container_of(watch, struct myd_front, arrival);
	struct xenbus_device *xdev = front->dev;
	struct device *dev = &xdev->dev;
	unsigned int tries;

	/*
	 * Somebody unbinds it and waits for xenwatch, or binds it and has just read the
	 * name; or looks at its uevent, which on some kernels takes the lock, and is done
	 * in no time. The restore is not for another thread, either: it waits for xenwatch
	 * with the lock held.
	 */
	for (tries = 1; !device_trylock(dev); tries++) {
		if (tries == LOCK_TRIES)
			return;
		msleep(LOCK_PAUSE_MSEC);
	}
	if (is_elsewhere(xdev)) {
		myd_front_leave(front);
		if (xenbus_exists(XBT_NIL, xdev->nodename, "backend"))
			dev->bus->pm->restore(dev);
	}
	device_unlock(dev);
}

/**
 * myd_arrival_init() - see to it that the device arrives where its guest does
 * @front: the device, all else of it ready
 *
 * Return: 0 or a negative errno.
 */
int myd_arrival_init(struct myd_front *front)
{
	int r;

	front->arrival.node = kasprintf(GFP_KERNEL, "%s/backend", front->dev->nodename);
	if (!front->arrival.node)
		return -ENOMEM;
	front->arrival.callback = backend_named;
	/* The bus may give up a probe that went well, and tells nobody of it. */
	get_device(&front->dev->dev);
	r = register_xenbus_watch(&front->arrival);
	if (r) {
		kfree(front->arrival.node);
		put_device(&front->dev->dev);
	}
	return r;
}

/**
 * myd_arrival_begin() - the guest goes on, in a host that may not know the device yet
 * @dev: the xenbus device
 *
 * To the bus a resume without nodes is an error, which has the device Closing. Nodes
 * that come say Initialising; newer buses take a device in any other state for one
 * whose place another has taken, and files that are open would end with it.
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
		to_xenbus_device(dev)->state = XenbusStateInitialising;
	return !works;
}

/**
 * myd_arrival_exit() - the device is about to go
 * @front: the device; its mutex not held
 */
void myd_arrival_exit(struct myd_front *front)
{
	unregister_xenbus_watch(&front->arrival);
	kfree(front->arrival.node);
	put_device(&front->dev->dev);
}
