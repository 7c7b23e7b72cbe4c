/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What both faces do around the xenbus bus.
 *
 * The bus calls all watches in one thread, xenwatch, and removes devices there: for
 * that it takes the device's lock. A task that holds this lock and unregisters a watch
 * waits for xenwatch, and both wait for ever. With xenwatch, the devices of all domains
 * stand still. So no task of ours waits for xenwatch with a device's lock held:
 *
 * - A driver's own watch is unregistered in xenwatch, or else by a work item (struct
 *   myd_watch). Only a probe that fails elsewhere needs the work item. Not all are left to
 *   it, because xenbus deadlocks if a watch is unregistered just as the domain is suspended,
 *   which xenwatch does, too.
 * - The driver core would unbind a device in the process that writes to "unbind", with
 *   the lock held, and the bus would unregister its watch there. The drivers have files
 *   of their own in the place of these: they unbind in xenwatch, which does not wait for
 *   itself (myd_bus_unbind()).
 *
 * xenwatch itself waits for no process: not for one that frees memory by writing it to
 * a disk either.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_BUS_H
#define MYD_BUS_H

#include <linux/completion.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/pm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <xen/xenbus.h>

/**
 * struct myd_watch - a watch that can be ended without waiting for xenwatch
 * @watch: the bus's part
 * @end: unregisters it and frees all this
 * @queue: runs @end; flushed before the module is unloaded
 * @dev: the device it is about; a reference
 * @changed: called in xenwatch with the device's lock held, until myd_watch_end()
 * @over: @changed is not called any more; protected by the device's lock
 * @xenwatch: the task that calls @changed, once it has
 */
struct myd_watch {
	struct xenbus_watch watch;
	struct work_struct end;
	struct workqueue_struct *queue;
	struct xenbus_device *dev;
	void (*changed)(struct myd_watch *watch, const char *path);
	bool over;
	struct task_struct *xenwatch;
};

static inline void myd_watch_free(struct myd_watch *watch)
{
	put_device(&watch->dev->dev);
	kfree(watch->watch.node);
	kfree(watch);
}

static inline void myd_watch_unregister(struct work_struct *work)
{
	struct myd_watch *watch = container_of(work, struct myd_watch, end);

	unregister_xenbus_watch(&watch->watch);
	myd_watch_free(watch);
}

/* Takes over @watch, zeroed but for what its caller needs, and @node. */
static inline int myd_watch_register(struct myd_watch *watch, struct xenbus_device *dev,
				     struct workqueue_struct *queue, const char *node,
				     void (*callback)(struct xenbus_watch *watch,
						      const char *path, const char *token))
{
	int r;

	get_device(&dev->dev);
	watch->dev = dev;
	watch->queue = queue;
	watch->watch.node = node;
	watch->watch.callback = callback;
	INIT_WORK(&watch->end, myd_watch_unregister);
	r = node ? register_xenbus_watch(&watch->watch) : -ENOMEM;
	if (r)
		myd_watch_free(watch);
	return r;
}

/* Nobody waits for xenwatch with the device's lock held, so the lock is free soon. */
static inline void myd_watch_fired(struct xenbus_watch *fired, const char *path, const char *token)
{
	struct myd_watch *watch = container_of(fired, struct myd_watch, watch);
	unsigned int flags = memalloc_noio_save();

	device_lock(&watch->dev->dev);
	watch->xenwatch = current;
	if (!watch->over)
		watch->changed(watch, path);
	device_unlock(&watch->dev->dev);
	memalloc_noio_restore(flags);
}

/**
 * myd_watch_begin() - watch a node on behalf of a device's driver
 * @dev: the device
 * @queue: for the end of it
 * @node: path of the node; freed with the watch; NULL if there was no memory for it
 * @changed: called soon, and after each change at the node or below
 *
 * Return: the watch, to be given to myd_watch_end(), or an ERR_PTR.
 */
