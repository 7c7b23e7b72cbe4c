// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows about io_uring: reads and writes that complete without a worker thread.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <stdio.h>
#include <stdlib.h>

#include "row.h"

#define FLIGHT	64

static int ring_of(struct end *end)
{
	int ring = end_do(end, OP_URING, NULL, 0, FLIGHT, 0, 0, 0);

	CHECK(ring >= 0);
	return ring;
}

static void submit_read(struct end *end, int ring, int fd, size_t size, uint64_t tag)
{
	IS(end_do(end, OP_URING_READ, NULL, 0, ring, fd, size, tag), 0);
}

static void submit_write(struct end *end, int ring, int fd, uint64_t tag, const char *text)
{
	IS(end_do(end, OP_URING_WRITE, text, strlen(text), ring, fd, tag, 0), 0);
}

/* One completion: its tag; its result and what was read. */
static long reaps(struct end *end, int ring, int msec, long *ret_result, char *ret_text)
{
	struct call call = call_begin(end, OP_URING_REAP, NULL, 0, ring, msec, 0, 0);
	const struct wire_completion *completion;
	long result = call_result(&call);

	if (!result) {
		completion = call.data;
		result = completion->tag;
		*ret_result = completion->result;
		strcpy(ret_text, (const char *)(completion + 1));
	}
	call_free(&call);
	return result;
}

static void no_workers(struct end *end)
{
	IS(end_do(end, OP_URING_WORKERS, NULL, 0, 0, 0, 0, 0), 0);
}

/* A read waits for the peer, one for its bytes, and one sees the end. */
static void uring_read(struct end *near, struct end *far)
{
	int a = opened(near, O_RDWR), ring = ring_of(near), b;
	char text[256] = "";
	long result = 0;

	submit_read(near, ring, a, 100, 1);
	IS(reaps(near, ring, 100, &result, text), -ETIME);
	no_workers(near);
	b = opened(far, O_RDWR);
	IS(reaps(near, ring, 100, &result, text), -ETIME);
	says(far, b, "first");
	IS(reaps(near, ring, END_SOON, &result, text), 1);
	IS(result, 5);
	CHECK(!strcmp(text, "first"));
	submit_read(near, ring, a, 100, 2);
	IS(reaps(near, ring, 100, &result, text), -ETIME);
	no_workers(near);
	IS(end_close(far, b), 0);
	IS(reaps(near, ring, END_SOON, &result, text), 2);
	IS(result, 0);
	/* the end every time, also to a read while another writer waits */
	b = opened(far, O_RDWR | O_NONBLOCK);
	for (int i = 3; i < 6; i++) {
		submit_read(near, ring, a, 100, i);
		IS(reaps(near, ring, END_SOON, &result, text), i);
		IS(result, 0);
	}
	IS(end_write(far, b, "x", 1), -EAGAIN);
	no_workers(near);
}

/* A write waits for the peer, one for room. */
static void uring_write(struct end *near, struct end *far)
{
	int a = opened(near, O_RDWR), ring = ring_of(near), b;
	char text[256] = "";
	long result = 0;

	submit_write(near, ring, a, 1, "early");
	IS(reaps(near, ring, 100, &result, text), -ETIME);
	no_workers(near);
	b = opened(far, O_RDWR);
	IS(reaps(near, ring, END_SOON, &result, text), 1);
	IS(result, 5);
	CHECK(hears(far, b, "early"));

	IS(end_nonblock(near, a, true), 0);
	if (setting.packet) {
		while (end_give(near, a, setting.ring / 4, 0) > 0)
			;
		while (end_give(near, a, 100, 0) > 0)
			;
	} else {
		IS(end_give(near, a, setting.ring, 0), setting.ring);
	}
	IS(end_nonblock(near, a, false), 0);
	submit_write(near, ring, a, 2,
		     "more than is free in any ring that has been filled up in this manner before now, "
		     "which goes for packets that are of a hundred bytes too");
	IS(reaps(near, ring, 100, &result, text), -ETIME);
	no_workers(near);
	IS(end_nonblock(far, b, true), 0);
	while (end_read(far, b, setting.ring) > 0)
		;
	IS(reaps(near, ring, END_SOON, &result, text), 2);
	CHECK(result > 100);
	no_workers(near);
}

/* Many reads wait at once; each of the pieces goes to one of them. */
static void uring_many(struct end *near, struct end *far)
{
	bool seen[FLIGHT] = {};
	int a, b, ring;

	in_session(near, &a, far, &b, 0);
	ring = ring_of(near);
	for (int i = 0; i < FLIGHT; i++)
		submit_read(near, ring, a, 8, i);
	no_workers(near);
	for (int i = 0; i < FLIGHT; i++) {
		char text[9];

		snprintf(text, sizeof(text), "read %3d", i);
		says(far, b, text);
	}
	for (int i = 0; i < FLIGHT; i++) {
		char text[256] = "";
		long result = 0, tag = reaps(near, ring, END_SOON, &result, text);
		int number = atoi(text + 5);

		CHECK(tag >= 0 && tag < FLIGHT);
		IS(result, 8);
		CHECK(!strncmp(text, "read ", 5));
		CHECK(number >= 0 && number < FLIGHT && !seen[number]);
		if (number >= 0 && number < FLIGHT)
			seen[number] = true;
	}
	no_workers(near);
}

/* Many writes wait for the peer; all arrive, each as a whole. */
static void uring_many_writes(struct end *near, struct end *far)
{
	int a = opened(near, O_RDWR), ring = ring_of(near), b;
	bool seen[FLIGHT] = {};
	char text[256] = "";
	long result = 0;

	for (int i = 0; i < FLIGHT; i++) {
		snprintf(text, sizeof(text), "text %3d", i);
		submit_write(near, ring, a, i, text);
	}
	IS(reaps(near, ring, 100, &result, text), -ETIME);
	no_workers(near);
	b = opened(far, O_RDWR);
	for (int i = 0; i < FLIGHT; i++) {
		struct call call = begin_read(far, b, 8);
		int number;

		if (IS(call_result(&call), 8) != 8)
			break;
		number = atoi((char *)call.data + 5);
		CHECK(number >= 0 && number < FLIGHT && !seen[number]);
		if (number >= 0 && number < FLIGHT)
			seen[number] = true;
		call_free(&call);
	}
	for (int i = 0; i < FLIGHT; i++) {
		CHECK(reaps(near, ring, END_SOON, &result, text) >= 0);
		IS(result, 8);
	}
	no_workers(near);
}

/* Reads and writes of one file are under way together. */
static void uring_both_ways(struct end *near, struct end *far)
{
	char text[256] = "";
	long result = 0;
	int a, b, ring;

	in_session(near, &a, far, &b, 0);
	ring = ring_of(near);
	for (int i = 0; i < 10; i++) {
		submit_read(near, ring, a, 100, 0);
		submit_write(near, ring, a, 1, "ping");
		IS(reaps(near, ring, END_SOON, &result, text), 1);
		IS(result, 4);
		CHECK(hears(far, b, "ping"));
		says(far, b, "pong");
		IS(reaps(near, ring, END_SOON, &result, text), 0);
		CHECK(result == 4 && !strcmp(text, "pong"));
	}
	no_workers(near);
}

const struct row uring_rows[] = {
	{ "uring-read", BOTH, uring_read },
	{ "uring-write", BOTH, uring_write },
	{ "uring-many", BOTH, uring_many },
	{ "uring-many-writes", BOTH, uring_many_writes },
	{ "uring-both-ways", BOTH, uring_both_ways },
	{}
};
