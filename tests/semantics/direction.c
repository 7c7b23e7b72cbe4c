// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows about channels whose bytes pass in one direction only: from the near end to the
 * far one. A backend does not map the ring of the other direction, so a kernel that
 * touched it would crash.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <stdio.h>
#include <sys/ioctl.h>
#include <uapi/linux/mydevice.h>
#include <unistd.h>

#include "row.h"

#define CLOSED_TO_BACK	1
#define CLOSED_TO_FRONT	2

static bool is_back(const struct end *end)
{
	return !strcmp(end->name, "back");
}

static void close_at(const char *end, int closed)
{
	char line[32];

	snprintf(line, sizeof(line), "close %s %d", end, closed);
	CHECK(control(line));
}

/* From @near only. The backend last: it is the one that the frontend cannot get around. */
static void one_way(struct end *near)
{
	int closed = is_back(near) ? CLOSED_TO_BACK : CLOSED_TO_FRONT;

	close_at("front", closed);
	close_at("back", closed);
}

static void both_ways(void)
{
	close_at("back", 0);
	close_at("front", 0);
}

/* The writer near, the reader far; in a session. */
static void one_way_session(struct end *near, int *ret_near, struct end *far, int *ret_far)
{
	*ret_near = opened(near, O_WRONLY);
	*ret_far = opened(far, O_RDONLY);
	IS(end_becomes(near, *ret_near, POLLOUT), POLLOUT);
}

static void refuses_opens(struct end *near, struct end *far)
{
	one_way(near);
	IS(end_open(near, O_RDONLY), -EACCES);
	IS(end_open(near, O_RDWR), -EACCES);
	IS(end_open(far, O_WRONLY), -EACCES);
	IS(end_open(far, O_RDWR | O_NONBLOCK), -EACCES);
	IS(end_close(near, opened(near, O_WRONLY)), 0);
	IS(end_close(far, opened(far, O_RDONLY)), 0);
	both_ways();
	IS(end_close(near, opened(near, O_RDWR)), 0);
	IS(end_close(far, opened(far, O_RDWR)), 0);
}

static void passes_one_way(struct end *near, struct end *far)
{
	struct call writer, reader;
	int a, b, count = -1;

	one_way(near);
	one_way_session(near, &a, far, &b);
	IS(end_events(far, b), 0);
	says(near, a, "log");
	IS(end_becomes(far, b, POLLIN), POLLIN);
	IS(end_events(near, a), POLLOUT);
	IS(IOCTL(far, b, FIONREAD, count), 0);
	IS(count, 3);
	IS(IOCTL(near, a, FIONREAD, count), 0);
	IS(count, 0);
	CHECK(hears(far, b, "log"));
	writer = call_begin(near, OP_PRODUCE, NULL, 0, a, 500000, 1999, 0);
	reader = call_begin(far, OP_CONSUME, NULL, 0, b, 500000, 4999, 0);
	IS(call_result(&writer), 500000);
	IS(call_result(&reader), 500000);
	call_free(&writer);
	call_free(&reader);
	says(near, a, "last");
	IS(end_close(near, a), 0);
	CHECK(hears(far, b, "last"));
	IS(end_read(far, b, 1), 0);
	IS(end_close(far, b), 0);
	/* the end, as the writer learns of it */
	one_way_session(near, &a, far, &b);
	IS(end_close(far, b), 0);
	IS(end_becomes(near, a, HUP_EVENTS | POLLOUT), HUP_EVENTS | POLLOUT);
	IS(end_write(near, a, "x", 1), -EPIPE);
	both_ways();
}

/* Sessions end; files stay open, for what is allowed. */
static void changes_in_session(struct end *near, struct end *far)
{
	struct call reader;
	int a, b;

	in_session(near, &a, far, &b, 0);
	says(near, a, "before");
	says(far, b, "unread");
	one_way(near);
	CHECK(hears(far, b, "before"));
	IS(end_read(far, b, 100), 0);
	IS(end_write(far, b, "x", 1), -EACCES);
	IS(end_read(near, a, 100), -EACCES);
	IS(end_write(near, a, "x", 1), -EPIPE);
	/* both stay, for the next one */
	IS(end_becomes(far, b, 0), 0);
	reader = begin_read(far, b, 100);
	IS(end_becomes(near, a, POLLOUT), POLLOUT);
	says(near, a, "after");
	CHECK(call_hears(&reader, "after"));
	IS(end_write(far, b, "x", 1), -EACCES);
	IS(end_events(far, b), 0);
	both_ways();
	IS(end_close(near, a), 0);
	IS(end_close(far, b), 0);
	in_session(near, &a, far, &b, 0);
	says(far, b, "again");
	CHECK(hears(near, a, "again"));
}