static inline struct myd_watch *
myd_watch_begin(struct xenbus_device *dev, struct workqueue_struct *queue, const char *node,
		void (*changed)(struct myd_watch *watch, const char *path))
{
	struct myd_watch *watch = kzalloc(sizeof(*watch), GFP_KERNEL);
	int r;

	if (!watch) {
		kfree(node);
		return ERR_PTR(-ENOMEM);
	}
	watch->changed = changed;
	r = myd_watch_register(watch, dev, queue, node, myd_watch_fired);
	return r ? ERR_PTR(r) : watch;
}

/**
 * myd_watch_end() - end a watch
 * @watch: the watch, its device locked; or NULL
 */
static inline void myd_watch_end(struct myd_watch *watch)
{
	if (!watch)
		return;
	device_lock_assert(&watch->dev->dev);
	watch->over = true;
	if (watch->xenwatch == current)
		myd_watch_unregister(&watch->end);
	else
		queue_work(watch->queue, &watch->end);
}

/**
 * struct myd_unbind - a request to unbind a device
 * @watch: fires in xenwatch when it is registered, and does it
 * @driver: the driver that lets go of the device
 * @cancel: called if it is not done, because the process that waits for it has a signal
 * @done: it was done
 */
struct myd_unbind {
	struct myd_watch watch;
	struct device_driver *driver;
	void (*cancel)(struct xenbus_device *dev);
	struct completion done;
};

static inline void myd_unbind_fired(struct xenbus_watch *fired, const char *path,
				    const char *token)
{
	struct myd_unbind *unbind = container_of(fired, struct myd_unbind, watch.watch);
	struct device *dev = &unbind->watch.dev->dev;
	unsigned int flags;

	if (completion_done(&unbind->done))
		return;
	flags = memalloc_noio_save();
	/* Of its drivers, only this one is ours: xenwatch has it unbound, nobody else. */
	if (dev->driver == unbind->driver)
		device_release_driver(dev);
	memalloc_noio_restore(flags);
	complete_all(&unbind->done);
}

/* After the watch is unregistered it does not fire any more. */
static inline void myd_unbind_end(struct work_struct *work)
{
	struct myd_unbind *unbind = container_of(work, struct myd_unbind, watch.end);

	unregister_xenbus_watch(&unbind->watch.watch);
	if (!completion_done(&unbind->done) && unbind->cancel)
		unbind->cancel(unbind->watch.dev);
	myd_watch_free(&unbind->watch);
}

/*
 * Returns whether it has begun: not if there is no watch left in the domain's quota, nor
 * if the process is being killed.
 */
static inline bool myd_unbind_in_xenwatch(struct xenbus_device *dev, struct device_driver *driver,
					  struct workqueue_struct *queue,
					  void (*cancel)(struct xenbus_device *dev), int *ret)
{
	struct myd_unbind *unbind;
	int r;

	BUILD_BUG_ON(offsetof(struct myd_unbind, watch));
	*ret = -EINTR;
	if (fatal_signal_pending(current))
		return false;
	*ret = -ENOMEM;
	unbind = kzalloc(sizeof(*unbind), GFP_KERNEL);
	if (!unbind)
		return false;
	unbind->driver = driver;
	unbind->cancel = cancel;
	init_completion(&unbind->done);
	r = myd_watch_register(&unbind->watch, dev, queue, kstrdup(dev->nodename, GFP_KERNEL),
			       myd_unbind_fired);
	*ret = r;
	if (r)
		return false;
	INIT_WORK(&unbind->watch.end, myd_unbind_end);
	/* Interruptible, or a suspend, which waits in xenwatch for all processes, would fail. */
	*ret = wait_for_completion_interruptible(&unbind->done);
	queue_work(queue, &unbind->watch.end);
	return true;
}

/**
 * myd_bus_unbind() - what a write to the driver's file "unbind" does
 * @driver: the driver
 * @name: of a device
 * @queue: the driver's
 * @prepare: called before, without the device's lock; or NULL. May wait; if it returns an
 *	error, the device stays bound. The device may be unbound meanwhile: only with its
 *	lock held is its drvdata to be relied on, and NULL if there is none any more
 * @cancel: called likewise if the device cannot be unbound after all, or the process gets
 *	a signal before it is; or NULL. In a work item or here
 *
 * Return: 0, or -ENODEV if the driver has no such device, or another negative errno.
 */
