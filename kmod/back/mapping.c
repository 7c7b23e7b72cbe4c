// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping a frontend's rings. The frontend can write to all of it at any time:
 * the configuration is copied once, the copy is checked, and only the copy is
 * used.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "back.h"

#define SEGMENT_PAGES	(MYD_SEGMENT_SIZE / MYDEVICE_PAGE_SIZE)

static u32 ring_pages(u32 order)
{
	return 1u << (order - MYDEVICE_PAGE_SHIFT);
}

static int check_config(const struct mydevice_control *shared, enum mydevice_mode mode,
			u32 ring_size_max, struct myd_mapping *mapping)
{
	unsigned int d;

	if (READ_ONCE(shared->config.magic) != MYDEVICE_MAGIC ||
	    READ_ONCE(shared->config.version) != MYDEVICE_PROTOCOL_VERSION ||
	    READ_ONCE(shared->config.mode) != mode)
		return -EPROTO;
	for (d = 0; d < MYDEVICE_DIRECTIONS; d++) {
		u32 order = READ_ONCE(shared->config.ring_order[d]);

		if (order < MYDEVICE_RING_ORDER_MIN || order > MYDEVICE_RING_ORDER_MAX ||
		    1u << order > ring_size_max)
			return -EMSGSIZE;
		mapping->order[d] = order;
	}
	return 0;
}

static int map_ring(struct myd_mapping *mapping, struct xenbus_device *dev, unsigned int direction,
		    grant_ref_t *gref)
{
	u32 left = ring_pages(mapping->order[direction]);
	unsigned int i;
	int r;

	for (i = 0; left; i++) {
		u32 pages = min_t(u32, left, SEGMENT_PAGES);

		r = xenbus_map_ring_valloc(dev, gref, pages, &mapping->segment[direction][i]);
		if (r)
			return r;
		gref += pages;
		left -= pages;
	}
	return 0;
}

static int map_rings(struct myd_mapping *mapping, struct xenbus_device *dev)
{
	const struct mydevice_control *shared = mapping->control;
	u32 first = ring_pages(mapping->order[0]);
	u32 i, count = first + ring_pages(mapping->order[1]);
	grant_ref_t *gref;
	int r;

	gref = kvmalloc_array(count, sizeof(*gref), GFP_KERNEL);
	if (!gref)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		gref[i] = READ_ONCE(shared->gref[i]);
	r = mapping->closed & BIT(0) ? 0 : map_ring(mapping, dev, 0, gref);
	if (!r && !(mapping->closed & BIT(1)))
		r = map_ring(mapping, dev, 1, gref + first);
	kvfree(gref);
	return r;
}

/**
 * myd_mapping_make() - map what the frontend's nodes and control page name
 * @mapping: to be filled, all zero
 * @dev: the backend device
 * @mode: what the frontend has to have taken up, too
 * @ring_size_max: most bytes to map for each direction
 * @closed: bits of 1 << enum mydevice_direction: those whose ring is not to be mapped
 *
 * Return: 0, -EPROTO, -EMSGSIZE or another negative errno; then nothing is kept.
 */
int myd_mapping_make(struct myd_mapping *mapping, struct xenbus_device *dev,
		     enum mydevice_mode mode, u32 ring_size_max, unsigned int closed)
{
	grant_ref_t gref;
	int r;

	if (xenbus_scanf(XBT_NIL, dev->otherend, "ring-ref", "%u", &gref) != 1)
		return -EPROTO;
	r = xenbus_map_ring_valloc(dev, &gref, 1, &mapping->control);
	if (r)
		return r;
	mapping->closed = closed;
	r = check_config(mapping->control, mode, ring_size_max, mapping) ?:
	    map_rings(mapping, dev);
	if (r)
		myd_mapping_free(mapping, dev);
	return r;
}

/**
 * myd_mapping_free() - unmap all
 * @mapping: the mapping, all or some of it made
 * @dev: the backend device
 */
void myd_mapping_free(struct myd_mapping *mapping, struct xenbus_device *dev)
{
	unsigned int d, i;

	for (d = 0; d < MYDEVICE_DIRECTIONS; d++)
		for (i = 0; i < MYD_SEGMENTS_MAX; i++)
			if (mapping->segment[d][i])
				xenbus_unmap_ring_vfree(dev, mapping->segment[d][i]);
	if (mapping->control)
		xenbus_unmap_ring_vfree(dev, mapping->control);
	memset(mapping, 0, sizeof(*mapping));
}
