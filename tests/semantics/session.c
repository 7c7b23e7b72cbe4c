// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows about sessions: beginning, end, and the next one.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <stdio.h>
#include <uapi/linux/mydevice.h>

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
	IS(end_read(far, b, 1), 0);
	IS(end_write(far, b, "x", 1), -EPIPE);
	IS(end_becomes(far, b, 0), 0);
	IS(end_read(far, b, 1), -EAGAIN);
	IS(end_write(far, b, "x", 1), -EAGAIN);
}

/* After the end, whatever asks for bytes gets the end, and the next writer waits. */
static void eof_every_time(struct end *near, struct end *far)
{
	struct call writer;
	int a, b;

	in_session(near, &a, far, &b, 0);
	says(near, a, "last");
	IS(end_close(near, a), 0);
	CHECK(hears(far, b, "last"));
	for (int i = 0; i < 3; i++)
		IS(end_read(far, b, 100), 0);
	a = opened(near, O_RDWR);
	writer = begin_write(near, a, "next", 4);
	CHECK(call_waits(&writer));
	IS(end_read(far, b, 100), 0);
	IS(end_do(far, OP_SPLICE_READ, NULL, 0, b, 4096, 0, 0), 0);
	IS(end_write(far, b, "x", 1), -EPIPE);
	IS(end_nonblock(far, b, true), 0);
	IS(end_read(far, b, 100), 0);
	IS(end_write(far, b, "x", 1), -EPIPE);
	CHECK(call_waits(&writer));
	/* closing and opening again begins a session of its own */
	IS(end_close(far, b), 0);
	CHECK(call_waits(&writer));
	b = opened(far, O_RDWR);
	IS(call_result(&writer), 4);
	call_free(&writer);
	CHECK(hears(far, b, "next"));
}

/* To ask whether a write is possible is no sign that the program stays. */
static void poll_for_room_does_not_stay(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, O_NONBLOCK);
	IS(end_close(near, a), 0);
	IS(end_becomes(far, b, HUP_EVENTS), HUP_EVENTS);
	IS(end_read(far, b, 100), 0);
	IS(end_do(far, OP_POLL, NULL, 0, b, POLLOUT, 0, 0), POLLHUP);
	IS(end_do(far, OP_POLL, NULL, 0, b, 0, 0, 0), POLLHUP);
	a = opened(near, O_RDWR | O_NONBLOCK);
	IS(end_write(near, a, "x", 1), -EAGAIN);
	IS(end_read(far, b, 100), 0);
}

static void poll_stays(struct end *end, int fd)
{
	/* the end once more, then no more */
	IS(end_do(end, OP_POLL, NULL, 0, fd, POLLIN, 0, 0), POLLIN | POLLHUP);
	IS(end_read(end, fd, 100), 0);
	IS(end_do(end, OP_POLL, NULL, 0, fd, POLLIN, 0, 0), 0);
}

static void epoll_stays(struct end *end, int fd)
{
	int ep = end_do(end, OP_EPOLL, NULL, 0, fd, POLLIN, 0, 0);

	CHECK(ep >= 0);
	end_do(end, OP_EPOLL_WAIT, NULL, 0, ep, 0, 0, 0);
}

static void sigio_stays(struct end *end, int fd)
{
	IS(end_do(end, OP_SIGIO, NULL, 0, fd, 0, 0, 0), 0);
}

static void uring_poll_stays(struct end *end, int fd)
{
	int ring = end_do(end, OP_URING, NULL, 0, 4, 0, 0, 0);

	for (int tag = 0; tag < 2; tag++)
		IS(end_do(end, OP_URING_POLL, NULL, 0, ring, fd, POLLIN, tag), 0);
}

static void wait_stays(struct end *end, int fd)
{
	struct mydevice_wait wait = { .timeout_msec = 0 };

	IS(IOCTL(end, fd, MYDEVICE_IOC_WAIT, wait), -ETIMEDOUT);
}

static void tune_stays(struct end *end, int fd)
{
	struct mydevice_tune tune = { .flags = MYDEVICE_TUNE_STAY };

	IS(IOCTL(end, fd, MYDEVICE_IOC_TUNE, tune), 0);
}

/*
 * What shows that a program stays, and whether that counts for an end that is still to
 * be read, too.
 */
static const struct {
	const char *name;
	void (*stay)(struct end *end, int fd);
	bool ahead;
} signs[] = {
	{ "poll", poll_stays, false },
	{ "epoll", epoll_stays, true },
	{ "sigio", sigio_stays, true },
	{ "uring poll", uring_poll_stays, false },
	{ "wait", wait_stays, false },
	{ "tune", tune_stays, true },
};

