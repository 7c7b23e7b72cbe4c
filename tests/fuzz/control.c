// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One end of a channel, from its making to its end, in any order of what
 * programs, the face and events do, against a peer that changes every shared
 * word between any two looks.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <stdlib.h>
#include <string.h>

#include <mydevice/ring.h>

#include "channel.h"
#include "hostile.h"
#include "packet.h"

#define STEPS_MAX	400
#define ORDER_MAX	17
/* Far more than one call needs, far fewer than a loop would make. */
#define LOADS_MAX	32

/* Where the indices begin: as after some, or many, gigabytes. */
static const u32 starts[] = { 0, 0xfffff800, 0xffffffff, 0x7ffff800 };

unsigned long jiffies;

static struct myd_channel *ch;
static struct mydevice_control *control;
static u8 *segments[MYDEVICE_DIRECTIONS][MYD_SEGMENTS_MAX];
static bool open, destroyed;
static unsigned int loads, breaks;
static u64 errors_read;

/* As of the last check, on this link. */
static u32 tx_prod, tx_cons, rx_prod, rx_cons;

static enum mydevice_direction outgoing(void)
{
	return ch->info.end == MYD_FRONTEND ? MYDEVICE_FRONT_TO_BACK : MYDEVICE_BACK_TO_FRONT;
}

/* ---- what the core asks of others ---- */

int myd_node_add(struct myd_channel *added)
{
	return 0;
}

void myd_node_remove(struct myd_channel *removed)
{
}

