// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows about sessions: beginning, end, and the next one.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <stdio.h>

#include "row.h"

static void exchange(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, 0);
	says(near, a, "ping");
	IS(end_becomes(far, b, POLLIN | POLLOUT), POLLIN | POLLOUT);
	CHECK(hears(far, b, "ping"));
	says(far, b, "pong");
	CHECK(hears(near, a, "pong"));
}

static void buffered_then_eof(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, 0);
	says(near, a, "last words");
	IS(end_close(near, a), 0);
	IS(end_becomes(far, b, HUP_EVENTS), HUP_EVENTS);
	IS(end_nonblock(far, b, true), 0);
	IS(end_write(far, b, "x", 1), -EPIPE);
	CHECK(hears(far, b, "last words"));
	IS(end_events(far, b), HUP_EVENTS);
	IS(end_write(far, b, "x", 1), -EPIPE);
	IS(end_read(far, b, 1), 0);
	IS(end_read(far, b, 1), -EAGAIN);
	IS(end_write(far, b, "x", 1), -EAGAIN);
	IS(end_events(far, b), 0);
}

/* Who blocks and polls after an end is told it again, and then waits. */
static void eof_again(struct end *near, struct end *far)
{
	struct call reader;
	int a, b;

	in_session(near, &a, far, &b, 0);
	says(near, a, "last");
	IS(end_close(near, a), 0);
	CHECK(hears(far, b, "last"));
	IS(end_read(far, b, 1), 0);
	IS(end_events(far, b), POLLIN);
	IS(end_read(far, b, 1), 0);
	IS(end_events(far, b), 0);
	reader = begin_read(far, b, 100);
	CHECK(call_waits(&reader));
	a = opened(near, O_RDWR);
	says(near, a, "next");
	CHECK(call_hears(&reader, "next"));
}

/* Who only reads on waits at once, and a session that has begun is not cut short. */
static void eof_once(struct end *near, struct end *far)
{
	struct call reader;
	int a, b;

	in_session(near, &a, far, &b, 0);
	IS(end_close(near, a), 0);
	IS(end_read(far, b, 1), 0);
	reader = begin_read(far, b, 100);
	CHECK(call_waits(&reader));
	a = opened(near, O_RDWR);
	says(near, a, "next");
	CHECK(call_hears(&reader, "next"));
	IS(end_close(near, a), 0);
	IS(end_read(far, b, 1), 0);
	IS(end_events(far, b), POLLIN);
	a = opened(near, O_RDWR);
	IS(end_becomes(near, a, POLLOUT), POLLOUT);
	IS(end_becomes(far, b, POLLOUT), POLLOUT);
	says(near, a, "last");
	CHECK(hears(far, b, "last"));
}

/* The descriptor survives; the new session waits until the old one is read. */
static void next_session(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, 0);
	says(near, a, "one");
	IS(end_close(near, a), 0);
	a = opened(near, O_RDWR | O_NONBLOCK);
	IS(end_becomes(far, b, HUP_EVENTS), HUP_EVENTS);
	IS(end_write(near, a, "x", 1), -EAGAIN);
	CHECK(hears(far, b, "one"));
	IS(end_write(near, a, "x", 1), -EAGAIN);
	IS(end_read(far, b, 0), 0);
	IS(end_write(near, a, "x", 1), -EAGAIN);
	IS(end_read(far, b, 100), 0);
	IS(end_becomes(near, a, POLLOUT), POLLOUT);
	IS(end_becomes(far, b, POLLOUT), POLLOUT);
	says(near, a, "two");
	CHECK(hears(far, b, "two"));
}

/* The same, where the writer sleeps until it may. */
static void next_session_blocks(struct end *near, struct end *far)
{
	struct call writer;
	int a, b;

	in_session(near, &a, far, &b, 0);
	says(near, a, "one");
	IS(end_close(near, a), 0);
	a = opened(near, O_RDWR);
	writer = begin_write(near, a, "two", 3);
	CHECK(call_waits(&writer));
	CHECK(hears(far, b, "one"));
	CHECK(call_waits(&writer));
	IS(end_read(far, b, 100), 0);
	IS(call_result(&writer), 3);
	CHECK(hears(far, b, "two"));
	call_free(&writer);
}

