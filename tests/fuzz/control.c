// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One end of a channel, from its making to its end, in any order of what
 * programs, the face and events do, against a peer that changes every shared
 * word between any two looks, and with an interrupt wherever one can be.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <stdlib.h>
#include <string.h>

#include <linux/sockios.h>
#include <mydevice/ring.h>
#include <asm/ioctls.h>

#include "channel.h"
#include "control.h"
#include "frames.h"
#include "hostile.h"
#include "packet.h"
#include "pending.h"

#define STEPS_MAX	400
#define BUFFER_MAX	(1u << 16)
#define MOVED_MAX	(1u << 24)
/* Far more than anything with the lock held needs, far fewer than a loop makes. */
#define LOADS_MAX	32

unsigned long jiffies;

struct myd_channel *ch;
bool destroyed;
static bool opened, in_interrupt, in_sleep;
static bool restricted;		/* a direction was closed at some time */
static bool nowait;		/* the call under way must not sleep */
static u32 read_of;		/* the session that the read under way has bytes of */
static struct file program;	/* that has the channel open */
static struct sighand_struct sighand;
static struct task task = { .sighand = &sighand };
struct task *current = &task;
static unsigned int loads, loads_in;
static u64 errors_read, now;

/* ---- what the core asks of others ---- */

int myd_node_create(struct myd_channel *created)
{
	return 0;
}

void myd_node_remove(struct myd_channel *removed)
{
}

void myd_node_release(struct myd_channel *released)
{
}

void myd_node_freed(void)
{
}

static void on_load(const volatile u32 *word)
{
	hostile_assert(ch->lock.held);
	hostile_assert(!ch->broken);
	if (loads_in != ch->lock.taken)
		loads = 0;
	loads_in = ch->lock.taken;
	hostile_assert(++loads <= LOADS_MAX);
}

/* ---- what the core asks of the kernel ---- */

static void op(void);

void shim_interrupt(void)
{
	if (in_interrupt || hostile_byte() < 0xc0)
		return;
	in_interrupt = true;
	myd_channel_event(ch, 1 + hostile_byte() % 3);
	in_interrupt = false;
}

static void no_lock_held(void)
{
	hostile_assert(!ch->lock.held && !ch->rx_mutex.held && !ch->tx_mutex.held);
}

void shim_may_sleep(void)
{
	no_lock_held();
	hostile_assert(!nowait);
}

void shim_may_wait(void)
{
	hostile_assert(!nowait);
}

/* False for a signal: there is one when nothing else happens any more. */
bool shim_sleep(void)
{
	no_lock_held();
	if (!hostile_more())
		return false;
	in_sleep = true;
	op();
	in_sleep = false;
	return true;
}

u64 local_clock(void)
{
	now += hostile_more() ? 5 * NSEC_PER_USEC : NSEC_PER_SEC;
	return now;
}

/* How much of it could not be brought in. Meanwhile another thread may call. */
static size_t fault_in(size_t len)
{
	bool was_in_sleep = in_sleep, was_nowait = nowait;

	no_lock_held();
	if (hostile_byte() % 4 == 3) {
		in_sleep = true;
		nowait = false;
		op();
		in_sleep = was_in_sleep;
		nowait = was_nowait;
	}
	return hostile_byte() == 0xff ? hostile_byte() % (len + 1) : 0;
}

size_t myd_fault_in_readable(const struct iov_iter *iter, size_t len)
{
	return fault_in(len);
}

size_t myd_fault_in_writeable(const struct iov_iter *iter, size_t len)
{
	return fault_in(len);
}

/* As far as the buffer goes; now and then a page of it is missing. */
static size_t advance(struct iov_iter *iter, size_t len)
{
	len = min(len, iter->count);
	if (hostile_byte() == 0xff)
		len = hostile_byte() % (len + 1);
	iter->at += len;
	iter->count -= len;
	return len;
}

size_t copy_to_iter(const void *from, size_t len, struct iov_iter *iter)
{
	u8 *to = iter->at;

	hostile_assert(ch->rx_mutex.held && !ch->lock.held);
	/* All that a read returns is of one session. */
	hostile_assert(!read_of || read_of == ch->session.begun);
	read_of = ch->session.begun;
	len = advance(iter, len);
	hostile_copy(to, from, len);
	return len;
}

size_t copy_from_iter(void *to, size_t len, struct iov_iter *iter)
{
	const u8 *from = iter->at;

	hostile_assert(ch->tx_mutex.held && !ch->lock.held);
	len = advance(iter, len);
	hostile_copy(to, from, len);
	return len;
}

/* ---- what must hold whenever nobody is in the core ---- */

