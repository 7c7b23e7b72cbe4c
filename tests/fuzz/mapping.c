// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The backend maps what a frontend's control page names, while the frontend
 * changes it: no word is looked at twice, what is mapped is what was checked,
 * and a mapping that fails leaves nothing mapped.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "back.h"
#include "hostile.h"

static struct mydevice_control *control;
static bool looked_at[sizeof(*control) / sizeof(u32)];

/* What is mapped; the ring memory itself is never touched. */
static struct mapped {
	u8 *address;
	unsigned int pages;
} mapped[1 + 2 * MYD_SEGMENTS_MAX];
static unsigned int mapped_count, pages_mapped;

static void look(const volatile u32 *word)
{
	u32 at = word - (u32 *)control;

	hostile_assert(!looked_at[at]);
	looked_at[at] = true;
}

int xenbus_scanf(int transaction, const char *dir, const char *node, const char *format, ...)
{
	va_list ap;
	int r = hostile_byte() != 0xff;

	hostile_assert(!strcmp(dir, "otherend") && !strcmp(node, "ring-ref"));
	hostile_assert(!strcmp(format, "%u"));
	va_start(ap, format);
	if (r)
		*va_arg(ap, u32 *) = 1;
	va_end(ap);
	return r;
}

int xenbus_map_ring_valloc(struct xenbus_device *dev, grant_ref_t *grefs, unsigned int count,
			   void **ret_address)
{
	bool first = !mapped_count;
	u32 refs = 0;

	hostile_assert(count >= 1 && count <= MYD_SEGMENT_SIZE / MYDEVICE_PAGE_SIZE);
	for (unsigned int i = 0; i < count; i++)
		refs += grefs[i];
	/* A grant that is none: any sum will do, so that each is read. */
	if (refs == 0xffffffff || hostile_byte() == 0xff)
		return -ENOENT;
	hostile_assert(mapped_count < sizeof(mapped) / sizeof(*mapped));
	*ret_address = first ? (u8 *)control : malloc(1);
	mapped[mapped_count++] = (struct mapped){ *ret_address, count };
	pages_mapped += count;
	return 0;
}

int xenbus_unmap_ring_vfree(struct xenbus_device *dev, void *address)
{
	for (unsigned int i = 0; i < mapped_count; i++) {
		if (mapped[i].address != address)
			continue;
		if (address != control)
			free(address);
		pages_mapped -= mapped[i].pages;
		mapped[i] = mapped[--mapped_count];
		return 0;
	}
	hostile_assert(!"unmapped what is not mapped");
}

static void check_made(const struct myd_mapping *mapping, u32 size_max, unsigned int closed)
{
	u32 pages = 1;

	for (unsigned int d = 0; d < MYDEVICE_DIRECTIONS; d++) {
		u32 order = mapping->order[d], size;

		hostile_assert(order >= MYDEVICE_RING_ORDER_MIN);
		hostile_assert(order <= MYDEVICE_RING_ORDER_MAX);
		size = 1u << order;
		hostile_assert(size <= size_max);
		if (closed & 1u << d)
			size = 0;
		pages += size / MYDEVICE_PAGE_SIZE;
		for (u32 i = 0; i < MYD_SEGMENTS_MAX; i++)
			hostile_assert(!mapping->segment[d][i] == (i << MYD_SEGMENT_SHIFT >= size));
	}
	hostile_assert(pages_mapped == pages);
}

static void make_config(u8 how)
{
	if (!control)
		control = aligned_alloc(MYDEVICE_PAGE_SIZE, sizeof(*control));
	memset(control, 0, sizeof(*control));
	control->config.magic = MYDEVICE_MAGIC;
	control->config.version = MYDEVICE_PROTOCOL_VERSION;
	control->config.mode = how % MYDEVICE_MODES;
	control->config.ring_order[0] = MYDEVICE_RING_ORDER_MIN + how / 4 % 9;
	control->config.ring_order[1] = MYDEVICE_RING_ORDER_MIN + how / 32;
	memset(looked_at, 0, sizeof(looked_at));
	hostile_share(control, sizeof(*control), HOSTILE_THEIRS);
}

void shim_may_sleep(void)
{
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct xenbus_device dev = { .otherend = "otherend" };
	struct myd_mapping mapping = {};
	unsigned int closed;
	u32 size_max;
	int r;

	hostile_input(data, size);
	hostile_on_load = look;
	make_config(hostile_byte());
	size_max = 1u << (MYDEVICE_RING_ORDER_MIN + hostile_byte() % 9);
	hostile_know(&size_max);
	/* the last byte, so that the inputs of the corpus keep their meaning */
	closed = size ? data[size - 1] % 4 : 0;
	r = myd_mapping_make(&mapping, &dev, hostile_byte() % MYDEVICE_MODES, size_max, closed);
	if (r)
		hostile_assert(r < 0);
	else
		check_made(&mapping, size_max, closed);
	if (!r)
		myd_mapping_free(&mapping, &dev);
	for (size_t i = 0; i < sizeof(mapping); i++)
		hostile_assert(!((u8 *)&mapping)[i]);
	hostile_assert(!mapped_count && !pages_mapped);
	hostile_unshare_all();
	return 0;
}
