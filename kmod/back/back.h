/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The backend's face: maps what a frontend grants, binds its event channels.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_BACK_H
#define MYD_BACK_H

#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <xen/xenbus.h>

#include "../core/doorbell.h"
#include "../core/link.h"

/**
 * struct myd_mapping - a frontend's memory in our address space
 * @control: the control page
 * @segment: by direction, the rings in segments of MYD_SEGMENT_SIZE
 * @order: by direction, log2 of the ring's bytes; checked
 */
struct myd_mapping {
	void *control;
	void *segment[MYDEVICE_DIRECTIONS][MYD_SEGMENTS_MAX];
	u32 order[MYDEVICE_DIRECTIONS];
};

/**
 * struct myd_back - one backend device; lives from probe to remove
 * @dev: its xenbus device
 * @mode: the channel's; constant
 * @channel: its channel
 * @lapse: leaves the link after the frontend broke the protocol
 * @hotplug_watch: says when the hotplug script is done; without a node if there is none
 * @mutex: protects all below; taken in xenwatch and in @lapse, never held for a
 *	program
 * @linked: the channel uses @mapping and @doorbell
 * @mapping: what is mapped
 * @doorbell: the event channels
 */
struct myd_back {
	struct xenbus_device *dev;
	enum mydevice_mode mode;
	struct myd_channel *channel;
	struct work_struct lapse;
	struct xenbus_watch hotplug_watch;
	struct mutex mutex;	/* the handshake */
	bool linked;
	struct myd_mapping mapping;
	struct myd_doorbell doorbell;
};

/* mapping.c */
int myd_mapping_make(struct myd_mapping *mapping, struct xenbus_device *dev,
		     enum mydevice_mode mode, u32 ring_size_max);
void myd_mapping_free(struct myd_mapping *mapping, struct xenbus_device *dev);

#endif /* MYD_BACK_H */