static void check_ring(const struct myd_ring *ring, u32 *prod, u32 *cons)
{
	hostile_assert(ring->prod - ring->cons <= ring->size);
	/* Forwards only, by what one call can move. */
	hostile_assert(ring->cons - *cons <= MOVED_MAX);
	hostile_assert(ring->prod - *prod <= MOVED_MAX);
	*prod = ring->prod;
	*cons = ring->cons;
}

static void check(void)
{
	const struct myd_session *s = &ch->session;

	no_lock_held();
	hostile_assert(ch->linked == !!control);
	hostile_assert((s->phase != MYD_CLOSED) == opened);
	hostile_assert((s->epoch & 1) == opened);
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
}

/* ---- the face, see control-face.c ---- */

static void op_event(void)
{
	jiffies += hostile_byte();
	myd_channel_event(ch, 1 + hostile_byte() % 3);
}

/* What was waited for may have come in. */
static void refill(struct delayed_work *refill)
{
	if (!refill->pending)
		return;
	hostile_assert(!destroyed);
	refill->pending = false;
	refill->work.func(&refill->work);
}

static void op_refill(void)
{
	now += NSEC_PER_SEC / 10;
	refill(&ch->rx_limit.refill);
	refill(&ch->tx_limit.refill);
}

static void op_set(void)
{
	u8 how = hostile_byte();
	struct myd_settings settings = {
		.paused = how & 1,
		.rate_bytes = how & 2 ? hostile_word() % 65536 : 0,
		.rate_messages = how & 4 ? hostile_byte() : 0,
		.read_wake = how & 8 ? hostile_word() : 0,
		.write_wake = how & 16 ? hostile_word() : 0,
		.spin_usec = how & 32 ? hostile_byte() : 0,
	};

	if (how == 0xff)
		settings.rate_bytes = MYDEVICE_RATE_MAX;
	if (!destroyed)
		myd_channel_set(ch, &settings);
}

static void op_restrict(void)
{
	unsigned int closed = hostile_byte() % 4, before = ch->closed;

	if (destroyed)
		return;
	restricted |= closed;
	myd_channel_restrict(ch, closed);
	hostile_assert(ch->closed == (ch->linked ? closed | before : closed));
}

static void op_destroy(void)
{
	if (destroyed)
		return;
	op_disconnect();
	myd_channel_destroy(ch);
	destroyed = true;
}

/* ---- programs ---- */

static void op_open(void)
{
	u8 how = hostile_byte();
	int r;

	if (!opened)
		program = (struct file){ .private_data = ch,
					 .f_mode = how % 8 == 7 ? 0 : FMODE_READ,
					 .in_epoll = how & 8 };
	spin_lock_irq(&ch->lock);
	r = myd_channel_open(ch, &program);
	spin_unlock_irq(&ch->lock);
	hostile_assert(r == (destroyed ? -ENODEV :
			     !myd_channel_permits(ch, program.f_mode) ? -EACCES :
			     opened ? -EBUSY : 0));
	if (!r) {
		opened = true;
		get_device(&ch->dev);
	}
}

static void op_release(void)
{
	opened = false;
	myd_channel_release(ch);
	check();
	put_device(&ch->dev);
}

/* Bytes to write, which may be read as frames: each longer than the last. */
static void fill(u8 *buffer, u32 len)
{
	u32 frame = hostile_byte(), step = 16 * hostile_byte();

	for (u32 i = 0; i + sizeof(frame) <= len; i += sizeof(frame) + frame, frame += step)
		memcpy(buffer + i, &frame, sizeof(frame));
}

/* A call with a buffer of its own: what it returns, and what of it was used. */
static ssize_t call(bool writing, bool block)
{
	struct file file = { .private_data = ch, .f_flags = block ? 0 : O_NONBLOCK };
	struct kiocb iocb = { .ki_filp = &file };
	bool over = myd_session_over(&ch->session);
	u32 outer_read_of = read_of;
	u32 how = hostile_byte(), len = how % 4 == 3 ? hostile_word() % BUFFER_MAX : how;
	u8 *buffer = calloc(1, len ?: 1);
	struct iov_iter iter = { .at = buffer, .count = len };
	bool closed = writing ? myd_tx_closed(ch) : myd_rx_closed(ch);
	bool paused = !block && ch->limits & MYD_LIMIT_PAUSED && !over;
	ssize_t r;

	fill(buffer, writing ? len : 0);
	if (!block && hostile_byte() % 2)
		iocb.ki_flags = IOCB_NOWAIT;
	nowait = iocb.ki_flags;
	read_of = 0;
	r = writing ? myd_write_iter(&iocb, &iter) : myd_read_iter(&iocb, &iter);
	read_of = outer_read_of;
	nowait = false;
	hostile_assert(r <= (ssize_t)len && iter.at == buffer + len - iter.count);
	hostile_assert(!paused || r <= 0);
	/* Nothing follows the end of a session, until the program stays for the next one. */
	if (over && !writing && len && !(iocb.ki_flags & IOCB_NOWAIT) && !myd_rx_closed(ch))
		hostile_assert(!r);
	hostile_assert(!closed || r <= 0);
	/* What was written may have missed its session; what was read is read. */
	if (writing)
		hostile_assert(len - iter.count >= (u32)max(r, 0));
	else
		hostile_assert(len - iter.count == (u32)max(r, 0));
	free(buffer);
	return r;
}