/* A read that is refused says nothing of a session's end: the next write still does. */
static void refused_read_ends_no_session(struct end *near, struct end *far)
{
	struct mydevice_tune tune = { .flags = MYDEVICE_TUNE_STAY };
	int a, b;

	in_session(near, &a, far, &b, 0);
	IS(IOCTL(near, a, MYDEVICE_IOC_TUNE, tune), 0);
	one_way(near);
	IS(end_becomes(near, a, HUP_EVENTS | POLLOUT), HUP_EVENTS | POLLOUT);
	IS(end_read(near, a, 100), -EACCES);
	IS(end_write(near, a, "x", 1), -EPIPE);
	both_ways();
}

/* Who waits for what has been closed waits no longer. */
static void wakes_those_that_wait(struct end *near, struct end *far)
{
	struct call reader, writer, poller;
	int a = opened(near, O_RDONLY), b;

	reader = begin_read(near, a, 100);
	poller = call_begin(near, OP_POLL, NULL, 0, a, POLLIN, 10000, 0);
	CHECK(call_waits(&reader));
	one_way(near);
	IS(call_result(&reader), -EACCES);
	IS(call_result(&poller), POLLERR);
	call_free(&reader);
	IS(end_close(near, a), 0);
	both_ways();

	b = opened(far, O_WRONLY);
	writer = begin_write(far, b, "x", 1);
	CHECK(call_waits(&writer));
	one_way(near);
	IS(call_result(&writer), -EACCES);
	IS(end_events(far, b), POLLERR);
	call_free(&writer);
	both_ways();
}

/* In the middle of bytes in both directions. */
static void changes_under_traffic(struct end *near, struct end *far)
{
	struct call call[4];
	int a, b;

	in_session(near, &a, far, &b, 0);
	for (int i = 0; i < 4; i++)
		call[i] = call_begin(i < 2 ? near : far, i % 2 ? OP_CONSUME : OP_PRODUCE, NULL, 0,
				     i < 2 ? a : b, 100000000, i % 2 ? 4999 : 1999, 0);
	usleep(100000);
	one_way(near);
	for (int i = 0; i < 4; i++) {
		CHECK(call_result(&call[i]) != END_LATE);
		call_free(&call[i]);
	}
	both_ways();
}

/* A frontend that does not know of directions, or will not. */
static void holds_without_the_guest(struct end *near, struct end *far)
{
	struct end *front = is_back(near) ? far : near, *back = is_back(near) ? near : far;
	struct call call;
	int a, b;

	if (is_back(near)) {
		close_at("back", CLOSED_TO_BACK);
		a = opened(front, O_RDWR);
		b = opened(back, O_WRONLY);
		call = call_begin(front, OP_PRODUCE, NULL, 0, a, 10000000, 1000, 0);
		CHECK(call_waits(&call));
		says(back, b, "feed");
		CHECK(hears(front, a, "feed"));
		IS(end_events(back, b), POLLOUT);
		IS(end_close(back, b), 0);
		CHECK(call_result(&call) != END_LATE);
		IS(end_close(front, a), 0);
		call_free(&call);
		/* what the ring is full of is skipped, not read */
		b = opened(back, O_WRONLY);
		a = opened(front, O_RDWR);
		IS(end_becomes(front, a, POLLOUT), POLLOUT);
		says(front, a, "leak");
	} else {
		close_at("back", CLOSED_TO_FRONT);
		a = opened(front, O_RDWR);
		b = opened(back, O_RDONLY);
		call = begin_read(front, a, 100);
		says(front, a, "log");
		CHECK(hears(back, b, "log"));
		CHECK(call_waits(&call));
		IS(end_close(back, b), 0);
		IS(call_result(&call), 0);
		call_free(&call);
	}
	both_ways();
}

const struct row direction_rows[] = {
	{ "direction-opens", BOTH | LIMITS, refuses_opens },
	{ "direction-bytes", BOTH | LIMITS, passes_one_way },
	{ "direction-changes", BOTH | LIMITS, changes_in_session },
	{ "direction-refused-read", BOTH | LIMITS, refused_read_ends_no_session },
	{ "direction-wakes", BOTH | LIMITS, wakes_those_that_wait },
	{ "direction-under-traffic", BOTH | LIMITS, changes_under_traffic },
	{ "direction-old-peer", BOTH | LIMITS, holds_without_the_guest },
	{}
};
