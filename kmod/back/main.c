// SPDX-License-Identifier: GPL-2.0
/*
 * mydeviceback: the backend's side of the xenbus handshake.
 *
 * Every state of the frontend may follow every other, states may be skipped
 * and may come twice: the backend acts on what it reads.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/module.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <xen/xen.h>

#include "../compat/compat.h"
#include "../core/bus.h"
#include "../core/nodes.h"
#include "../core/own.h"
#include "back.h"

/* Of tries to map what cannot be mapped */
#define FAILURES_INTERVAL	(10 * HZ)
#define FAILURES_BURST		20

static unsigned int max_ring_size = 1u << MYDEVICE_RING_ORDER_MAX;
module_param(max_ring_size, uint, 0644);
MODULE_PARM_DESC(max_ring_size, "Most bytes in a ring that a frontend may use, each direction");

/* Work of this module, all of it done before it is unloaded. */
static struct workqueue_struct *back_queue;

static void back_notify(void *priv, enum mydevice_direction direction)
{
	struct myd_back *back = priv;

	myd_doorbell_ring(&back->doorbell, direction);
}

static void back_broken(void *priv)
{
	struct myd_back *back = priv;

	queue_work(back_queue, &back->lapse);
}

static const struct myd_link_ops back_ops = {
	.notify = back_notify,
	.broken = back_broken,
};

struct myd_error {
	int number;
	const char *what;
};

static int put_error(struct xenbus_transaction xbt, struct xenbus_device *dev, const void *arg)
{
	const struct myd_error *error = arg;

	return xenbus_printf(xbt, dev->nodename, "error", "%d %s", error->number, error->what);
}

/* For the toolstack. */
static void write_error(struct xenbus_device *dev, int number, const char *what)
{
	struct myd_error error = { number, what };

	myd_write_own(dev, put_error, &error);
}

static void fail(struct myd_back *back, int error, const char *what)
{
	if (myd_guest_may_log(back->guest))
		dev_err(&back->dev->dev, "domain %d: %s: error %d\n", back->dev->otherend_id, what,
			error);
	write_error(back->dev, error, what);
	myd_switch_state(back->dev, XenbusStateClosing);
}

static u32 ring_size_limit(const struct xenbus_device *dev)
{
	return min(READ_ONCE(max_ring_size),
		   xenbus_read_unsigned(dev->nodename, "ring-size", UINT_MAX));
}

static int bind_bell(struct myd_back *back, struct myd_bell *bell, evtchn_port_t port)
{
	int r = myd_bind_interdomain(back->dev, port, myd_doorbell_handler, "mydeviceback", bell);

	if (r < 0)
		return r;
	bell->irq = r;
	return 0;
}

static int bind_bells(struct myd_back *back)
{
	const char *path = back->dev->otherend;
	struct myd_doorbell *doorbell = &back->doorbell;
	unsigned int port[2];
	int r;

	if (xenbus_scanf(XBT_NIL, path, "event-channel-0", "%u", &port[0]) == 1 &&
	    xenbus_scanf(XBT_NIL, path, "event-channel-1", "%u", &port[1]) == 1) {
		myd_doorbell_init(doorbell, back->channel, 2);
		r = bind_bell(back, &doorbell->bell[0], port[0]) ?:
		    bind_bell(back, &doorbell->bell[1], port[1]);
	} else if (xenbus_scanf(XBT_NIL, path, "event-channel", "%u", &port[0]) == 1) {
		myd_doorbell_init(doorbell, back->channel, 1);
		r = bind_bell(back, &doorbell->bell[0], port[0]);
	} else {
		myd_doorbell_init(doorbell, back->channel, 0);
		return -EPROTO;
	}
	if (r)
		myd_doorbell_unbind(doorbell);
	return r;
}

static void link_channel(struct myd_back *back)
{
	struct myd_link link = {
		.control = back->mapping.control,
		.order = { back->mapping.order[0], back->mapping.order[1] },
		.ops = &back_ops,
		.priv = back,
	};
	unsigned int d, i;

	for (d = 0; d < MYDEVICE_DIRECTIONS; d++)
		for (i = 0; i < MYD_SEGMENTS_MAX; i++)
			link.segment[d][i] = back->mapping.segment[d][i];
	myd_channel_connect(back->channel, &link);
	back->linked = true;
}

/* The bus logs each page that it cannot map, and two writes of a guest's have one. */
static bool may_map(struct myd_back *back)
{
	return !back->failed || __ratelimit(&back->failures);
}

