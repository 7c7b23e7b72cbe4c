// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows about buffers: many of them, and such as are not there.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <uapi/linux/mydevice.h>

#include "row.h"

static void vectors(struct end *near, struct end *far)
{
	static const uint32_t sizes[] = { 3, 0, 5 };
	struct call call;
	int a, b;

	in_session(near, &a, far, &b, 0);
	IS(end_do(near, OP_WRITEV, "abcdef", 6, a, 2, 0, 0), 6);
	call = call_begin(far, OP_READV, sizes, sizeof(sizes), b, 0, 0, 0);
	CHECK(call_hears(&call, "abcdef"));
}

/* A read that may sleep returns what is there, not what it asked for. */
static void reads_are_short(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, 0);
	says(near, a, "one");
	says(near, a, "two");
	CHECK(hears(far, b, "onetwo"));
}

/* A write that may sleep moves all of it, one that may not what there is room for. */
static void writes_are_whole(struct end *near, struct end *far)
{
	long total = 3L * setting.ring + 77;
	struct call writer;
	int a, b;

	in_session(near, &a, far, &b, 0);
	writer = begin_give(near, a, total, 0);
	IS(end_do(far, OP_CONSUME, NULL, 0, b, total, 999, 0), total);
	IS(call_result(&writer), total);
	call_free(&writer);

	IS(end_nonblock(near, a, true), 0);
	IS(end_give(near, a, total, 0), setting.ring);
	IS(end_take(far, b, 100, 0), 100);
	IS(end_give(near, a, total, setting.ring), 100);
	IS(end_do(far, OP_READ, NULL, 0, b, 1, 0, 0), 1);
}

/* Nothing is lost for a buffer that is not there. */
static void bad_buffers(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, O_NONBLOCK);
	IS(end_do(near, OP_HOLE_WRITE, NULL, 0, a, 100, 0, 0), -EFAULT);
	IS(end_events(far, b), POLLOUT);
	says(near, a, "kept");
	IS(end_becomes(far, b, POLLIN | POLLOUT), POLLIN | POLLOUT);
	IS(end_do(far, OP_HOLE_READ, NULL, 0, b, 100, 0, 0), -EFAULT);
	CHECK(hears(far, b, "kept"));
}

/* Bytes up to the hole are moved; a packet is moved whole or not at all. */
static void half_bad_buffers(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, O_NONBLOCK);
	if (setting.packet) {
		IS(end_do(near, OP_HOLE_WRITE, "hhhh", 4, a, 8, 4, 0), -EFAULT);
		IS(end_events(far, b), POLLOUT);
		says(near, a, "eight by");
		IS(end_do(far, OP_HOLE_READ, NULL, 0, b, 8, 4, 0), -EFAULT);
		CHECK(hears(far, b, "eight by"));
	} else {
		IS(end_do(near, OP_HOLE_WRITE, "hhhh", 4, a, 8, 4, 0), 4);
		CHECK(hears(far, b, "hhhh"));
		says(near, a, "eight by");
		IS(end_do(far, OP_HOLE_READ, NULL, 0, b, 8, 5, 0), 5);
		CHECK(hears(far, b, " by"));
	}
}

/*
 * A read changes the bytes that it returns and no others, also where it has to have
 * pages of the buffer brought in.
 */
static void only_its_bytes(struct end *near, struct end *far)
{
	struct mydevice_tune tune = { .flags = MYDEVICE_TUNE_FRAMES };
	struct call call;
	int a, b;

	in_session(near, &a, far, &b, O_NONBLOCK);
	for (int i = 0; i < 2; i++) {
		says(far, b, "few bytes");
		IS(end_becomes(near, a, POLLIN | POLLOUT), POLLIN | POLLOUT);
		call = call_begin(near, OP_AWAY_READ, NULL, 0, a, 20000, i * 4000, 0);
		CHECK(call_hears(&call, "few bytes"));
	}
	IS(end_do(near, OP_AWAY_READ, NULL, 0, a, 20000, 100, 0), -EAGAIN);
	if (setting.packet) {
		says(far, b, "few bytes");
		IS(end_becomes(near, a, POLLIN | POLLOUT), POLLIN | POLLOUT);
		IS(end_do(near, OP_AWAY_READ, NULL, 0, a, 5, 100, 0), -EMSGSIZE);
		IS(IOCTL(near, a, MYDEVICE_IOC_TUNE, tune), 0);
		IS(end_do(near, OP_AWAY_READ, NULL, 0, a, 20000, 100, 0),
		   9 + sizeof(struct mydevice_frame));
	}
}

const struct row vector_rows[] = {
	{ "vectors", BOTH, vectors },
	{ "reads-are-short", STREAM, reads_are_short },
	{ "writes-are-whole", STREAM, writes_are_whole },
	{ "bad-buffers", BOTH, bad_buffers },
	{ "half-bad-buffers", BOTH, half_bad_buffers },
	{ "only-its-bytes", BOTH, only_its_bytes },
	{}
};
