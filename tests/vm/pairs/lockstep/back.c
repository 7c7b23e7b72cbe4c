// SPDX-License-Identifier: GPL-2.0
/*
 * lockstepback: its backend, 1-2-4. Every state of the frontend may follow every
 * other: the backend acts on what it reads, and waits for nothing.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/module.h>
#include <xen/xen.h>

#include "compat.h"
#include "end.h"

/**
 * struct lockstep_back - a backend device
 * @end: what it has in common with the frontend
 * @page: of the frontend, mapped here, or NULL
 */
struct lockstep_back {
	struct lockstep_end end;
	struct lockstep_page *page;
};

static struct lockstep_back *back_of(struct lockstep_end *end)
{
	return container_of(end, struct lockstep_back, end);
}

/* The event channel first: its handler must not find the page gone. */
static void part(struct lockstep_end *end)
{
	struct lockstep_back *back = back_of(end);

	lockstep_leave(end);
	if (back->page)
		xenbus_unmap_ring_vfree(end->dev, back->page);
	back->page = NULL;
}

static int map_page(struct lockstep_back *back, grant_ref_t gref)
{
	void *page;
	int r = xenbus_map_ring_valloc(back->end.dev, &gref, 1, &page);

	if (!r)
		back->page = page;
	return r;
}

static int join(struct lockstep_back *back)
{
	struct lockstep_end *end = &back->end;
	unsigned int gref, port;
	int r;

	r = xenbus_gather(XBT_NIL, end->dev->otherend, "page-ref", "%u", &gref,
			  "event-channel", "%u", &port, NULL);
	if (!r)
		r = map_page(back, gref);
	if (r)
		return r;
	r = myd_bind_interdomain(end->dev, port, lockstep_event, "lockstepback", end);
	if (r < 0)
		return r;
	lockstep_join(end, &back->page->back, &back->page->front, r);
	/* What the frontend said before there was anybody to notify. */
	r = lockstep_hear(end);
	return r < 0 ? r : 0;
}

static void connect(struct lockstep_back *back)
{
	int r = join(back);

	if (r)
		lockstep_fail(&back->end, r, "cannot use what the frontend offers");
	else
		xenbus_switch_state(back->end.dev, XenbusStateConnected);
}

/* Returns whether the device has served its time. */
static bool follow(struct lockstep_back *back, enum xenbus_state frontend)
{
	struct xenbus_device *dev = back->end.dev;

	switch (frontend) {
	case XenbusStateInitialising:
		part(&back->end);
		if (dev->state != XenbusStateInitWait && xenbus_dev_is_online(dev))
			xenbus_switch_state(dev, XenbusStateInitWait);
		return false;
	case XenbusStateConnected:
		/*
		 * In any other state of ours that is about an earlier page. In
		 * InitWait it may be, too, if we are back before the frontend saw
		 * us go: drivers with Initialised between 2 and 4 can tell.
		 */
		if (dev->state == XenbusStateInitWait)
			connect(back);
		return false;
	case XenbusStateClosing:
		part(&back->end);
		if (dev->state != XenbusStateClosed)
			xenbus_switch_state(dev, XenbusStateClosing);
		return false;
	case XenbusStateClosed:
	case XenbusStateUnknown:
		part(&back->end);
		/* Not from InitWait: the frontend has yet to see that we are there. */
		if (dev->state == XenbusStateConnected || dev->state == XenbusStateClosing)
			xenbus_switch_state(dev, XenbusStateClosed);
		return frontend == XenbusStateUnknown || !xenbus_dev_is_online(dev);
	default:
		return false;
	}
}

static void frontend_changed(struct xenbus_device *dev, enum xenbus_state frontend)
{
	struct lockstep_end *end = dev_get_drvdata(&dev->dev);
	bool over;

	mutex_lock(&end->mutex);
	over = follow(back_of(end), frontend);
	mutex_unlock(&end->mutex);
	if (over)
		device_unregister(&dev->dev);
}

static int back_probe(struct xenbus_device *dev, const struct xenbus_device_id *id)
{
	struct lockstep_back *back = kzalloc(sizeof(*back), GFP_KERNEL);
	int r;

	if (!back)
		return -ENOMEM;
	lockstep_end_init(&back->end, dev, part);
	r = xenbus_switch_state(dev, XenbusStateInitWait);
	if (r) {
		lockstep_end_exit(&back->end);
		kfree(back);
	}
	return r;
}

static MYD_REMOVE back_remove(struct xenbus_device *dev)
{
	struct lockstep_end *end = dev_get_drvdata(&dev->dev);

	lockstep_end_exit(end);
	kfree(back_of(end));
	return MYD_REMOVED;
}

static const struct xenbus_device_id back_ids[] = {
	{ LOCKSTEP_CLASS },
	{ "" }
};

static struct xenbus_driver back_driver = {
	.name = "lockstepback",
	.ids = back_ids,
	.probe = back_probe,
	.remove = back_remove,
	.otherend_changed = frontend_changed,
	.driver.dev_groups = lockstep_groups,
};

static int __init back_init(void)
{
	if (!xen_domain())
		return -ENODEV;
	return xenbus_register_backend(&back_driver);
}
module_init(back_init);

static void __exit back_exit(void)
{
	xenbus_unregister_driver(&back_driver);
}
module_exit(back_exit);

MODULE_DESCRIPTION("A small Xen device that connects in lock-step, backend");
MODULE_AUTHOR("The mydevice maintainers");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen-backend:" LOCKSTEP_CLASS);