static void op_read(bool block)
{
	ssize_t r = call(false, block);

	switch (r) {
	case -EMSGSIZE:
		hostile_assert(ch->info.mode == MYDEVICE_PACKET);
		break;
	case -EAGAIN:
		hostile_assert(!block);
		break;
	case -EPROTO:
		/* Told once for each time. */
		hostile_assert(++errors_read <= ch->stats.errors);
		break;
	case -ENODEV:
		hostile_assert(destroyed);
		break;
	case -EACCES:
		/* the face may have opened the direction since */
		hostile_assert(restricted);
		break;
	default:
		hostile_assert(r >= 0 || r == -EFAULT || r == -EIO || r == -ERESTARTSYS);
		break;
	}
}

static void op_write(bool block)
{
	ssize_t r = call(true, block);

	switch (r) {
	case -EMSGSIZE:
	case -EINVAL:
		hostile_assert(ch->info.mode == MYDEVICE_PACKET);
		break;
	case -EAGAIN:
		hostile_assert(!block);
		break;
	case -EPROTO:
		hostile_assert(ch->stats.errors);
		break;
	case -ENODEV:
		hostile_assert(destroyed);
		break;
	case -EACCES:
		/* the face may have opened the direction since */
		hostile_assert(restricted);
		break;
	default:
		hostile_assert(r >= 0 || r == -EFAULT || r == -EIO || r == -EPIPE ||
			       r == -ERESTARTSYS);
		break;
	}
}

static void op_finish(void)
{
	myd_channel_enter(ch, true, false);
	spin_lock_irq(&ch->lock);
	myd_channel_finish(ch);
	spin_unlock_irq(&ch->lock);
	myd_channel_leave(ch, true);
}

/* As file.c does when the program polls. */
static void op_stay(void)
{
	spin_lock_irq(&ch->lock);
	myd_channel_stay(ch);
	hostile_assert(!myd_session_over(&ch->session));
	spin_unlock_irq(&ch->lock);
}

/* As file.c does when somebody wants SIGIO. */
static void op_expect(void)
{
	spin_lock_irq(&ch->lock);
	myd_channel_expect(ch);
	spin_unlock_irq(&ch->lock);
}

static void op_tune(void)
{
	ch->tune.flags = ch->info.mode == MYDEVICE_PACKET && hostile_byte() % 2 ?
			 MYDEVICE_TUNE_FRAMES : 0;
	if (hostile_byte() % 4 == 3)
		ch->tune.flags |= MYDEVICE_TUNE_STAY;
	if (ch->tune.flags & MYDEVICE_TUNE_FRAMES && !ch->run[0]) {
		ch->run[0] = malloc(2 * MYD_RUN);
		ch->run[1] = ch->run[0] + MYD_RUN;
	}
	ch->tune.rx_wake = hostile_word();
	ch->tune.tx_wake = hostile_word();
	ch->tune.spin_usec = (int8_t)hostile_byte();
}

static void op_pending(void)
{
	int count = -1;
	long r = myd_pending(ch, hostile_byte() % 2 ? FIONREAD : SIOCOUTQ, &count);

	hostile_assert(!r && count >= 0 && count <= 1 << ORDER_MAX);
}

static void op_seldom(u8 which)
{
	if (which == 0xff)
		op_destroy();
	else if (which >= 0xe0)
		op_set();
	else if (which >= 0xc0)
		op_refill();
	else if (which >= 0xa0 && opened)
		op_pending();
	else if (which >= 0x80)
		op_restrict();
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
		if (opened && !in_sleep)
			op_release();
		break;
	case 6:
	case 7:
	case 8:
		op_event();
		break;
	case 9:
	case 10:
		if (opened && program.f_mode & FMODE_READ)
			op_read(hostile_byte() % 2 && !in_sleep);
		break;
	case 11:
	case 12:
		if (opened)
			op_write(hostile_byte() % 2 && !in_sleep);
		break;
	case 13:
		if (opened && hostile_byte() % 2)
			op_finish();
		else if (opened)
			op_expect();
		break;
	case 14:
		if (opened && hostile_byte() % 2)
			op_tune();
		else if (opened)
			op_stay();
		break;
	case 15:
		op_seldom(hostile_byte());
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
	opened = false;
	destroyed = false;
	restricted = false;
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
	if (opened)
		op_release();
	put_device(&ch->dev);
	return 0;
}