static void on_load(const volatile u32 *word)
{
	hostile_assert(ch->lock.held);
	hostile_assert(!ch->broken);
	hostile_assert(++loads <= LOADS_MAX);
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

/* ---- what must hold whenever nobody is in the core ---- */

static void check_ring(const struct myd_ring *ring, u32 *prod, u32 *cons)
{
	hostile_assert(ring->prod - ring->cons <= ring->size);
	/* Forwards only, and by no more than the ring lets it. */
	hostile_assert(ring->cons - *cons <= ring->prod - *cons);
	hostile_assert(ring->prod - *prod <= 2 * ring->size);
	*prod = ring->prod;
	*cons = ring->cons;
}

static void check(void)
{
	const struct myd_session *s = &ch->session;

	hostile_assert(!ch->lock.held && !ch->rx_mutex.held && !ch->tx_mutex.held);
	hostile_assert(ch->linked == !!control);
	hostile_assert((s->phase != MYD_CLOSED) == open);
	hostile_assert((s->epoch & 1) == open);
	hostile_assert(!s->acked || s->acked & 1);
	hostile_assert(ch->residue.prod - ch->residue.cons <= ch->residue.size);
	if (s->phase == MYD_LIVE)
		hostile_assert(ch->linked && !ch->broken && s->peer & 1);
	if (ch->linked) {
		check_ring(&ch->tx, &tx_prod, &tx_cons);
		check_ring(&ch->rx, &rx_prod, &rx_cons);
		hostile_assert(ch->broken == (breaks == 1));
	}
	if (ch->linked && (s->phase == MYD_ENDED || (s->phase == MYD_LIVE && s->rx_end_known)))
		hostile_assert(s->rx_end - ch->rx.cons <= ch->rx.prod - ch->rx.cons);
	loads = 0;
}

/* ---- the face ---- */

static void make_segments(struct myd_link *link, enum mydevice_direction direction)
{
	u32 order = MYDEVICE_RING_ORDER_MIN, size, len;

	if (hostile_byte() % 8 == 7)
		order += hostile_byte() % (ORDER_MAX - MYDEVICE_RING_ORDER_MIN + 1);
	size = 1u << order;
	len = min(size, MYD_SEGMENT_SIZE);
	for (u32 i = 0; i << MYD_SEGMENT_SHIFT < size; i++) {
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

static void op_connect(void)
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

static void op_disconnect(void)
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

static void op_event(void)
{
	jiffies += hostile_byte();
	myd_channel_event(ch, 1 + hostile_byte() % 3);
}

/* An event between two locked parts of a call. */
static void maybe_event(void)
{
	if (hostile_byte() % 4 == 3)
		op_event();
}

static void op_destroy(void)
{
	if (destroyed)
		return;
	op_disconnect();
	myd_channel_destroy(ch);
	destroyed = true;
}

/* ---- programs, as kmod/core/move.c and file.c serve them ---- */

static void op_open(void)
{
	int r;

	spin_lock_irq(&ch->lock);
	r = myd_channel_open(ch, hostile_byte() % 8 == 7);
	spin_unlock_irq(&ch->lock);
	hostile_assert(r == (destroyed ? -ENODEV : open ? -EBUSY : 0));
	if (!r) {
		open = true;
		get_device(&ch->dev);
	}
}

static void op_release(void)
{
	myd_channel_release(ch);
	open = false;
	check();
	put_device(&ch->dev);
}

static void garbled(void)
{
	spin_lock_irq(&ch->lock);
	myd_channel_garbled(ch);
	spin_unlock_irq(&ch->lock);
}

/* Bytes, or one packet, out of what was found. */
static void take(u32 used)
{
	static u8 buffer[1u << ORDER_MAX];
	struct myd_ring *ring = myd_channel_source(ch);
	u32 len = 1 + hostile_word() % used;

	hostile_assert(used <= ring->prod - ring->cons);
	if (ch->info.mode == MYDEVICE_PACKET) {
		int r = myd_packet_peek(ring, ring->cons, used);

		if (r < 0) {
			garbled();
			return;
		}
		len = myd_packet_size(r);
		hostile_assert(len <= used);
	}
	myd_ring_get(ring, ring->cons, buffer, len);
	maybe_event();
	spin_lock_irq(&ch->lock);
	myd_channel_consumed(ch, len, 1);
	spin_unlock_irq(&ch->lock);
}

static void op_read(void)
{
	struct myd_session *s = &ch->session;
	bool broken = ch->broken, arm = hostile_byte() % 2;
	u32 want = 1;
	int r;

	mutex_lock(&ch->rx_mutex);
	spin_lock_irq(&ch->lock);
	if (hostile_byte() % 2 && ch->info.mode == MYDEVICE_STREAM && ch->linked)
		want = myd_channel_rx_want(ch);
	r = myd_channel_readable(ch, want, arm);
	if (r <= 0 && s->phase == MYD_ENDED)
		myd_channel_told(ch);
	else if (!r)
		s->eof_told = true;
	spin_unlock_irq(&ch->lock);
	hostile_assert(r >= 0 || r == -EAGAIN || r == -EPROTO || r == -EIO || r == -ENODEV);
	hostile_assert(r != -ENODEV || destroyed);
	hostile_assert(r != -EPROTO || ++errors_read <= ch->stats.errors);
	/* A link that is broken gives nothing more. */
	if (r > 0)
		hostile_assert(!broken || myd_channel_source(ch) == &ch->residue);
	maybe_event();
	if (r > 0)
		take(r);
	mutex_unlock(&ch->rx_mutex);
}

static void op_write(void)
{
	struct myd_session *s = &ch->session;
	static u8 buffer[1u << ORDER_MAX];
	bool broken = ch->broken, arm = hostile_byte() % 2;
	u32 need = 1, len, serial;
	int r;

	mutex_lock(&ch->tx_mutex);
	spin_lock_irq(&ch->lock);
	if (ch->info.mode == MYDEVICE_PACKET && ch->linked)
		need = myd_packet_size(1 + hostile_word() % MYDEVICE_PACKET_MAX(ch->tx.size));
	r = myd_channel_writable(ch, need, arm);
	serial = s->serial;
	if (s->phase == MYD_ENDED && (ch->write_only || s->eof_told))
		myd_channel_told(ch);
	spin_unlock_irq(&ch->lock);
	hostile_assert(r > 0 || r == -EAGAIN || r == -EPIPE || r == -EPROTO || r == -EIO ||
		       r == -ENODEV);
	hostile_assert(r != -ENODEV || destroyed);
	if (r > 0) {
		hostile_assert(!broken && ch->linked);
		hostile_assert((u32)r >= need);
		hostile_assert((u32)r <= ch->tx.size - (ch->tx.prod - ch->tx.cons));
		len = need > 1 ? need : 1 + hostile_word() % r;
		myd_ring_put(&ch->tx, ch->tx.prod, buffer, len);
		maybe_event();
		spin_lock_irq(&ch->lock);
		if (s->serial == serial)
			myd_channel_produced(ch, len, 1);
		spin_unlock_irq(&ch->lock);
	}
	mutex_unlock(&ch->tx_mutex);
}

static void op_finish(void)
{
	mutex_lock(&ch->tx_mutex);
	spin_lock_irq(&ch->lock);
	myd_channel_finish(ch);
	spin_unlock_irq(&ch->lock);
	mutex_unlock(&ch->tx_mutex);
}

static void op_tune(void)
{
	ch->tune.rx_wake = hostile_word();
	ch->tune.tx_wake = hostile_word();
}

static void op(void)
{
	switch (hostile_byte() % 16) {
	case 0:
	case 1:
		op_connect();
		break;
	case 2:
		op_disconnect();
		break;
	case 3:
	case 4:
		op_open();
		break;
	case 5:
		if (open)
			op_release();
		break;
	case 6:
	case 7:
	case 8:
		op_event();
		break;
	case 9:
	case 10:
		if (open && !ch->write_only)
			op_read();
		break;
	case 11:
	case 12:
		if (open)
			op_write();
		break;
	case 13:
		if (open)
			op_finish();
		break;
	case 14:
		if (open)
			op_tune();
		break;
	case 15:
		if (hostile_byte() == 0xff)
			op_destroy();
		break;
	}
}

static void make_channel(u8 how)
{
	struct myd_channel_info info = {
		.end = how & 1 ? MYD_BACKEND : MYD_FRONTEND,
		.mode = how & 2 ? MYDEVICE_PACKET : MYDEVICE_STREAM,
	};

	ch = myd_channel_create(&info);
	open = false;
	destroyed = false;
	loads = 0;
	errors_read = 0;
	hostile_know(&ch->tx.prod);
	hostile_know(&ch->tx.cons);
	hostile_know(&ch->tx.size);
	hostile_know(&ch->rx.prod);
	hostile_know(&ch->rx.cons);
	hostile_know(&ch->rx.size);
	hostile_know(&ch->session.epoch);
	hostile_know(&ch->session.acked);
	hostile_know(&ch->session.peer);
	hostile_know(&ch->session.rx_end);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	hostile_input(data, size);
	hostile_on_load = on_load;
	make_channel(hostile_byte());
	get_device(&ch->dev);
	for (int i = 0; i < STEPS_MAX && hostile_more(); i++) {
		op();
		check();
	}
	op_destroy();
	check();
	if (open)
		op_release();
	put_device(&ch->dev);
	return 0;
}
