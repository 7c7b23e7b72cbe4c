// SPDX-License-Identifier: GPL-2.0
/*
 * Closing before the frontend gives up its memory.
 *
 * A grant that the backend still maps cannot be revoked: Linux defers it, and frees ten
 * of those in a second, which takes a minute for the rings of one channel. So the
 * frontend closes, and waits until the backend has unmapped the rings, which it does
 * before it says so.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "../core/bus.h"
#include "../core/own.h"
#include "front.h"

/* A backend answers at once, if it answers at all. */
#define ANSWER_TIMEOUT	(5 * HZ)
#define PAUSE_MIN_MSEC	2
#define PAUSE_MAX_MSEC	50

/* In these states of the backend there is nobody who could map anything. */
static bool is_over(enum xenbus_state backend)
{
	return backend == XenbusStateUnknown || backend == XenbusStateInitialising ||
	       backend == XenbusStateClosed;
}

/* InitWait and Closed say nothing about each other, so the frontend says Closing first. */
static bool has_heard(enum xenbus_state backend)
{
	return is_over(backend) || backend == XenbusStateClosing;
}

/*
 * Looks at the store itself: the bus delivers no state any more while it removes the
 * device. Returns false after a timeout, or if the program is being killed.
 */
static bool await(const char *backend, bool (*reached)(enum xenbus_state backend),
		  unsigned long deadline)
{
	unsigned int pause = PAUSE_MIN_MSEC;

	while (!reached(xenbus_read_unsigned(backend, "state", XenbusStateUnknown))) {
		if (fatal_signal_pending(current) || time_after(jiffies, deadline))
			return false;
		schedule_timeout_killable(msecs_to_jiffies(pause));
		pause = min(2 * pause, (unsigned int)PAUSE_MAX_MSEC);
	}
	return true;
}

/*
 * Returns the backend's directory, to be freed, or NULL if nobody can map anything. The
 * device is locked.
 */
static char *begin_to_close(struct myd_front *front)
{
	struct xenbus_device *dev = front->dev;
	unsigned int flags = myd_front_lock(front);
	char *backend = NULL;

	front->closing = true;
	myd_front_disconnect(front, true);
	if (front->memory.base && dev->otherend && !myd_is_anew(dev)) {
		backend = kstrdup(dev->otherend, GFP_KERNEL);
		myd_switch_state(dev, XenbusStateClosing);
	}
	myd_front_unlock(front, flags);
	return backend;
}

static void say_closed(struct myd_front *front)
{
	unsigned int flags = myd_front_lock(front);

	if (!front->removed)
		myd_switch_state(front->dev, XenbusStateClosed);
	myd_front_unlock(front, flags);
}

static void end_to_close(struct myd_front *front, const char *backend)
{
	unsigned long deadline = jiffies + ANSWER_TIMEOUT;

	if (await(backend, has_heard, deadline)) {
		say_closed(front);
		if (await(backend, is_over, deadline))
			return;
	}
	if (!fatal_signal_pending(current))
		dev_warn(&front->dev->dev,
			 "the backend does not close: it may keep the rings mapped\n");
}

/**
 * myd_front_prepare_unbind() - have the backend unmap the rings
 * @dev: the device, bound or not, not locked
 *
 * If the backend does not answer in time, its pages are left to Linux.
 *
 * Context: a program's. Sleeps, until the backend has answered or for five seconds at
 * most.
 * Return: 0; whatever the backend does, the device may be removed now. Also if the process
 * is being killed: then the caller cancels it.
 */
int myd_front_prepare_unbind(struct xenbus_device *dev)
{
	struct myd_front *front;
	char *backend = NULL;

	device_lock(&dev->dev);
	front = dev_get_drvdata(&dev->dev);
	if (front) {
		kref_get(&front->ref);
		backend = begin_to_close(front);
	}
	device_unlock(&dev->dev);
	if (backend)
		end_to_close(front, backend);
	kfree(backend);
	if (front)
		myd_front_put(front);
	return 0;
}

static void release(struct kref *ref)
{
	kfree(container_of(ref, struct myd_front, ref));
}

/**
 * myd_front_put() - give back a reference
 * @front: the device
 */
void myd_front_put(struct myd_front *front)
{
	kref_put(&front->ref, release);
}