/* The next session is on the same descriptor, whoever reads it. */
static void next_is_heard(struct end *near, struct end *far, int b, const char *sign)
{
	int a = opened(near, O_RDWR | O_NONBLOCK);

	if (IS(end_becomes(near, a, POLLOUT), POLLOUT) != POLLOUT) {
		printf("  after %s\n", sign);
		IS(end_close(near, a), 0);
		return;
	}
	says(near, a, sign);
	CHECK(hears(far, b, sign));
	IS(end_close(near, a), 0);
	IS(end_read(far, b, 100), 0);
}

static void stays_after_the_end(struct end *near, struct end *far)
{
	int a, b;

	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
		in_session(near, &a, far, &b, 0);
		IS(end_close(near, a), 0);
		IS(end_read(far, b, 100), 0);
		IS(end_read(far, b, 100), 0);
		signs[i].stay(far, b);
		next_is_heard(near, far, b, signs[i].name);
		IS(end_close(far, b), 0);
	}
}

static void stays_from_before_the_end(struct end *near, struct end *far)
{
	int a, b;

	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
		if (!signs[i].ahead)
			continue;
		in_session(near, &a, far, &b, 0);
		signs[i].stay(far, b);
		IS(end_close(near, a), 0);
		IS(end_read(far, b, 100), 0);
		for (int round = 0; round < 3; round++)
			next_is_heard(near, far, b, signs[i].name);
		IS(end_close(far, b), 0);
	}
}

/*
 * Two readers share the descriptor. The first has a part of a session when the second
 * reads the rest and the end, and another session begins and ends: the first returns
 * what it has.
 */
static void reads_of_one_session(struct end *near, struct end *far)
{
	struct call reader;
	int a, b;

	in_session(near, &a, far, &b, 0);
	says(near, a, "first part, second part");
	reader = call_begin(far, OP_SLOW_READ, NULL, 0, b, 100, 10, 0);
	CHECK(call_waits(&reader));
	CHECK(hears(far, b, ", second part"));
	IS(end_close(near, a), 0);
	IS(end_read(far, b, 100), 0);
	IS(end_becomes(far, b, 0), 0);
	a = opened(near, O_RDWR);
	says(near, a, "next");
	IS(end_close(near, a), 0);
	IS(end_becomes(far, b, HUP_EVENTS), HUP_EVENTS);
	CHECK(call_waits(&reader));
	IS(end_do(far, OP_SLOW_FILL, NULL, 0, 0, 0, 0, 0), 0);
	CHECK(call_hears(&reader, "first part"));
	CHECK(hears(far, b, "next"));
}

/* A reader that stays waits for the next session, and is not cut short. */
static void stays_and_waits(struct end *near, struct end *far)
{
	struct call reader;
	int a, b;

	in_session(near, &a, far, &b, 0);
	IS(end_close(near, a), 0);
	IS(end_read(far, b, 1), 0);
	IS(end_becomes(far, b, 0), 0);
	reader = begin_read(far, b, 100);
	CHECK(call_waits(&reader));
	a = opened(near, O_RDWR);
	says(near, a, "next");
	CHECK(call_hears(&reader, "next"));
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
	IS(end_write(near, a, "x", 1), -EAGAIN);
	IS(end_becomes(far, b, POLLOUT), POLLOUT);
	IS(end_becomes(near, a, POLLOUT), POLLOUT);
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
	CHECK(call_waits(&writer));
	IS(end_becomes(far, b, POLLIN | POLLOUT), POLLIN | POLLOUT);
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
		IS(end_becomes(far, b, 0), 0);
	}
}

/* Without a read side, a program learns of the end by EPIPE. */
static void write_only(struct end *near, struct end *far)
{
	int a = opened(near, O_WRONLY | O_NONBLOCK), b = opened(far, O_RDONLY);

	IS(end_becomes(near, a, POLLOUT), POLLOUT);
	IS(end_close(far, b), 0);
	IS(end_becomes(near, a, HUP_EVENTS | POLLOUT), HUP_EVENTS | POLLOUT);
	IS(end_write(near, a, "x", 1), -EPIPE);
	IS(end_write(near, a, "x", 1), -EPIPE);
	IS(end_becomes(near, a, 0), 0);
	IS(end_write(near, a, "x", 1), -EAGAIN);
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
	{ "eof-every-time", BOTH, eof_every_time },
	{ "poll-for-room-does-not-stay", BOTH, poll_for_room_does_not_stay },
	{ "stays-after-the-end", BOTH, stays_after_the_end },
	{ "stays-from-before-the-end", BOTH, stays_from_before_the_end },
	{ "reads-of-one-session", STREAM, reads_of_one_session },
	{ "stays-and-waits", BOTH, stays_and_waits },
	{ "next-session", BOTH, next_session },
	{ "next-session-blocks", BOTH, next_session_blocks },
	{ "no-stale-bytes", BOTH, no_stale_bytes },
	{ "quick-writers", BOTH, quick_writers },
	{ "write-only", BOTH, write_only },
	{ "peer-closes-reader", BOTH, peer_closes_reader },
	{ "peer-closes-writer", STREAM, peer_closes_writer },
	{}
};