static void connect(struct myd_back *back)
{
	struct xenbus_device *dev = back->dev;
	unsigned long wait;
	int r;

	wait = myd_guest_wait(back->guest, &back->pace);
	if (wait) {
		schedule_delayed_work(&back->resume, wait);
		return;
	}
	if (!may_map(back)) {
		myd_switch_state(dev, XenbusStateClosing);
		return;
	}
	if (xenbus_read_unsigned(dev->otherend, "protocol", 0) != MYDEVICE_PROTOCOL_VERSION) {
		fail(back, -EPROTO, "the frontend's protocol is not one we speak");
		return;
	}
	/* The watch may not have fired yet, and no byte is to pass before it has. */
	r = back->set ? 0 : myd_settings_read(back);
	if (r) {
		fail(back, r, "cannot read its settings");
		return;
	}
	r = myd_mapping_make(&back->mapping, dev, back->mode, ring_size_limit(dev), back->closed);
	back->failed = r;
	if (r) {
		fail(back, r, "cannot map the frontend's rings");
		return;
	}
	r = bind_bells(back);
	if (r) {
		myd_mapping_free(&back->mapping, dev);
		fail(back, r, "cannot bind the frontend's event channels");
		return;
	}
	link_channel(back);
	myd_guest_count(back->guest, &back->pace);
	myd_switch_state(dev, XenbusStateConnected);
}

/* Of this domain's own directory, so no guest has a word in it. */
static bool plugged(const struct myd_back *back)
{
	char *status;
	bool done;

	if (!back->scripted)
		return true;
	status = xenbus_read(XBT_NIL, back->dev->nodename, "hotplug-status", NULL);
	if (IS_ERR(status))
		return false;
	done = !strcmp(status, "connected");
	kfree(status);
	return done;
}

static void disconnect(struct myd_back *back)
{
	if (!back->linked)
		return;
	myd_channel_disconnect(back->channel, true);
	myd_doorbell_unbind(&back->doorbell);
	myd_mapping_free(&back->mapping, back->dev);
	back->linked = false;
	/* What was closed for this mapping only. */
	myd_channel_restrict(back->channel, back->closed);
}

/**
 * myd_back_redirect() - the directions that the toolstack has closed may have changed
 * @back: the backend, locked
 *
 * Closes them at once. The rings are mapped again by a new handshake, which has to wait
 * for the frontend to be Connected: an Initialised of before would be taken for the offer
 * that follows.
 */
void myd_back_redirect(struct myd_back *back)
{
	struct xenbus_device *dev = back->dev;
	/* What was closed and opened again before the frontend was Connected, too. */
	bool more = myd_channel_restrict(back->channel, back->closed);

	if (!back->linked || (back->closed == back->mapping.closed && !more))
		return;
	if (xenbus_read_unsigned(dev->otherend, "state", 0) != XenbusStateConnected)
		return;
	disconnect(back);
	myd_switch_state(dev, XenbusStateInitWait);
}

/* xenwatch waits for the lock: no allocation with it held may wait for a disk. */
static unsigned int lock_back(struct myd_back *back)
{
	mutex_lock(&back->mutex);
	return memalloc_noio_save();
}

static void unlock_back(struct myd_back *back, unsigned int flags)
{
	memalloc_noio_restore(flags);
	mutex_unlock(&back->mutex);
}

/* The frontend broke the protocol: leave, and let it notice. */
static void lapse(struct work_struct *work)
{
	struct myd_back *back = container_of(work, struct myd_back, lapse);
	unsigned int flags = lock_back(back);

	/* Not if xenwatch was quicker and there is another link by now. */
	if (back->linked && myd_channel_broken(back->channel)) {
		disconnect(back);
		fail(back, -EPROTO, "the frontend broke the protocol");
	}
	unlock_back(back, flags);
}

static int write_features(struct xenbus_transaction xbt, struct xenbus_device *dev, const void *arg)
{
	const char *path = dev->nodename;

	return xenbus_printf(xbt, path, "max-protocol", "%u", MYDEVICE_PROTOCOL_VERSION) ?:
	       xenbus_printf(xbt, path, "max-ring-size", "%u", READ_ONCE(max_ring_size)) ?:
	       xenbus_printf(xbt, path, "feature-split-event-channels", "%u", 1) ?:
	       xenbus_printf(xbt, path, "feature-direction", "%u", 1);
}

/*
 * Makes the channel that the directory names, which may be another than the device of
 * the same id had before it was taken and given anew.
 */
