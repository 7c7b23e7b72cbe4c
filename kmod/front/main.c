// SPDX-License-Identifier: GPL-2.0
/*
 * mydevicefront: the frontend's side of the xenbus handshake.
 *
 * Every state of the backend may follow every other, states may be skipped and
 * may come twice: the frontend acts on what it reads.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <xen/platform_pci.h>
#include <xen/xen.h>

#include "../compat/compat.h"
#include "../core/bus.h"
#include "../core/nodes.h"
#include "../core/own.h"
#include "front.h"

/* Work of this module, all of it done before it is unloaded. */
struct workqueue_struct *myd_front_queue;

static void front_notify(void *priv, enum mydevice_direction direction)
{
	struct myd_front *front = priv;

	myd_doorbell_ring(&front->doorbell, direction);
}

static void front_broken(void *priv)
{
	struct myd_front *front = priv;

	queue_work(myd_front_queue, &front->lapse);
}

static const struct myd_link_ops front_ops = {
	.notify = front_notify,
	.broken = front_broken,
};

/*
 * Only so that programs get an error instead of silence: the backend enforces it, and goes
 * back to InitWait when it changes.
 */
static unsigned int closed_directions(const struct xenbus_device *dev)
{
	unsigned int closed = 0;

	myd_read_direction(XBT_NIL, dev->otherend, &closed);
	return closed;
}

static void connect(struct myd_front *front)
{
	struct myd_link link = {
		.control = front->memory.base,
		.order = { front->order[0], front->order[1] },
		.ops = &front_ops,
		.priv = front,
	};
	u8 *p = front->memory.base + MYDEVICE_PAGE_SIZE;
	unsigned int d, i;

	for (d = 0; d < MYDEVICE_DIRECTIONS; d++) {
		for (i = 0; i << MYD_SEGMENT_SHIFT < 1u << link.order[d]; i++)
			link.segment[d][i] = p + (i << MYD_SEGMENT_SHIFT);
		p += 1u << link.order[d];
	}
	myd_channel_restrict(front->channel, closed_directions(front->dev));
	myd_channel_connect(front->channel, &link);
	front->linked = true;
}

/**
 * myd_front_disconnect() - leave the link and take back the offer, if there are any
 * @front: the device; its mutex held
 * @keep: as myd_channel_disconnect()
 */
void myd_front_disconnect(struct myd_front *front, bool keep)
{
	if (front->linked)
		myd_channel_disconnect(front->channel, keep);
	front->linked = false;
	myd_front_withdraw(front);
}

/**
 * myd_front_lock() - take the device's mutex
 * @front: the device
 *
 * The guest's disks may be waiting for the same xenwatch to reconnect them: no
 * allocation here may wait for a disk.
 *
 * Return: what to give to myd_front_unlock().
 */
unsigned int myd_front_lock(struct myd_front *front)
{
	mutex_lock(&front->mutex);
	return memalloc_noio_save();
}

/**
 * myd_front_unlock() - give the mutex back
 * @front: the device
 * @flags: what myd_front_lock() returned
 */
void myd_front_unlock(struct myd_front *front, unsigned int flags)
{
	memalloc_noio_restore(flags);
	mutex_unlock(&front->mutex);
}

/* The backend broke the protocol: leave, and let it notice. */
static void lapse(struct work_struct *work)
{
	struct myd_front *front = container_of(work, struct myd_front, lapse);
	unsigned int flags = myd_front_lock(front);

	/* Not if xenwatch was quicker and there is another link by now. */
	if (front->linked && myd_channel_broken(front->channel)) {
		if (__ratelimit(&front->complaints))
			dev_err(&front->dev->dev,
				"backend in domain %d broke the protocol: closing\n",
				front->dev->otherend_id);
		myd_front_disconnect(front, true);
		myd_switch_state(front->dev, XenbusStateClosing);
	}
	myd_front_unlock(front, flags);
}

/*
 * The directory that says which channel a device is: its own, which who serves it
 * cannot write, or the backend's, if the toolstack is an older one.
 */
static const char *identity(const struct xenbus_device *dev)
{
	return xenbus_exists(XBT_NIL, dev->nodename, "name") ? dev->nodename : dev->otherend;
}

