// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A face for the fuzzer control: links the channel with memory that the peer changes
 * between two looks, and takes it away.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <stdlib.h>
#include <string.h>

#include <mydevice/ring.h>

#include "control.h"
#include "hostile.h"

struct mydevice_control *control;
unsigned int breaks;
u32 tx_prod, tx_cons, rx_prod, rx_cons;

static u8 *segments[MYDEVICE_DIRECTIONS][MYD_SEGMENTS_MAX];

/* Where the indices begin: as after some, or many, gigabytes. */
static const u32 starts[] = { 0, 0xfffff800, 0xffffffff, 0x7ffff800 };

static enum mydevice_direction outgoing(void)
{
	return ch->info.end == MYD_FRONTEND ? MYDEVICE_FRONT_TO_BACK : MYDEVICE_BACK_TO_FRONT;
}

static void on_notify(void *priv, enum mydevice_direction direction)
{
	hostile_assert(priv == control);
	hostile_assert(ch->lock.held && ch->linked && !ch->broken);
	hostile_assert(direction < MYDEVICE_DIRECTIONS);
}

static void on_broken(void *priv)
{
	hostile_assert(priv == control);
	hostile_assert(ch->lock.held && ch->linked && ch->broken);
	hostile_assert(++breaks == 1);
}

static const struct myd_link_ops ops = { .notify = on_notify, .broken = on_broken };

static void make_segments(struct myd_link *link, enum mydevice_direction direction)
{
	u32 order = MYDEVICE_RING_ORDER_MIN, size, len;

	if (hostile_byte() % 8 == 7)
		order += hostile_byte() % (ORDER_MAX - MYDEVICE_RING_ORDER_MIN + 1);
	size = 1u << order;
	len = min(size, MYD_SEGMENT_SIZE);
	/* As a backend does not map what is closed: nobody may touch it. */
	for (u32 i = 0; i << MYD_SEGMENT_SHIFT < size && !(ch->closed & BIT(direction)); i++) {
		segments[direction][i] = calloc(1, len);
		hostile_share(segments[direction][i], len, HOSTILE_BYTES);
	}
	memcpy(link->segment[direction], segments[direction], sizeof(segments[direction]));
	link->order[direction] = order;
}

/* The indices, as the end has them and as the peer tells them, at the outset. */
static void start_at(u32 start)
{
	if (ch->session.phase == MYD_LIVE || ch->broken)
		return;
	ch->tx.prod = start;
	ch->tx.cons = start;
	ch->rx.prod = start;
	ch->rx.cons = start;
	ch->session.rx_end = start;
	tx_prod = start;
	tx_cons = start;
	rx_prod = start;
	rx_cons = start;
}

void op_connect(void)
{
	struct myd_link link = { .ops = &ops };
	u32 start = starts[hostile_byte() % (sizeof(starts) / sizeof(*starts))];

	if (ch->linked || destroyed)
		return;
	control = aligned_alloc(MYDEVICE_PAGE_SIZE, sizeof(*control));
	memset(control, 0, sizeof(*control));
	control->dir[!outgoing()].producer.prod = start;
	control->dir[outgoing()].consumer.cons = start;
	for (unsigned int d = 0; d < MYDEVICE_DIRECTIONS; d++) {
		bool ours = d == outgoing();

		hostile_share(&control->dir[d].producer, sizeof(control->dir[d].producer),
			      ours ? HOSTILE_OURS : HOSTILE_THEIRS);
		hostile_share(&control->dir[d].consumer, sizeof(control->dir[d].consumer),
			      ours ? HOSTILE_THEIRS : HOSTILE_OURS);
		make_segments(&link, d);
	}
	link.control = control;
	link.priv = control;
	breaks = 0;
	tx_prod = 0;
	tx_cons = 0;
	rx_prod = 0;
	rx_cons = 0;
	myd_channel_connect(ch, &link);
	start_at(start);
}

void op_disconnect(void)
{
	bool keep = hostile_byte() % 4;

	myd_channel_disconnect(ch, keep);
	hostile_unshare_all();
	for (unsigned int d = 0; d < MYDEVICE_DIRECTIONS; d++) {
		for (u32 i = 0; i < MYD_SEGMENTS_MAX; i++) {
			free(segments[d][i]);
			segments[d][i] = NULL;
		}
	}
	free(control);
	control = NULL;
}