/* A reader that opens anew sees no byte that was meant for the one before. */
static void no_stale_bytes(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, O_NONBLOCK);
	says(near, a, "stale");
	IS(end_close(far, b), 0);
	b = opened(far, O_RDWR | O_NONBLOCK);
	IS(end_becomes(near, a, HUP_EVENTS), HUP_EVENTS);
	IS(end_read(far, b, 1), -EAGAIN);
	IS(end_read(near, a, 1), 0);
	IS(end_becomes(near, a, POLLOUT), POLLOUT);
	IS(end_becomes(far, b, POLLOUT), POLLOUT);
	IS(end_read(far, b, 1), -EAGAIN);
	says(near, a, "fresh");
	IS(end_becomes(far, b, POLLIN | POLLOUT), POLLIN | POLLOUT);
	CHECK(hears(far, b, "fresh"));
}

/* What a quick writer wrote before anybody looked is not lost. */
static void quick_writers(struct end *near, struct end *far)
{
	int a, b = opened(far, O_RDWR);
	char text[16];

	for (int i = 0; i < 20; i++) {
		a = opened(near, O_WRONLY);
		snprintf(text, sizeof(text), "round %d", i);
		says(near, a, text);
		IS(end_close(near, a), 0);
		CHECK(hears(far, b, text));
		IS(end_read(far, b, 100), 0);
	}
}

/* Without a read side, an end is told as EPIPE, once. */
static void write_only(struct end *near, struct end *far)
{
	int a = opened(near, O_WRONLY | O_NONBLOCK), b = opened(far, O_RDONLY);

	IS(end_becomes(near, a, POLLOUT), POLLOUT);
	IS(end_close(far, b), 0);
	IS(end_becomes(near, a, HUP_EVENTS | POLLOUT), HUP_EVENTS | POLLOUT);
	IS(end_write(near, a, "x", 1), -EPIPE);
	IS(end_write(near, a, "x", 1), -EAGAIN);
	IS(end_events(near, a), 0);
	b = opened(far, O_RDONLY);
	IS(end_becomes(near, a, POLLOUT), POLLOUT);
	says(near, a, "again");
	CHECK(hears(far, b, "again"));
}

static void peer_closes_reader(struct end *near, struct end *far)
{
	struct call reader;
	int a, b;

	in_session(near, &a, far, &b, 0);
	reader = begin_read(near, a, 100);
	CHECK(call_waits(&reader));
	IS(end_close(far, b), 0);
	CHECK(call_hears(&reader, ""));
}

/* A write that waits for room returns what it has moved, the next one EPIPE. */
static void peer_closes_writer(struct end *near, struct end *far)
{
	struct call writer;
	int a, b;

	in_session(near, &a, far, &b, 0);
	writer = begin_give(near, a, 2 * setting.ring, 0);
	CHECK(call_waits(&writer));
	await_full(near, a);
	IS(end_close(far, b), 0);
	IS(call_result(&writer), setting.ring);
	IS(end_write(near, a, "x", 1), -EPIPE);
	call_free(&writer);
}

const struct row session_rows[] = {
	{ "exchange", BOTH, exchange },
	{ "buffered-then-eof", BOTH, buffered_then_eof },
	{ "eof-again", BOTH, eof_again },
	{ "eof-once", BOTH, eof_once },
	{ "next-session", BOTH, next_session },
	{ "next-session-blocks", BOTH, next_session_blocks },
	{ "no-stale-bytes", BOTH, no_stale_bytes },
	{ "quick-writers", BOTH, quick_writers },
	{ "write-only", BOTH, write_only },
	{ "peer-closes-reader", BOTH, peer_closes_reader },
	{ "peer-closes-writer", STREAM, peer_closes_writer },
	{}
};
