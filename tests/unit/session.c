// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two ends run the session hand-over of kmod/core against each other in every
 * order of opens, closes, writes, reads, shutdowns and late events, over rings
 * that go and come back. For each session: every byte read was written in it,
 * every byte written is read before the end, and two open ends always find each
 * other through events alone.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <linux/compiler.h>
#include <asm/barrier.h>

#include "pair.h"
#include "session.h"

#define SIZE	4096u
#define NOTES	64u	/* bytes in flight that are told apart */

/* Which session a byte was written in. */
struct note {
	u32 writer;
	u32 reader;
};

struct end {
	struct myd_session s;
	bool pending;		/* an event is under way to this end */
	u32 got;		/* bytes read in this session */
	u32 put;		/* bytes written in it */
	struct note put_in;	/* which it is */
	u32 due;		/* bytes written to this open of this end */
	u32 taken;		/* bytes it has read since it opened */
};

struct world {
	struct pair pair;
	struct end end[2];
	struct note note[2][NOTES];
	unsigned int sessions, bytes;
};

static struct myd_ring *tx_of(struct world *w, int e)
{
	return e ? &w->pair.back_tx : &w->pair.front_tx;
}

static struct myd_ring *rx_of(struct world *w, int e)
{
	return e ? &w->pair.back_rx : &w->pair.front_rx;
}

/* Rings as the ends get them: all of it zero. */
static void fresh_rings(struct world *w)
{
	memset(&w->pair.control, 0, sizeof(w->pair.control));
	pair_ring(&w->pair.front_tx, &w->pair, 0, SIZE, 0);
	pair_ring(&w->pair.back_rx, &w->pair, 0, SIZE, 0);
	pair_ring(&w->pair.back_tx, &w->pair, 1, SIZE, 0);
	pair_ring(&w->pair.front_rx, &w->pair, 1, SIZE, 0);
	for (int e = 0; e < 2; e++)
		myd_session_link(&w->end[e].s, tx_of(w, e), rx_of(w, e));
}

static void reset(struct world *w)
{
	memset(w, 0, sizeof(*w));
	fresh_rings(w);
}

/* A copy of a world has rings of its own. */
static void copy(struct world *to, const struct world *from)
{
	*to = *from;
	for (int e = 0; e < 2; e++) {
		tx_of(to, e)->producer = &to->pair.control.dir[e].producer;
		tx_of(to, e)->consumer = &to->pair.control.dir[e].consumer;
		rx_of(to, e)->producer = &to->pair.control.dir[!e].producer;
		rx_of(to, e)->consumer = &to->pair.control.dir[!e].consumer;
	}
}

static void step(struct world *w, int e)
{
	struct end *end = &w->end[e];
	enum myd_phase before = end->s.phase;
	unsigned int todo;

	assert_int_equal(myd_session_step(&end->s, tx_of(w, e), rx_of(w, e), &todo), 0);
	if (todo & MYD_STEP_NOTIFY)
		w->end[!e].pending = true;
	if (before == MYD_WAITING && end->s.phase != MYD_WAITING) {
		end->got = 0;
		w->sessions++;
	}
}

static void op_event(struct world *w, int e)
{
	if (w->end[e].pending) {
		w->end[e].pending = false;
		step(w, e);
	}
}

static void op_toggle(struct world *w, int e)
{
	struct end *end = &w->end[e];

	if (end->s.phase == MYD_CLOSED) {
		myd_session_open(&end->s, tx_of(w, e));
		/* Its own step may come after the peer has heard of the open. */
		end->pending = true;
		end->due = 0;
		end->taken = 0;
	} else {
		myd_session_close(&end->s, tx_of(w, e), rx_of(w, e));
	}
	w->end[!e].pending = true;
}

static void op_write(struct world *w, int e)
{
	struct end *end = &w->end[e];
	struct myd_ring *tx = tx_of(w, e);
	struct note note = { end->s.epoch, end->s.peer };

	if (end->s.phase != MYD_LIVE || end->s.tx_fin)
		return;
	assert_int_equal(myd_ring_refresh_cons(tx), 0);
	if (tx->prod - tx->cons == NOTES)
		return;
	if (memcmp(&note, &end->put_in, sizeof(note))) {
		end->put_in = note;
		end->put = 0;
	}
	w->note[e][tx->prod % NOTES] = note;
	if (myd_ring_produce(tx, 1))
		w->end[!e].pending = true;
	end->put++;
	if (note.reader == w->end[!e].s.epoch)
		w->end[!e].due++;
	w->bytes++;
}