static int meet_channel(struct myd_back *back)
{
	struct xenbus_device *dev = back->dev;
	struct myd_channel_info info = {
		.end = MYD_BACKEND,
		.domid = dev->otherend_id,
	};
	struct myd_channel *channel;
	int r;

	r = myd_devid_parse(dev->nodename, &info.devid) ?:
	    myd_read_mode(dev->nodename, &info.mode) ?:
	    myd_read_direction(XBT_NIL, dev->nodename, &info.closed);
	if (r) {
		write_error(dev, r, "the mode or the direction is not one we know");
		return r;
	}
	myd_read_name(dev->nodename, "name", myd_name_valid, info.name, sizeof(info.name));
	myd_read_name(dev->nodename, "guest", myd_guest_valid, info.guest, sizeof(info.guest));
	/* first, since the node is named by the ids */
	myd_channel_destroy(back->channel);
	channel = myd_channel_create(&info);
	back->channel = IS_ERR(channel) ? NULL : channel;
	back->mode = info.mode;
	back->closed = info.closed;
	back->set = false;
	memset(back->setting, 0, sizeof(back->setting));
	/* The toolstack has written it if there is a script to be waited for. */
	back->scripted = xenbus_exists(XBT_NIL, dev->nodename, "hotplug-status");
	return PTR_ERR_OR_ZERO(channel);
}

/* What fails here is done again when the frontend begins again. */
static int begin(struct myd_back *back)
{
	int r = meet_channel(back) ?: myd_write_own(back->dev, write_features, NULL);

	back->begun = !r;
	return r;
}

/* The frontend begins, or begins again. */
static void await_frontend(struct myd_back *back)
{
	struct xenbus_device *dev = back->dev;
	int r;

	if (!xenbus_dev_is_online(dev))
		return;
	if (myd_is_anew(dev)) {
		/* What was said is of the device before: newer buses say nothing after it. */
		myd_bus_forget_state(dev);
		back->begun = false;
	}
	r = back->begun ? 0 : begin(back);
	if (r)
		fail(back, r, "cannot begin anew");
	else if (dev->state != XenbusStateInitWait)
		myd_switch_state(dev, XenbusStateInitWait);
}

/* Returns whether the device has served its time. */
static bool follow(struct myd_back *back, enum xenbus_state frontend)
{
	struct xenbus_device *dev = back->dev;

	switch (frontend) {
	case XenbusStateInitialising:
		disconnect(back);
		await_frontend(back);
		return false;
	case XenbusStateInitialised:
		/* Not Connected: that is about rings of a time before our InitWait. */
		if (back->begun && !back->linked && dev->state == XenbusStateInitWait &&
		    plugged(back))
			connect(back);
		return false;
	case XenbusStateConnected:
		if (back->linked)
			myd_back_redirect(back);
		return false;
	case XenbusStateClosing:
		disconnect(back);
		if (dev->state != XenbusStateClosed)
			myd_switch_state(dev, XenbusStateClosing);
		return false;
	case XenbusStateClosed:
		disconnect(back);
		if (dev->state == XenbusStateConnected || dev->state == XenbusStateClosing)
			myd_switch_state(dev, XenbusStateClosed);
		return !xenbus_dev_is_online(dev);
	case XenbusStateUnknown:
		disconnect(back);
		return true;
	default:
		return false;
	}
}

static void frontend_changed(struct xenbus_device *dev, enum xenbus_state frontend)
{
	struct myd_back *back = dev_get_drvdata(&dev->dev);
	unsigned int flags = lock_back(back);
	bool over = follow(back, frontend);

	unlock_back(back, flags);
	if (over) {
		myd_switch_state(dev, XenbusStateClosed);
		device_unregister(&dev->dev);
	}
}

/* The frontend may have been ready for long, and says nothing more. */
static void try_again(struct myd_back *back)
{
	if (xenbus_read_unsigned(back->dev->otherend, "state", 0) == XenbusStateInitialised)
		follow(back, XenbusStateInitialised);
}

static void resume(struct work_struct *work)
{
	struct myd_back *back = container_of(work, struct myd_back, resume.work);
	unsigned int flags = lock_back(back);

	try_again(back);
	unlock_back(back, flags);
}

