// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows about opening, and about the time before the peer is open.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include "row.h"

static void exclusive(struct end *near, struct end *far)
{
	int fd = opened(near, O_RDWR);

	(void)far;
	IS(end_open(near, O_RDWR), -EBUSY);
	IS(end_open(near, O_RDONLY | O_NONBLOCK), -EBUSY);
	IS(end_close(near, fd), 0);
	fd = opened(near, O_RDONLY);
	IS(end_write(near, fd, "x", 1), -EBADF);
	IS(end_close(near, fd), 0);
	fd = opened(near, O_WRONLY);
	IS(end_read(near, fd, 1), -EBADF);
}

static void before_peer(struct end *near, struct end *far)
{
	int fd = opened(near, O_RDWR | O_NONBLOCK);

	(void)far;
	IS(end_read(near, fd, 1), -EAGAIN);
	IS(end_write(near, fd, "x", 1), -EAGAIN);
	IS(end_events(near, fd), 0);
}

/* Neither returns before the peer is there; then both go on by themselves. */
static void before_peer_blocks(struct end *near, struct end *far)
{
	int a = opened(near, O_RDWR), b;
	struct call reader = begin_read(near, a, 100), writer = begin_write(near, a, "early", 5);

	CHECK(call_waits(&reader));
	CHECK(call_waits(&writer));
	b = opened(far, O_RDWR);
	IS(call_result(&writer), 5);
	CHECK(hears(far, b, "early"));
	CHECK(call_waits(&reader));
	says(far, b, "answer");
	CHECK(call_hears(&reader, "answer"));
	call_free(&writer);
}

/* Nothing is moved and nothing is told, before, in and after a session. */
static void zero_length(struct end *near, struct end *far)
{
	int a = opened(near, O_RDWR), b;

	IS(end_write(near, a, "", 0), 0);
	IS(end_read(near, a, 0), 0);
	b = opened(far, O_RDWR);
	IS(end_becomes(near, a, POLLOUT), POLLOUT);
	IS(end_write(near, a, "", 0), 0);
	IS(end_read(near, a, 0), 0);
	IS(end_events(far, b), POLLOUT);
	IS(end_close(far, b), 0);
	IS(end_becomes(near, a, HUP_EVENTS), HUP_EVENTS);
	IS(end_write(near, a, "", 0), 0);
	IS(end_read(near, a, 0), 0);
	IS(end_events(near, a), HUP_EVENTS);
	IS(end_nonblock(near, a, true), 0);
	IS(end_read(near, a, 1), 0);
	IS(end_becomes(near, a, 0), 0);
}

const struct row opening_rows[] = {
	{ "exclusive", BOTH, exclusive },
	{ "before-peer", BOTH, before_peer },
	{ "before-peer-blocks", BOTH, before_peer_blocks },
	{ "zero-length", BOTH, zero_length },
	{}
};
