/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lockstep: what its two ends share.
 *
 * The frontend grants one page and allocates one event channel, writes "page-ref"
 * and "event-channel" to its directory, and then the state Connected. Each end
 * has a line of the page, with what it said last. It writes the text, then the
 * count, then sends an event.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef LOCKSTEP_PAGE_H
#define LOCKSTEP_PAGE_H

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

#define LOCKSTEP_CLASS		"lockstep"
#define LOCKSTEP_TEXT_MAX	120

/**
 * struct lockstep_line - written by one end, read by the other
 * @count: how many texts there were before, and this one
 * @length: bytes of @text, 0 to LOCKSTEP_TEXT_MAX
 * @text: printable ASCII
 */
struct lockstep_line {
	u32 count;			/* 0x00 */
	u32 length;			/* 0x04 */
	u8 text[LOCKSTEP_TEXT_MAX];	/* 0x08 */
};

struct lockstep_page {
	struct lockstep_line front;	/* 0x00 */
	struct lockstep_line back;	/* 0x80 */
};

/* The two ends may be kernels of different compilers and word sizes. */
static_assert(offsetof(struct lockstep_line, text) == 0x08);
static_assert(offsetof(struct lockstep_page, back) == 0x80);

#endif /* LOCKSTEP_PAGE_H */
