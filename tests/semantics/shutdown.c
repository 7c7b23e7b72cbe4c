// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows about half-close, MYDEVICE_IOC_SHUTDOWN.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <uapi/linux/mydevice.h>

#include "row.h"

static long shuts(struct end *end, int fd)
{
	struct mydevice_shutdown shutdown = { .how = MYDEVICE_SHUT_WRITE };

	return IOCTL(end, fd, MYDEVICE_IOC_SHUTDOWN, shutdown);
}

/* The peer reads what was written, then the end; the other direction goes on. */
static void shutdown_ends_one_way(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, 0);
	says(near, a, "that is all");
	IS(shuts(near, a), 0);
	IS(shuts(near, a), 0);
	IS(end_write(near, a, "x", 1), -EPIPE);
	CHECK(hears(far, b, "that is all"));
	IS(end_becomes(far, b, POLLIN | POLLOUT | POLLRDHUP), POLLIN | POLLOUT | POLLRDHUP);
	IS(end_read(far, b, 1), 0);
	IS(end_read(far, b, 1), 0);
	says(far, b, "go on");
	CHECK(hears(near, a, "go on"));
	says(far, b, "and on");
	IS(end_becomes(near, a, POLLIN | POLLOUT), POLLIN | POLLOUT);
	CHECK(hears(near, a, "and on"));
	IS(end_write(near, a, "x", 1), -EPIPE);
}

static void shutdown_outside(struct end *near, struct end *far)
{
	int a = opened(near, O_RDWR | O_NONBLOCK), b;

	IS(shuts(near, a), -ENOTCONN);
	b = opened(far, O_RDWR | O_NONBLOCK);
	IS(end_becomes(near, a, POLLOUT), POLLOUT);
	IS(end_close(far, b), 0);
	IS(end_becomes(near, a, HUP_EVENTS), HUP_EVENTS);
	IS(shuts(near, a), -ENOTCONN);
	IS(end_read(near, a, 1), 0);
	IS(shuts(near, a), -ENOTCONN);
}

static void shutdown_arguments(struct end *near, struct end *far)
{
	struct mydevice_shutdown shutdown = { .how = MYDEVICE_SHUT_WRITE };
	int a, b;

	in_session(near, &a, far, &b, 0);
	shutdown.flags = 1;
	IS(IOCTL(near, a, MYDEVICE_IOC_SHUTDOWN, shutdown), -EINVAL);
	shutdown.flags = 0;
	for (shutdown.how = 0; shutdown.how < 8; shutdown.how++)
		if (shutdown.how != MYDEVICE_SHUT_WRITE)
			IS(IOCTL(near, a, MYDEVICE_IOC_SHUTDOWN, shutdown), -EINVAL);
	says(near, a, "still here");
	CHECK(hears(far, b, "still here"));
}

static void shutdown_wakes_reader(struct end *near, struct end *far)
{
	struct call reader;
	int a, b;

	in_session(near, &a, far, &b, 0);
	reader = begin_read(near, a, 100);
	CHECK(call_waits(&reader));
	IS(shuts(far, b), 0);
	CHECK(call_hears(&reader, ""));
}

/* A write that waits for room ends; what it had moved arrives. */
static void shutdown_wakes_writer(struct end *near, struct end *far)
{
	struct call writer;
	int a, b;

	in_session(near, &a, far, &b, 0);
	writer = begin_give(near, a, 2 * setting.ring, 0);
	CHECK(call_waits(&writer));
	await_full(near, a);
	IS(shuts(near, a), 0);
	IS(call_result(&writer), setting.ring);
	IS(end_do(far, OP_CONSUME, NULL, 0, b, setting.ring, 4096, 0), setting.ring);
	IS(end_read(far, b, 1), 0);
	call_free(&writer);
}

/* When both have ended their way, the session still ends by a close only. */
static void shutdown_both_ways(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, O_NONBLOCK);
	IS(shuts(near, a), 0);
	IS(shuts(far, b), 0);
	IS(end_becomes(near, a, POLLIN | POLLOUT | POLLRDHUP), POLLIN | POLLOUT | POLLRDHUP);
	IS(end_read(near, a, 1), 0);
	IS(end_read(far, b, 1), 0);
	IS(end_write(near, a, "x", 1), -EPIPE);
	IS(end_close(far, b), 0);
	IS(end_becomes(near, a, HUP_EVENTS), HUP_EVENTS);
}

/* The next session is whole, whoever of the two opens anew. */
static void shutdown_then_next(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, O_NONBLOCK);
	says(near, a, "one");
	IS(shuts(near, a), 0);
	IS(end_close(near, a), 0);
	IS(end_becomes(far, b, HUP_EVENTS), HUP_EVENTS);
	a = opened(near, O_RDWR | O_NONBLOCK);
	CHECK(hears(far, b, "one"));
	IS(end_read(far, b, 1), 0);
	IS(end_becomes(far, b, POLLOUT), POLLOUT);
	IS(end_becomes(near, a, POLLOUT), POLLOUT);
	says(near, a, "two");
	IS(end_becomes(far, b, POLLIN | POLLOUT), POLLIN | POLLOUT);
	CHECK(hears(far, b, "two"));

	IS(shuts(near, a), 0);
	IS(end_close(far, b), 0);
	b = opened(far, O_RDWR | O_NONBLOCK);
	IS(end_becomes(near, a, HUP_EVENTS), HUP_EVENTS);
	IS(end_read(near, a, 1), 0);
	IS(end_becomes(near, a, POLLOUT), POLLOUT);
	says(near, a, "three");
	IS(end_becomes(far, b, POLLIN | POLLOUT), POLLIN | POLLOUT);
	CHECK(hears(far, b, "three"));
}

/* A program that has read the end and only writes from then on learns of the close. */
static void shutdown_then_close(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, O_NONBLOCK);
	IS(shuts(far, b), 0);
	IS(end_becomes(near, a, POLLIN | POLLOUT | POLLRDHUP), POLLIN | POLLOUT | POLLRDHUP);
	IS(end_read(near, a, 1), 0);
	says(near, a, "unheard");
	IS(end_close(far, b), 0);
	IS(end_becomes(near, a, HUP_EVENTS), HUP_EVENTS);
	IS(end_write(near, a, "x", 1), -EPIPE);
	IS(end_write(near, a, "x", 1), -EPIPE);
	IS(end_becomes(near, a, 0), 0);
	IS(end_write(near, a, "x", 1), -EAGAIN);
	b = opened(far, O_RDWR | O_NONBLOCK);
	IS(end_becomes(near, a, POLLOUT), POLLOUT);
	says(near, a, "heard");
	IS(end_becomes(far, b, POLLIN | POLLOUT), POLLIN | POLLOUT);
	CHECK(hears(far, b, "heard"));
}

const struct row shutdown_rows[] = {
	{ "shutdown-ends-one-way", BOTH, shutdown_ends_one_way },
	{ "shutdown-outside", BOTH, shutdown_outside },
	{ "shutdown-arguments", BOTH, shutdown_arguments },
	{ "shutdown-wakes-reader", BOTH, shutdown_wakes_reader },
	{ "shutdown-wakes-writer", STREAM, shutdown_wakes_writer },
	{ "shutdown-both-ways", BOTH, shutdown_both_ways },
	{ "shutdown-then-next", BOTH, shutdown_then_next },
	{ "shutdown-then-close", BOTH, shutdown_then_close },
	{}
};