/* Of the directory itself when the watch is new. */
static void node_changed(struct myd_watch *watch, const char *path)
{
	struct myd_back *back = dev_get_drvdata(&watch->dev->dev);
	size_t len = strlen(watch->watch.node);
	/* Something above it may have gone, too. */
	const char *node = strncmp(path, watch->watch.node, len) ? "" : path + len;
	unsigned int flags = lock_back(back);

	if (back->begun && *node == '/')
		myd_settings_changed(back, node + 1);
	else if (back->begun)
		myd_settings_read(back);
	if (back->scripted && (!*node || !strcmp(node, "/hotplug-status")))
		try_again(back);
	unlock_back(back, flags);
}

static int watch_nodes(struct myd_back *back)
{
	struct xenbus_device *dev = back->dev;
	struct myd_watch *watch;

	watch = myd_watch_begin(dev, back_queue, kstrdup(dev->nodename, GFP_KERNEL),
				node_changed);
	if (IS_ERR(watch))
		return PTR_ERR(watch);
	back->watch = watch;
	return 0;
}

static struct myd_back *create(struct xenbus_device *dev)
{
	struct myd_back *back = kzalloc(sizeof(*back), GFP_KERNEL);

	if (!back)
		return NULL;
	back->guest = myd_guest_get(dev->otherend_id);
	if (!back->guest) {
		kfree(back);
		return NULL;
	}
	back->dev = dev;
	mutex_init(&back->mutex);
	INIT_WORK(&back->lapse, lapse);
	INIT_DELAYED_WORK(&back->resume, resume);
	ratelimit_state_init(&back->failures, FAILURES_INTERVAL, FAILURES_BURST);
	ratelimit_set_flags(&back->failures, RATELIMIT_MSG_ON_RELEASE);
	return back;
}

/* Nothing calls into it any more. */
static void destroy(struct myd_back *back)
{
	dev_set_drvdata(&back->dev->dev, NULL);
	myd_channel_destroy(back->channel);
	myd_guest_put(back->guest);
	kfree(back);
}

static int probe(struct xenbus_device *dev)
{
	struct myd_back *back = create(dev);
	int r;

	if (!back)
		return -ENOMEM;
	dev_set_drvdata(&dev->dev, back);
	r = begin(back) ?: watch_nodes(back) ?: myd_switch_state(dev, XenbusStateInitWait);
	if (r) {
		myd_watch_end(back->watch);
		destroy(back);
	}
	return r;
}

/* Most often in xenwatch: see lock_back(). */
static int back_probe(struct xenbus_device *dev, const struct xenbus_device_id *id)
{
	unsigned int flags = memalloc_noio_save();
	int r = probe(dev);

	memalloc_noio_restore(flags);
	return r;
}

static MYD_REMOVE back_remove(struct xenbus_device *dev)
{
	struct myd_back *back = dev_get_drvdata(&dev->dev);
	unsigned int flags;

	myd_watch_end(back->watch);
	/* before the link is left, so that it makes none after that */
	cancel_delayed_work_sync(&back->resume);
	flags = lock_back(back);
	disconnect(back);
	unlock_back(back, flags);
	cancel_work_sync(&back->lapse);
	/* The next driver may be an older one, which does not enforce it. */
	xenbus_rm(XBT_NIL, dev->nodename, "feature-direction");
	destroy(back);
	return MYD_REMOVED;
}

static const struct xenbus_device_id back_ids[] = {
	{ MYDEVICE_CLASS },
	{ "" }
};

MYD_BUS_ATTRIBUTES(back, back_queue, NULL, NULL);

static struct xenbus_driver back_driver = {
	.name = "mydeviceback",
	.ids = back_ids,
	.driver.suppress_bind_attrs = true,
	.driver.groups = back_groups,
	.probe = back_probe,
	.remove = back_remove,
	.otherend_changed = frontend_changed,
};

static int __init back_init(void)
{
	int r;

	BUILD_BUG_ON(PAGE_SIZE != MYDEVICE_PAGE_SIZE);
	if (!xen_domain())
		return -ENODEV;
	back_queue = alloc_workqueue("mydeviceback", WQ_UNBOUND, 0);
	if (!back_queue)
		return -ENOMEM;
	r = xenbus_register_backend(&back_driver);
	if (r)
		destroy_workqueue(back_queue);
	return r;
}
module_init(back_init);

static void __exit back_exit(void)
{
	xenbus_unregister_driver(&back_driver);
	destroy_workqueue(back_queue);
}
module_exit(back_exit);

MODULE_DESCRIPTION("mydevice: a byte channel between two Xen domains, backend");
MODULE_AUTHOR("The mydevice maintainers");
MODULE_LICENSE("GPL");
MODULE_VERSION(MYDEVICE_VERSION);
MODULE_ALIAS("xen-backend:" MYDEVICE_CLASS);
