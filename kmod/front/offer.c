// SPDX-License-Identifier: GPL-2.0
/*
 * What a frontend offers its backend: rings, event channels and the nodes that
 * name them.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <xen/events.h>

#include "../compat/compat.h"
#include "front.h"

#define RING_SIZE_MIN	(1u << (MYDEVICE_RING_ORDER_MIN))
#define RING_SIZE_MAX	(1u << (MYDEVICE_RING_ORDER_MAX))

static unsigned int ring_size = RING_SIZE_MAX;
module_param(ring_size, uint, 0644);
MODULE_PARM_DESC(ring_size, "Most bytes in a ring, each direction; the backend may allow less");

static u32 agreed_order(const struct xenbus_device *dev)
{
	unsigned int size = READ_ONCE(ring_size);

	size = min(size, xenbus_read_unsigned(dev->otherend, "ring-size", RING_SIZE_MAX));
	size = min(size, xenbus_read_unsigned(dev->otherend, "max-ring-size", RING_SIZE_MAX));
	return ilog2(clamp(size, RING_SIZE_MIN, RING_SIZE_MAX));
}

static unsigned int ring_pages(u32 order)
{
	return 1u << (order - MYDEVICE_PAGE_SHIFT);
}

static unsigned int link_pages(const struct myd_front *front)
{
	return 1 + ring_pages(front->order[0]) + ring_pages(front->order[1]);
}

static void fill_control(struct myd_front *front)
{
	struct mydevice_control *control = front->memory.base;
	unsigned int i;

	for (i = 1; i < link_pages(front); i++)
		control->gref[i - 1] = front->memory.gref[i];
	control->config.ring_order[0] = front->order[0];
	control->config.ring_order[1] = front->order[1];
	control->config.mode = front->mode;
	control->config.version = MYDEVICE_PROTOCOL_VERSION;
	control->config.magic = MYDEVICE_MAGIC;
}

static int bind_bell(struct myd_front *front, struct myd_bell *bell, const char *node)
{
	evtchn_port_t port;
	int r;

	r = xenbus_alloc_evtchn(front->dev, &port);
	if (r)
		return r;
	r = bind_evtchn_to_irqhandler_lateeoi(port, myd_doorbell_handler, 0, "mydevicefront", bell);
	if (r < 0) {
		xenbus_free_evtchn(front->dev, port);
		return r;
	}
	bell->irq = r;
	bell->port = port;
	return xenbus_printf(XBT_NIL, front->dev->nodename, node, "%u", port);
}

static int bind_bells(struct myd_front *front)
{
	struct myd_doorbell *doorbell = &front->doorbell;
	const char *path = front->dev->nodename;
	int r;

	/* What an earlier offer named is not there any more. */
	xenbus_rm(XBT_NIL, path, "event-channel");
	xenbus_rm(XBT_NIL, path, "event-channel-0");
	xenbus_rm(XBT_NIL, path, "event-channel-1");
	if (doorbell->count == 1)
		return bind_bell(front, &doorbell->bell[0], "event-channel");
	r = bind_bell(front, &doorbell->bell[0], "event-channel-0");
	return r ?: bind_bell(front, &doorbell->bell[1], "event-channel-1");
}

static int get_memory(struct myd_front *front)
{
	struct myd_memory *memory = &front->memory;
	unsigned int count = link_pages(front);

	if (memory->base && memory->count >= count) {
		myd_memory_clear(memory);
		return 0;
	}
	myd_memory_free(memory);
	return myd_memory_alloc(memory, count, front->dev->otherend_id);
}

static int write_nodes(const struct myd_front *front)
{
	const char *path = front->dev->nodename;
	int r;

	r = xenbus_printf(XBT_NIL, path, "protocol", "%u", MYDEVICE_PROTOCOL_VERSION);
	return r ?: xenbus_printf(XBT_NIL, path, "ring-ref", "%u", front->memory.gref[0]);
}

/**
 * myd_front_offer() - allocate, grant and announce
 * @front: the device, with nothing offered; its mutex held
 *
 * Return: 0 or a negative errno; then nothing is offered.
 */
int myd_front_offer(struct myd_front *front)
{
	struct xenbus_device *dev = front->dev;
	bool split = xenbus_read_unsigned(dev->otherend, "feature-split-event-channels", 0);
	int r;

	front->order[0] = agreed_order(dev);
	front->order[1] = front->order[0];
	r = get_memory(front);
	if (r)
		return r;
	fill_control(front);
	myd_doorbell_init(&front->doorbell, front->channel, split ? 2 : 1);
	front->offered = true;
	r = bind_bells(front) ?: write_nodes(front);
	if (r)
		myd_front_withdraw(front);
	return r;
}

/**
 * myd_front_withdraw() - take back what was offered, for another offer later
 * @front: the device; its mutex held, its channel not connected
 */
void myd_front_withdraw(struct myd_front *front)
{
	if (front->offered)
		myd_doorbell_unbind(&front->doorbell);
	front->offered = false;
}

/**
 * myd_front_works() - is this still the domain that made the offer?
 * @front: the device; its mutex held
 *
 * Linux resumes devices after a suspend that has failed as if the domain had been
 * restored. But only a restored one has lost its event channels.
 */
bool myd_front_works(const struct myd_front *front)
{
	const struct myd_doorbell *doorbell = &front->doorbell;
	unsigned int i;

	if (!front->offered)
		return false;
	for (i = 0; i < doorbell->count; i++)
		if (irq_from_evtchn(doorbell->bell[i].port) != doorbell->bell[i].irq)
			return false;
	return true;
}

/**
 * myd_front_revoke() - give up the granted memory, too
 * @front: the device; its mutex held, nothing offered
 */
void myd_front_revoke(struct myd_front *front)
{
	myd_memory_free(&front->memory);
}