/* The session is over for a reader: it must have had all of it. */
static void check_complete(struct world *w, int e)
{
	struct end *end = &w->end[e], *peer = &w->end[!e];

	if (peer->put_in.writer == end->s.peer && peer->put_in.reader == end->s.epoch)
		assert_int_equal(end->got, peer->put);
	else
		assert_int_equal(end->got, 0);
}

static void take(struct world *w, int e)
{
	struct end *end = &w->end[e];
	struct myd_ring *rx = rx_of(w, e);
	struct note *note = &w->note[!e][rx->cons % NOTES];

	assert_int_equal(note->writer, end->s.peer);
	assert_int_equal(note->reader, end->s.epoch);
	if (myd_ring_consume(rx, 1))
		w->end[!e].pending = true;
	end->got++;
	end->taken++;
}

static void op_read(struct world *w, int e)
{
	struct end *end = &w->end[e];
	struct myd_ring *rx = rx_of(w, e);

	if (end->s.phase == MYD_LIVE && end->s.receiving) {
		if (!end->s.rx_end_known)
			assert_int_equal(myd_ring_refresh_prod(rx), 0);
	} else if (end->s.phase != MYD_ENDED) {
		return;
	}
	if (rx->cons != (end->s.rx_end_known ? end->s.rx_end : rx->prod)) {
		take(w, e);
	} else if (end->s.rx_end_known) {
		check_complete(w, e);
		if (end->s.phase == MYD_ENDED)
			myd_session_told(&end->s);
	}
}

/* The program polls: one that knows of the end waits for the next session. */
static void op_poll(struct world *w, int e)
{
	if (myd_session_over(&w->end[e].s)) {
		myd_session_stay(&w->end[e].s);
		w->end[e].pending = true;
	}
}

static void op_finish(struct world *w, int e)
{
	if (w->end[e].s.phase == MYD_LIVE && !w->end[e].s.tx_fin) {
		myd_session_finish(&w->end[e].s, tx_of(w, e));
		w->end[!e].pending = true;
	}
}

/* The rings go, with a look at what is still in them. */
static void leave(struct world *w, int e)
{
	u32 begun = w->end[e].s.begun;
	int left = myd_session_unlink(&w->end[e].s, rx_of(w, e));

	assert_true(left >= 0);
	if (w->end[e].s.begun != begun)
		w->end[e].got = 0;
	while (left--)
		take(w, e);
	if (w->end[e].s.phase == MYD_ENDED)
		check_complete(w, e);
	if (w->end[e].s.phase != MYD_CLOSED)
		assert_int_equal(w->end[e].taken, w->end[e].due);
	w->end[e].pending = false;
}

/* They come back, and nothing of the old ones counts. */
static void come_back(struct world *w)
{
	for (int e = 0; e < 2; e++)
		w->end[e] = (struct end){ .s = w->end[e].s, .pending = true };
	fresh_rings(w);
}

static void op_relink(struct world *w, int e)
{
	leave(w, e);
	leave(w, !e);
	come_back(w);
}

/* One end forgets all, the other keeps its program. */
static void op_crash(struct world *w, int e)
{
	leave(w, !e);
	memset(&w->end[e].s, 0, sizeof(w->end[e].s));
	come_back(w);
}

static void settle(struct world *w)
{
	for (int i = 0; i < 8; i++)
		op_event(w, i % 2);
}

typedef void (*op)(struct world *w, int e);

/* The first few are for short orders, the last few happen seldom. */
static const op ops[] = {
	op_toggle, op_event, op_write, op_read, op_poll, op_finish, op_relink, op_crash,
};

#define SHORT	10
#define OPS	16

static void run_op(struct world *w, unsigned int i)
{
	ops[i / 2](w, i % 2);
}

/* Whatever happened: deliver what is under way, read what there is, and both are live. */
static void check_live(const struct world *from)
{
	struct world w;

	copy(&w, from);
	for (int e = 0; e < 2; e++)
		if (w.end[e].s.phase == MYD_CLOSED)
			op_toggle(&w, e);
	for (int round = 0; round < 400; round++) {
		op_event(&w, round % 2);
		op_read(&w, round % 2);
		op_poll(&w, round % 2);
	}
	for (int e = 0; e < 2; e++) {
		assert_int_equal(w.end[e].s.phase, MYD_LIVE);
		assert_true(w.end[e].s.receiving);
		assert_int_equal(w.end[e].s.peer, w.end[!e].s.epoch);
		assert_int_equal(w.end[e].taken, w.end[e].due);
	}
}

