// SPDX-License-Identifier: GPL-2.0
/*
 * The pages a frontend grants. They are single pages, mapped side by side, and
 * each is freed only when its grant has ended: a backend that keeps one mapped
 * keeps the page, and nobody else gets it meanwhile.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <xen/page.h>

#include "../compat/compat.h"
#include "front.h"

static int grant(struct myd_memory *memory, domid_t domid)
{
	int gref;

	while (memory->granted < memory->count) {
		gref = gnttab_grant_foreign_access(domid,
						   xen_page_to_gfn(memory->page[memory->granted]),
						   0);
		if (gref < 0)
			return gref;
		memory->gref[memory->granted++] = gref;
	}
	return 0;
}

static int alloc_pages_each(struct myd_memory *memory)
{
	unsigned int i;

	for (i = 0; i < memory->count; i++) {
		memory->page[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!memory->page[i])
			return -ENOMEM;
	}
	return 0;
}

/**
 * myd_memory_alloc() - zeroed pages, mapped and granted
 * @memory: to be filled
 * @count: how many pages
 * @domid: to whom
 *
 * Return: 0, -ENOMEM, or -ENOSPC if there are no grant references left. On
 * failure nothing is kept.
 */
int myd_memory_alloc(struct myd_memory *memory, unsigned int count, domid_t domid)
{
	int r = -ENOMEM;

	memory->count = count;
	memory->granted = 0;
	memory->base = NULL;
	memory->page = kvcalloc(count, sizeof(*memory->page), GFP_KERNEL);
	memory->gref = kvcalloc(count, sizeof(*memory->gref), GFP_KERNEL);
	if (!memory->page || !memory->gref)
		goto fail;
	r = alloc_pages_each(memory);
	if (r)
		goto fail;
	memory->base = vmap(memory->page, count, VM_MAP, PAGE_KERNEL);
	if (!memory->base) {
		r = -ENOMEM;
		goto fail;
	}
	r = grant(memory, domid);
	if (!r)
		return 0;
fail:
	myd_memory_free(memory);
	return r;
}

/**
 * myd_memory_clear() - as if just allocated
 * @memory: the pages, all of them allocated and granted
 */
void myd_memory_clear(struct myd_memory *memory)
{
	memset(memory->base, 0, memory->count * MYDEVICE_PAGE_SIZE);
}

/**
 * myd_memory_free() - unmap, revoke and free
 * @memory: the pages, all or some of them allocated
 */
void myd_memory_free(struct myd_memory *memory)
{
	unsigned int i;

	vunmap(memory->base);
	for (i = 0; memory->page && i < memory->count; i++) {
		if (i < memory->granted)
			myd_end_foreign_access(memory->gref[i], memory->page[i]);
		else if (memory->page[i])
			__free_page(memory->page[i]);
	}
	kvfree(memory->page);
	kvfree(memory->gref);
	memset(memory, 0, sizeof(*memory));
}