/*
 * Makes the channel that the device is. Its id may have been another's: in the host
 * that the guest has come from, or before the device was taken and given anew while
 * the guest stood still. Who has that one open is told that it is gone, and is not
 * let into this one.
 */
static int meet_channel(struct myd_front *front)
{
	struct xenbus_device *dev = front->dev;
	struct myd_channel_info info = {
		.end = MYD_FRONTEND,
		.domid = dev->otherend_id,
		.device = &dev->dev,
		.restored = myd_arrival_begin,
	};
	const char *path = identity(dev);
	struct myd_channel *channel;
	int r;

	r = myd_devid_parse(dev->nodename, &info.devid) ?: myd_read_mode(path, &info.mode);
	if (r)
		return r;
	myd_read_name(path, "name", myd_name_valid, info.name, sizeof(info.name));
	info.closed = closed_directions(dev);
	if (front->channel && front->mode == info.mode && !strcmp(front->name, info.name)) {
		myd_channel_restrict(front->channel, info.closed);
		return 0;
	}
	/* first, since the node is named by the id */
	myd_channel_destroy(front->channel);
	channel = myd_channel_create(&info);
	front->channel = IS_ERR(channel) ? NULL : channel;
	front->mode = info.mode;
	strscpy(front->name, info.name, sizeof(front->name));
	return PTR_ERR_OR_ZERO(channel);
}

/* Also where the store says something else than dev->state. */
static void say(struct xenbus_device *dev, enum xenbus_state state)
{
	if (dev->state != state)
		myd_switch_state(dev, state);
	else
		xenbus_printf(XBT_NIL, dev->nodename, "state", "%d", state);
}

/* Again after a pause, each time a longer one. */
static void retry_later(struct myd_front *front)
{
	if (myd_front_schedule(&front->retry, front->delay))
		front->delay = min_t(unsigned int, 2 * front->delay, MYD_FRONT_DELAY_MAX);
}

static void fail(struct myd_front *front, int error)
{
	struct xenbus_device *dev = front->dev;

	/* No error of ours if the toolstack removes the device meanwhile. */
	if (xenbus_exists(XBT_NIL, dev->nodename, "backend") && __ratelimit(&front->complaints))
		dev_err(&dev->dev, "cannot set up the channel: error %d%s\n", error,
			front->failed ? "; trying again later" : "");
	myd_switch_state(dev, XenbusStateClosing);
}

static void offer(struct myd_front *front)
{
	struct xenbus_device *dev = front->dev;
	int r;

	if (front->offered)
		return;
	r = meet_channel(front);
	/*
	 * What may pass: the guest has used up a quota of XenStore's, or there are no grants,
	 * event channels or memory left.
	 */
	front->failed = !r || r == -ENOMEM;
	r = r ?: myd_front_offer(front);
	if (r) {
		if (front->failed)
			retry_later(front);
		fail(front, r);
		return;
	}
	front->failed = false;
	say(dev, XenbusStateInitialised);
}

static void follow(struct myd_front *front, enum xenbus_state backend)
{
	struct xenbus_device *dev = front->dev;

	if (front->closing)
		return;
	if (backend != XenbusStateClosing)
		front->asking = false;
	switch (backend) {
	case XenbusStateInitialising:
		/* A backend that starts over has forgotten what we offered. */
		myd_front_disconnect(front, true);
		break;
	case XenbusStateInitWait:
		if (front->linked || (front->offered && myd_is_anew(dev)))
			myd_front_disconnect(front, true);
		offer(front);
		break;
	case XenbusStateConnected:
		if (front->linked)
			break;
		if (!front->offered) {
			/* It is connected to what we had before a resume. */
			say(dev, XenbusStateInitialising);
			break;
		}
		connect(front);
		front->arriving = false;
		front->delay = MYD_FRONT_DELAY_MIN;
		myd_switch_state(dev, XenbusStateConnected);
		break;
	case XenbusStateClosed:
		myd_front_disconnect(front, true);
		/*
		 * A backend whose driver has gone comes back; one that closed
		 * because we did, or on an error, went through Closing with us.
		 */
		if (dev->state != XenbusStateClosed && dev->state != XenbusStateClosing &&
		    xenbus_read_unsigned(dev->otherend, "online", 0)) {
			say(dev, XenbusStateInitialising);
			break;
		}
		fallthrough;
	case XenbusStateClosing:
		/*
		 * If the bus resumed us just before this host gave the device, it took
		 * that for an error of ours, and wrote Closing where the nodes are now.
		 * More than one event may find what the backend made of it.
		 */
		if ((front->arriving || front->asking) &&
		    xenbus_read_unsigned(dev->otherend, "online", 0)) {
			front->arriving = false;
			front->asking = true;
			myd_front_disconnect(front, true);
			say(dev, XenbusStateInitialising);
			break;
		}
		fallthrough;
	case XenbusStateUnknown:
		myd_front_disconnect(front, true);
		if (dev->state != XenbusStateClosed) {
			myd_switch_state(dev, XenbusStateClosed);
			complete(&dev->down);
		}
		break;
	default:
		break;
	}
}

