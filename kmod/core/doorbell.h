/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The event channels of a link, alike in both faces.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_DOORBELL_H
#define MYD_DOORBELL_H

#include <linux/bits.h>
#include <linux/interrupt.h>
#include <xen/events.h>

#include "link.h"

/**
 * struct myd_bell - one event channel
 * @irq: what it is bound to; 0 if it is not bound
 * @port: the frontend's event channel
 * @directions: bits (1 << enum mydevice_direction) it serves
 * @channel: whom it wakes
 */
struct myd_bell {
	int irq;
	unsigned int port;
	unsigned int directions;
	struct myd_channel *channel;
};

/**
 * struct myd_doorbell - one event channel for each direction, or one for both
 * @bell: by direction; with one event channel only the first is used
 * @count: 1 or 2
 */
struct myd_doorbell {
	struct myd_bell bell[MYDEVICE_DIRECTIONS];
	unsigned int count;
};

static inline void myd_doorbell_init(struct myd_doorbell *doorbell, struct myd_channel *channel,
				     unsigned int count)
{
	unsigned int i;

	doorbell->count = count;
	for (i = 0; i < count; i++) {
		doorbell->bell[i].irq = 0;
		doorbell->bell[i].channel = channel;
		doorbell->bell[i].directions = count == 1 ? BIT(0) | BIT(1) : BIT(i);
	}
}

static inline void myd_doorbell_ring(const struct myd_doorbell *doorbell,
				     enum mydevice_direction direction)
{
	notify_remote_via_irq(doorbell->bell[doorbell->count == 1 ? 0 : direction].irq);
}

static inline void myd_doorbell_unbind(struct myd_doorbell *doorbell)
{
	unsigned int i;

	for (i = 0; i < doorbell->count; i++) {
		if (doorbell->bell[i].irq)
			unbind_from_irqhandler(doorbell->bell[i].irq, &doorbell->bell[i]);
		doorbell->bell[i].irq = 0;
	}
}

/* Exactly one end of interrupt for each event, and none for a peer that broke the protocol. */
static inline irqreturn_t myd_doorbell_handler(int irq, void *data)
{
	struct myd_bell *bell = data;

	switch (myd_channel_event(bell->channel, bell->directions)) {
	case MYD_EVENT_SPURIOUS:
		xen_irq_lateeoi(irq, XEN_EOI_FLAG_SPURIOUS);
		break;
	case MYD_EVENT_PROGRESS:
		xen_irq_lateeoi(irq, 0);
		break;
	case MYD_EVENT_BROKEN:
		break;
	}
	return IRQ_HANDLED;
}

#endif /* MYD_DOORBELL_H */