static void explore(const struct world *from, int depth)
{
	struct world w;

	if (!depth) {
		check_live(from);
		return;
	}
	for (unsigned int i = 0; i < SHORT; i++) {
		copy(&w, from);
		run_op(&w, i);
		explore(&w, depth - 1);
	}
}

static void every_short_order(void **state)
{
	struct world w;

	(void)state;
	reset(&w);
	explore(&w, 5);

	/* And from the middle of a session with bytes both ways. */
	reset(&w);
	op_toggle(&w, 0);
	op_toggle(&w, 1);
	settle(&w);
	op_write(&w, 0);
	op_write(&w, 1);
	assert_int_equal(w.bytes, 2);
	explore(&w, 5);
}

static void many_long_orders(void **state)
{
	unsigned int sessions = 0, bytes = 0, what;
	u32 seed = 7;
	struct world w;

	(void)state;
	for (int walk = 0; walk < 3000; walk++) {
		reset(&w);
		for (int i = 0; i < 400;) {
			seed = seed * 1103515245 + 12345;
			what = (seed >> 16) % OPS;
			/* Toggling less often than the rest lets sessions get somewhere. */
			if ((what < 2 && (seed >> 24) % 4) || (what >= SHORT && (seed >> 24) % 16))
				continue;
			run_op(&w, what);
			i++;
		}
		check_live(&w);
		sessions += w.sessions;
		bytes += w.bytes;
	}
	assert_true(sessions > 10000);
	assert_true(bytes > 10000);
}

/* ---- single rules ---- */

static void fin_ends_one_direction(void **state)
{
	struct world w;

	(void)state;
	reset(&w);
	op_toggle(&w, 0);
	op_toggle(&w, 1);
	settle(&w);
	op_write(&w, 0);
	myd_session_finish(&w.end[0].s, tx_of(&w, 0));
	step(&w, 1);
	assert_int_equal(w.end[1].s.phase, MYD_LIVE);
	assert_true(w.end[1].s.rx_end_known);
	assert_int_equal(w.end[1].s.rx_end - rx_of(&w, 1)->cons, 1);
	op_write(&w, 1);
	op_read(&w, 0);
	assert_int_equal(w.end[0].got, 1);
}

/* Old bytes that a new session skips are room for a writer that sleeps already. */
static void skipped_bytes_wake_a_writer(void **state)
{
	unsigned int todo;
	struct world w;

	(void)state;
	reset(&w);
	op_toggle(&w, 0);
	op_toggle(&w, 1);
	settle(&w);
	myd_ring_produce(tx_of(&w, 0), SIZE);
	op_toggle(&w, 0);
	op_toggle(&w, 1);
	op_toggle(&w, 1);
	op_toggle(&w, 0);
	op_event(&w, 1);
	op_event(&w, 0);
	assert_int_equal(w.end[0].s.phase, MYD_LIVE);
	assert_int_equal(myd_ring_refresh_cons(tx_of(&w, 0)), 0);
	assert_int_equal(tx_of(&w, 0)->prod - tx_of(&w, 0)->cons, SIZE);
	myd_ring_arm_space(tx_of(&w, 0), SIZE / 2);
	assert_int_equal(myd_session_step(&w.end[1].s, tx_of(&w, 1), rx_of(&w, 1), &todo), 0);
	assert_true(todo & MYD_STEP_ROOM);
}

/* Rings that go leave their bytes; new rings begin a new session on the same open. */
static void relink_keeps_the_open(void **state)
{
	struct world w;

	(void)state;
	reset(&w);
	op_toggle(&w, 0);
	op_toggle(&w, 1);
	settle(&w);
	op_write(&w, 0);
	op_write(&w, 0);
	op_read(&w, 1);
	assert_int_equal(myd_session_unlink(&w.end[1].s, rx_of(&w, 1)), 1);
	assert_int_equal(w.end[1].s.phase, MYD_ENDED);
	assert_int_equal(myd_session_unlink(&w.end[0].s, rx_of(&w, 0)), 0);

	come_back(&w);
	settle(&w);
	assert_int_equal(w.end[1].s.phase, MYD_ENDED);
	for (int e = 0; e < 2; e++) {
		myd_session_told(&w.end[e].s);
		step(&w, e);
		assert_int_equal(w.end[e].s.phase, MYD_ENDED);
		myd_session_stay(&w.end[e].s);
		step(&w, e);
	}
	settle(&w);
	assert_int_equal(w.end[0].s.phase, MYD_LIVE);
	assert_int_equal(w.end[1].s.phase, MYD_LIVE);
}

