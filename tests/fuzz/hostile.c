// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hostile peer of the fuzzers.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <stdio.h>
#include <stdlib.h>

#include <sanitizer/asan_interface.h>

#include "hostile.h"

/* Called from here only, where what is shared may be touched. */
#define UNCHECKED __attribute__((no_sanitize("address"), noinline))

#define REGIONS	24
#define TRUTHS	24

static struct region {
	u8 *start;
	size_t len;
	enum hostile_kind kind;
} regions[REGIONS];
static unsigned int region_count;

static const u32 *truths[TRUTHS];
static unsigned int truth_count;

static const u8 *input, *input_end;

void (*hostile_on_load)(const volatile u32 *word);

_Noreturn void hostile_failed(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

void hostile_input(const u8 *data, size_t size)
{
	input = data;
	input_end = data + size;
	truth_count = 0;
}

bool hostile_more(void)
{
	return input != input_end;
}

u8 hostile_byte(void)
{
	return input == input_end ? 0 : *input++;
}

u32 hostile_word(void)
{
	u32 word = 0;

	for (int i = 0; i < 4; i++)
		word = word << 8 | hostile_byte();
	return word;
}

void hostile_know(const u32 *truth)
{
	hostile_assert(truth_count < TRUTHS);
	truths[truth_count++] = truth;
}

void hostile_share(void *start, size_t len, enum hostile_kind kind)
{
	hostile_assert(region_count < REGIONS);
	regions[region_count++] = (struct region){ start, len, kind };
	__asan_poison_memory_region(start, len);
}

void hostile_unshare_all(void)
{
	while (region_count) {
		struct region *region = &regions[--region_count];

		__asan_unpoison_memory_region(region->start, region->len);
	}
}

static const struct region *region_of(const volatile void *p)
{
	for (unsigned int i = 0; i < region_count; i++) {
		size_t offset = (const volatile u8 *)p - regions[i].start;

		if (offset < regions[i].len)
			return &regions[i];
	}
	return NULL;
}

static u32 some_truth(void)
{
	return truth_count ? *truths[hostile_byte() % truth_count] : 0;
}

static u32 likes(u32 now)
{
	switch (hostile_byte() % 8) {
	case 0:
		return now + (int8_t)hostile_byte();
	case 1:
		return some_truth();
	case 2:
		return some_truth() + (int8_t)hostile_byte();
	case 3:
		return some_truth() + some_truth() + (int8_t)hostile_byte();
	case 4:
		return hostile_byte();
	case 5:
		return hostile_word();
	default:
		return now;
	}
}

UNCHECKED u32 hostile_load(const volatile u32 *word)
{
	const struct region *region = region_of(word);
	u32 value;

	if (!region)
		return *word;
	hostile_assert(region->kind == HOSTILE_THEIRS);
	if (hostile_on_load)
		hostile_on_load(word);
	value = hostile_more() ? likes(*word) : *word;
	*(volatile u32 *)word = value;
	return value;
}

UNCHECKED void hostile_store(volatile u32 *word, u32 value)
{
	const struct region *region = region_of(word);

	hostile_assert(!region || region->kind == HOSTILE_OURS);
	*word = value;
}

/* A byte at a time, and volatile: the compiler must not make a call of it. */
static UNCHECKED void copy(volatile u8 *to, const volatile u8 *from, size_t len)
{
	while (len--)
		*to++ = *from++;
}

static UNCHECKED void scribble(volatile u8 *bytes, size_t len)
{
	/* Long copies are payload, of which nothing is believed. */
	for (size_t i = 0; i < len && i < sizeof(u32) && hostile_more(); i++) {
		u8 how = hostile_byte();

		if (how >= 0x80)
			bytes[i] = how == 0xff ? hostile_byte() : how & 0x0f;
	}
}

static void check_bytes(const struct region *region, const void *p, size_t len)
{
	hostile_assert(region->kind == HOSTILE_BYTES);
	hostile_assert(len <= region->len - (size_t)((const u8 *)p - region->start));
}

void *hostile_copy(void *to, const void *from, size_t len)
{
	const struct region *source = region_of(from), *sink = region_of(to);

	if (source) {
		check_bytes(source, from, len);
		scribble((u8 *)from, len);
	} else {
		hostile_assert(!__asan_region_is_poisoned((void *)from, len));
	}
	if (sink)
		check_bytes(sink, to, len);
	else
		hostile_assert(!__asan_region_is_poisoned(to, len));
	copy(to, from, len);
	return to;
}