/*
 * Not in the probe: if the bus finds that there is no watch left for itself, the probe
 * has failed, and to take our own back could wait for xenwatch, with the device locked.
 */
static void watch_arrival(struct myd_front *front)
{
	if (front->watching)
		return;
	front->watching = !myd_arrival_init(front);
	if (!front->watching)
		retry_later(front);
}

static void backend_changed(struct xenbus_device *dev, enum xenbus_state backend)
{
	struct myd_front *front = dev_get_drvdata(&dev->dev);
	unsigned int flags = myd_front_lock(front);

	watch_arrival(front);
	follow(front, backend);
	myd_front_unlock(front, flags);
}

/* As if just probed: the backend goes to InitWait, if it is not there. */
static void begin_again(struct myd_front *front)
{
	struct xenbus_device *dev = front->dev;

	front->failed = false;
	/* An event of its Closing may be under way. */
	front->asking = true;
	say(dev, XenbusStateInitialising);
	if (xenbus_read_unsigned(dev->otherend, "state", 0) == XenbusStateInitWait)
		follow(front, XenbusStateInitWait);
}

static void retry(struct work_struct *work)
{
	struct myd_front *front = container_of(work, struct myd_front, retry.work);
	struct xenbus_device *dev = front->dev;
	unsigned int flags;

	/* The lock keeps the other end's name valid; its holder may wait for this work. */
	if (!device_trylock(&dev->dev)) {
		myd_front_schedule(&front->retry, MYD_FRONT_DELAY_MIN);
		return;
	}
	flags = myd_front_lock(front);
	watch_arrival(front);
	if (front->failed && !front->closing && dev->otherend)
		begin_again(front);
	myd_front_unlock(front, flags);
	device_unlock(&dev->dev);
}

static struct myd_front *create(struct xenbus_device *dev)
{
	struct myd_front *front = kzalloc(sizeof(*front), GFP_KERNEL);