static inline int myd_bus_unbind(struct device_driver *driver, const char *name,
				 struct workqueue_struct *queue,
				 int (*prepare)(struct xenbus_device *dev),
				 void (*cancel)(struct xenbus_device *dev))
{
	struct device *dev = bus_find_device_by_name(driver->bus, NULL, name);
	int r = -ENODEV;

	if (dev && dev->driver == driver)
		r = prepare ? prepare(to_xenbus_device(dev)) : 0;
	if (!r && !myd_unbind_in_xenwatch(to_xenbus_device(dev), driver, queue, cancel, &r) &&
	    cancel)
		cancel(to_xenbus_device(dev));
	put_device(dev);
	return r;
}

/**
 * myd_bus_bind() - what a write to the driver's file "bind" does
 * @driver: the driver
 * @name: of a device
 *
 * Probing holds the device's lock, here as when the module is loaded, and does not wait
 * for xenwatch either, whether it succeeds or fails.
 *
 * Return: 0 or a negative errno; -ENODEV also if the driver refused it.
 */
static inline int myd_bus_bind(struct device_driver *driver, const char *name)
{
	struct device *dev = bus_find_device_by_name(driver->bus, NULL, name);
	int r = -ENODEV;

	if (dev && dev->driver)
		r = -EBUSY;
	else if (dev && driver->bus->match(dev, driver))
		r = device_attach(dev);
	put_device(dev);
	if (r > 0)
		return 0;
	return r ?: -ENODEV;
}

/**
 * MYD_BUS_ATTRIBUTES() - define @prefix_groups, the driver's files "bind" and "unbind"
 * @prefix: of the names that it defines
 * @queue, @prepare, @cancel: see myd_bus_unbind()
 *
 * For a driver with suppress_bind_attrs: the driver core's files would hold the device's
 * lock while they wait for xenwatch.
 */
#define MYD_BUS_ATTRIBUTES(prefix, queue, prepare, cancel)				\
static ssize_t unbind_store(struct device_driver *driver, const char *buf, size_t count) \
{											\
	return myd_bus_unbind(driver, buf, queue, prepare, cancel) ?: (ssize_t)count;	\
}											\
static DRIVER_ATTR_WO(unbind);								\
											\
static ssize_t bind_store(struct device_driver *driver, const char *buf, size_t count)	\
{											\
	return myd_bus_bind(driver, buf) ?: (ssize_t)count;				\
}											\
static DRIVER_ATTR_WO(bind);								\
											\
static struct attribute *prefix##_attrs[] = {						\
	&driver_attr_bind.attr,								\
	&driver_attr_unbind.attr,							\
	NULL										\
};											\
ATTRIBUTE_GROUPS(prefix)

/*
 * Has the toolstack removed and re-created the device, too quickly for the bus? Then
 * the store is behind what the driver has said.
 */
static inline bool myd_is_anew(const struct xenbus_device *dev)
{
	return xenbus_read_unsigned(dev->nodename, "state", 0) == XenbusStateInitialising &&
	       dev->state != XenbusStateInitialising;
}

/**
 * myd_bus_forget_state() - the state that the driver has written is another device's
 * @dev: the device
 *
 * Newer buses write no state after one that the store does not have, and take a
 * frontend whose nodes say Initialising, but not its driver, for another device.
 */
static inline void myd_bus_forget_state(struct xenbus_device *dev)
{
	dev->state = XenbusStateInitialising;
}

/**
 * myd_bus_restore() - have the bus resume a frontend again
 * @dev: the device, locked, in xenwatch
 *
 * The bus tries it once, in a domain whose host may not have written the nodes yet.
 */
static inline void myd_bus_restore(struct xenbus_device *dev)
{
	device_lock_assert(&dev->dev);
	dev->dev.bus->pm->restore(&dev->dev);
}

#endif /* MYD_BUS_H */
