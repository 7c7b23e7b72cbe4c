// SPDX-License-Identifier: GPL-2.0
/*
 * lockstepfront: a frontend with the shortest handshake, 1-4, and one that can
 * be repeated. The backend's states may be skipped and may come twice.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <xen/page.h>
#include <xen/platform_pci.h>
#include <xen/xen.h>

#include "compat.h"
#include "end.h"

/**
 * struct lockstep_front - a frontend device
 * @end: what it has in common with the backend
 * @page: granted to the backend, or NULL
 * @gref: the grant
 * @met: the backend has been Connected to this page; protected by end.mutex
 */
struct lockstep_front {
	struct lockstep_end end;
	struct page *page;
	grant_ref_t gref;
	bool met;
};

static struct lockstep_front *front_of(struct lockstep_end *end)
{
	return container_of(end, struct lockstep_front, end);
}

/* The page is freed when its grant has ended, which is up to the backend. */
static void part(struct lockstep_end *end)
{
	struct lockstep_front *front = front_of(end);

	lockstep_leave(end);
	if (front->page)
		myd_end_foreign_access(front->gref, front->page);
	front->page = NULL;
	front->met = false;
}

/* Zeroed, or the backend would read what was there. No allocation may wait for a disk of ours. */
static int grant_page(struct lockstep_front *front)
{
	struct page *page = alloc_page(GFP_NOIO | __GFP_ZERO);
	int r;

	if (!page)
		return -ENOMEM;
	r = gnttab_grant_foreign_access(front->end.dev->otherend_id, xen_page_to_gfn(page), 0);
	if (r < 0) {
		__free_page(page);
		return r;
	}
	front->page = page;
	front->gref = r;
	return 0;
}

static int open_channel(struct lockstep_front *front, evtchn_port_t *ret_port)
{
	struct lockstep_page *shared = page_address(front->page);
	evtchn_port_t port;
	int r;

	r = xenbus_alloc_evtchn(front->end.dev, &port);
	if (r)
		return r;
	r = bind_evtchn_to_irqhandler_lateeoi(port, lockstep_event, 0, "lockstepfront",
					      &front->end);
	if (r < 0) {
		xenbus_free_evtchn(front->end.dev, port);
		return r;
	}
	lockstep_join(&front->end, &shared->front, &shared->back, r);
	*ret_port = port;
	return 0;
}

/* The nodes first: the state says that they are there. */
static void offer(struct lockstep_front *front)
{
	struct xenbus_device *dev = front->end.dev;
	evtchn_port_t port;
	int r;

	r = grant_page(front);
	if (!r)
		r = open_channel(front, &port);
	if (!r)
		r = xenbus_printf(XBT_NIL, dev->nodename, "page-ref", "%u", front->gref);
	if (!r)
		r = xenbus_printf(XBT_NIL, dev->nodename, "event-channel", "%u", port);
	if (r)
		lockstep_fail(&front->end, r, "cannot grant a page");
	else
		xenbus_switch_state(dev, XenbusStateConnected);
}

static void follow(struct lockstep_front *front, enum xenbus_state backend)
{
	struct xenbus_device *dev = front->end.dev;

	switch (backend) {
	case XenbusStateInitWait:
		/* It has met us and started over: it must see our state change. */
		if (front->met) {
			part(&front->end);
			xenbus_switch_state(dev, XenbusStateInitialising);
		}
		if (!front->page)
			offer(front);
		break;
	case XenbusStateConnected:
		front->met = front->page;
		break;
	case XenbusStateClosed:
		part(&front->end);
		/*
		 * A backend whose driver has gone comes back; one that closed
		 * because we did, or on an error, went through Closing with us.
		 */
		if (dev->state != XenbusStateClosed && dev->state != XenbusStateClosing &&
		    xenbus_read_unsigned(dev->otherend, "online", 0)) {
			xenbus_switch_state(dev, XenbusStateInitialising);
			break;
		}
		fallthrough;
	case XenbusStateClosing:
	case XenbusStateUnknown:
		part(&front->end);
		if (dev->state != XenbusStateClosed)
			xenbus_frontend_closed(dev);
		break;
	default:
		break;
	}
}

static void backend_changed(struct xenbus_device *dev, enum xenbus_state backend)
{
	struct lockstep_end *end = dev_get_drvdata(&dev->dev);

	mutex_lock(&end->mutex);
	follow(front_of(end), backend);
	mutex_unlock(&end->mutex);
}

static int front_probe(struct xenbus_device *dev, const struct xenbus_device_id *id)
{
	struct lockstep_front *front = kzalloc(sizeof(*front), GFP_KERNEL);

	if (!front)
		return -ENOMEM;
	lockstep_end_init(&front->end, dev, part);
	/* Bound again after an unbind: the store still says Closed. */
	if (dev->state != XenbusStateInitialising)
		xenbus_switch_state(dev, XenbusStateInitialising);
	return 0;
}

static MYD_REMOVE front_remove(struct xenbus_device *dev)
{
	struct lockstep_end *end = dev_get_drvdata(&dev->dev);

	lockstep_end_exit(end);
	kfree(front_of(end));
	return MYD_REMOVED;
}

/*
 * After a restore the event channel is gone, and nobody knows the page. The bus
 * has set dev->state back; XenStore may say what we were before.
 */
static int front_resume(struct xenbus_device *dev)
{
	struct lockstep_end *end = dev_get_drvdata(&dev->dev);

	mutex_lock(&end->mutex);
	part(end);
	mutex_unlock(&end->mutex);
	return xenbus_printf(XBT_NIL, dev->nodename, "state", "%d", XenbusStateInitialising);
}

static const struct xenbus_device_id front_ids[] = {
	{ LOCKSTEP_CLASS },
	{ "" }
};

static struct xenbus_driver front_driver = {
	.name = "lockstepfront",
	.ids = front_ids,
	MYD_NOT_ESSENTIAL
	.probe = front_probe,
	.remove = front_remove,
	.resume = front_resume,
	.otherend_changed = backend_changed,
	.driver.dev_groups = lockstep_groups,
};

static int __init front_init(void)
{
	if (!xen_domain() || !xen_has_pv_devices())
		return -ENODEV;
	return xenbus_register_frontend(&front_driver);
}
module_init(front_init);

static void __exit front_exit(void)
{
	xenbus_unregister_driver(&front_driver);
}
module_exit(front_exit);

MODULE_DESCRIPTION("A small Xen device that connects in lock-step, frontend");
MODULE_AUTHOR("The mydevice maintainers");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen:" LOCKSTEP_CLASS);