	if (!front)
		return NULL;
	front->dev = dev;
	kref_init(&front->ref);
	mutex_init(&front->mutex);
	INIT_WORK(&front->lapse, lapse);
	INIT_DELAYED_WORK(&front->retry, retry);
	ratelimit_state_init(&front->complaints, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
	front->delay = MYD_FRONT_DELAY_MIN;
	return front;
}

static int probe(struct xenbus_device *dev)
{
	struct myd_front *front = create(dev);
	int r;

	if (!front)
		return -ENOMEM;
	dev_set_drvdata(&dev->dev, front);
	r = meet_channel(front);
	if (r) {
		dev_set_drvdata(&dev->dev, NULL);
		myd_front_put(front);
		if (r == -ENOMEM)
			myd_rebind(dev);
		return r;
	}
	/* Bound again after an unbind: the store still says Closed. */
	if (dev->state != XenbusStateInitialising)
		myd_switch_state(dev, XenbusStateInitialising);
	return 0;
}

/* Most often in xenwatch: see myd_front_lock(). */
static int front_probe(struct xenbus_device *dev, const struct xenbus_device_id *id)
{
	unsigned int flags = memalloc_noio_save();
	int r = probe(dev);

	memalloc_noio_restore(flags);
	return r;
}

static MYD_REMOVE front_remove(struct xenbus_device *dev)
{
	struct myd_front *front = dev_get_drvdata(&dev->dev);
	unsigned int flags;

	cancel_delayed_work_sync(&front->retry);
	if (front->watching)
		myd_arrival_exit(front);
	flags = myd_front_lock(front);
	front->removed = true;
	myd_front_disconnect(front, true);
	myd_front_revoke(front);
	myd_front_unlock(front, flags);
	cancel_work_sync(&front->lapse);
	myd_channel_destroy(front->channel);
	dev_set_drvdata(&dev->dev, NULL);
	myd_front_put(front);
	/* The bus had no watch left, and gives up a probe that went well. */
	if (!dev->otherend_watch.callback)
		myd_rebind(dev);
	return MYD_REMOVED;
}

/**
 * myd_front_leave() - the guest is on another host, or is another domain of this one
 * @front: the device
 *
 * The old event channels are gone and nobody knows the old grants. The session has
 * ended, before any program ran; files stay open, and the handshake starts over with
 * the backend of this host.
 */
void myd_front_leave(struct myd_front *front)
{
	unsigned int flags = myd_front_lock(front);

	myd_front_disconnect(front, false);
	myd_front_revoke(front);
	front->arriving = true;
	front->asking = false;
	myd_front_unlock(front, flags);
}

/* Not called if this host has not given the device yet: see arrival.c. */
static int front_resume(struct xenbus_device *dev)
{
	struct myd_front *front = dev_get_drvdata(&dev->dev);
	unsigned int flags = myd_front_lock(front);
	bool works = myd_front_works(front);

	/* To the bus, which has just forgotten the state, a suspend that failed is one. */
	if (works)
		dev->state = xenbus_read_unsigned(dev->nodename, "state", XenbusStateInitialising);
	myd_front_unlock(front, flags);
	if (works)
		return 0;
	myd_front_leave(front);
	if (front->channel)
		myd_channel_set_domid(front->channel, dev->otherend_id);
	return 0;
}

static const struct xenbus_device_id front_ids[] = {
	{ MYDEVICE_CLASS },
	{ "" }
};

/* There was no way to unbind it: it connects again. */
static void cancel_unbind(struct xenbus_device *dev)
{
	struct myd_front *front;
	unsigned int flags;

	device_lock(&dev->dev);
	front = dev_get_drvdata(&dev->dev);
	if (front) {
		flags = myd_front_lock(front);
		front->closing = false;
		if (dev->otherend)
			begin_again(front);
		myd_front_unlock(front, flags);
	}
	device_unlock(&dev->dev);
}

MYD_BUS_ATTRIBUTES(front, myd_front_queue, myd_front_prepare_unbind, cancel_unbind);

static struct xenbus_driver front_driver = {
	.name = "mydevicefront",
	.ids = front_ids,
	MYD_NOT_ESSENTIAL
	.driver.suppress_bind_attrs = true,
	.driver.groups = front_groups,
	.probe = front_probe,
	.remove = front_remove,
	.resume = front_resume,
	.otherend_changed = backend_changed,
};

/*
 * The requests first: to register the driver can take minutes, until each device that
 * there is already has connected.
 */
static int __init front_init(void)
{
	int r;

	BUILD_BUG_ON(PAGE_SIZE != MYDEVICE_PAGE_SIZE);
	if (!xen_domain() || !xen_has_pv_devices())
		return -ENODEV;
	myd_front_queue = alloc_workqueue("mydevicefront", WQ_UNBOUND, 0);
	if (!myd_front_queue)
		return -ENOMEM;
	myd_request_init();
	r = xenbus_register_frontend(&front_driver);
	if (r) {
		myd_request_exit();
		myd_rebind_exit();
		destroy_workqueue(myd_front_queue);
	}
	return r;
}
module_init(front_init);

static void __exit front_exit(void)
{
	myd_request_exit();
	myd_rebind_exit();
	xenbus_unregister_driver(&front_driver);
	destroy_workqueue(myd_front_queue);
}
module_exit(front_exit);

MODULE_DESCRIPTION("mydevice: a byte channel between two Xen domains, frontend");
MODULE_AUTHOR("The mydevice maintainers");
MODULE_LICENSE("GPL");
MODULE_VERSION(MYDEVICE_VERSION);
MODULE_ALIAS("xen:" MYDEVICE_CLASS);