/*
 * A loop of short writers against a loop of readers that each close at the end of file:
 * every byte written is read, and every session is one reader's.
 */
static void readers_that_close_lose_nothing(void **state)
{
	unsigned int written = 0, taken = 0, readers = 0;
	u32 seed = 23, last;
	struct world w;

	(void)state;
	reset(&w);
	for (int i = 0; i < 200000; i++) {
		struct end *writer = &w.end[0], *reader = &w.end[1];

		seed = seed * 1103515245 + 12345;
		switch ((seed >> 16) % 5) {
		case 0:
			if (writer->s.phase == MYD_CLOSED || writer->s.phase == MYD_LIVE)
				op_toggle(&w, 0);
			assert_int_not_equal(writer->s.phase, MYD_ENDED);
			break;
		case 1:
			if (reader->s.phase == MYD_CLOSED || myd_session_over(&reader->s)) {
				readers += reader->s.phase == MYD_CLOSED;
				op_toggle(&w, 1);
			}
			break;
		case 2:
			last = tx_of(&w, 0)->prod;
			op_write(&w, 0);
			written += tx_of(&w, 0)->prod - last;
			break;
		case 3:
			last = rx_of(&w, 1)->cons;
			op_read(&w, 1);
			taken += rx_of(&w, 1)->cons - last;
			break;
		default:
			op_event(&w, (seed >> 24) % 2);
		}
	}
	if (w.end[0].s.phase == MYD_LIVE)
		op_toggle(&w, 0);
	for (int i = 0; i < 200; i++) {
		last = rx_of(&w, 1)->cons;
		op_read(&w, 1);
		taken += rx_of(&w, 1)->cons - last;
		settle(&w);
	}
	assert_true(readers > 1000);
	assert_true(written > 1000);
	assert_int_equal(taken, written);
}

/* Any words at all: an error or a phase, and never more than the ring holds. */
static void random_words_are_harmless(void **state)
{
	u32 seed = 11, errors = 0, lives = 0;
	struct world w;

	(void)state;
	for (int run = 0; run < 20000; run++) {
		struct mydevice_producer *p;
		unsigned int todo;

		reset(&w);
		op_toggle(&w, 0);
		for (int i = 0; i < 12; i++) {
			u32 words[4];

			for (int k = 0; k < 4; k++) {
				seed = seed * 1664525 + 1013904223;
				words[k] = (seed >> 8) % 4 ? (seed >> 12) % 4 : seed;
			}
			p = rx_of(&w, 0)->producer;
			p->epoch = words[0];
			p->session_self = words[1];
			p->session_peer = words[2];
			p->session_start = words[3];
			p->prod = words[(seed >> 5) % 4] % 5000;
			p->flags = seed >> 31;
			tx_of(&w, 0)->consumer->ack = words[(seed >> 7) % 4];
			if (myd_session_step(&w.end[0].s, tx_of(&w, 0), rx_of(&w, 0), &todo)) {
				errors++;
				break;
			}
			lives += w.end[0].s.phase == MYD_LIVE;
			assert_true(rx_of(&w, 0)->prod - rx_of(&w, 0)->cons <= SIZE);
			if (w.end[0].s.rx_end_known && w.end[0].s.phase == MYD_ENDED) {
				assert_true(w.end[0].s.rx_end - rx_of(&w, 0)->cons <= SIZE);
				myd_session_told(&w.end[0].s);
				myd_session_stay(&w.end[0].s);
			}
		}
	}
	assert_true(errors > 100);
	assert_true(lives > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_short_order),
		cmocka_unit_test(many_long_orders),
		cmocka_unit_test(fin_ends_one_direction),
		cmocka_unit_test(readers_that_close_lose_nothing),
		cmocka_unit_test(skipped_bytes_wake_a_writer),
		cmocka_unit_test(relink_keeps_the_open),
		cmocka_unit_test(random_words_are_harmless),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
