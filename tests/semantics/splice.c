// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows about splice and sendfile.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <xen/io/mydevice.h>

#include "row.h"

static struct call begin_splice(struct end *end, int fd, size_t size)
{
	return call_begin(end, OP_SPLICE_READ, NULL, 0, fd, size, 0, 0);
}

static void splice_both(struct end *near, struct end *far)
{
	struct call call;
	int a, b;

	in_session(near, &a, far, &b, 0);
	IS(end_do(near, OP_SPLICE_WRITE, "through pipes", 13, a, 0, 0, 0), 13);
	call = begin_splice(far, b, 4096);
	CHECK(call_hears(&call, "through pipes"));

	call = begin_splice(far, b, 4096);
	CHECK(call_waits(&call));
	says(near, a, "later");
	CHECK(call_hears(&call, "later"));
}

static void splice_then_eof(struct end *near, struct end *far)
{
	struct call call;
	int a, b;

	in_session(near, &a, far, &b, 0);
	says(near, a, "last");
	IS(end_close(near, a), 0);
	call = begin_splice(far, b, 4096);
	CHECK(call_hears(&call, "last"));
	IS(end_do(far, OP_SPLICE_READ, NULL, 0, b, 4096, 0, 0), 0);
	/* many take that for a file that cannot be spliced, and read */
	IS(end_read(far, b, 1), 0);
	IS(end_do(far, OP_SPLICE_READ, NULL, 0, b, 4096, 0, 0), 0);
	IS(end_becomes(far, b, 0), 0);
	call = begin_splice(far, b, 4096);
	CHECK(call_waits(&call));
	a = opened(near, O_RDWR);
	says(near, a, "next");
	CHECK(call_hears(&call, "next"));
	IS(end_close(near, a), 0);
	IS(end_becomes(far, b, HUP_EVENTS), HUP_EVENTS);
	IS(end_nonblock(far, b, true), 0);
	IS(end_do(far, OP_SPLICE_READ, NULL, 0, b, 4096, 0, 0), 0);
	IS(end_do(far, OP_SPLICE_READ, NULL, 0, b, 4096, 0, 0), 0);
	IS(end_do(far, OP_SPLICE_WRITE, "x", 1, b, 0, 0, 0), -EPIPE);
	IS(end_becomes(far, b, 0), 0);
	IS(end_do(far, OP_SPLICE_READ, NULL, 0, b, 4096, 0, 0), -EAGAIN);
	IS(end_do(far, OP_SPLICE_WRITE, "x", 1, b, 0, 0, 0), -EAGAIN);
}

/* More than the ring holds, and than a pipe does. */
static void sendfile_large(struct end *near, struct end *far)
{
	long total = 2L * setting.ring + 123457;
	struct call call;
	int a, b;

	in_session(near, &a, far, &b, 0);
	call = call_begin(near, OP_SENDFILE, NULL, 0, a, total, 0, 0);
	IS(end_do(far, OP_CONSUME, NULL, 0, b, total, 65536, 0), total);
	IS(call_result(&call), total);
	call_free(&call);
}

/* A page of a file is a packet. */
static void sendfile_packets(struct end *near, struct end *far)
{
	long page = 4096, most = MYDEVICE_PACKET_MAX(setting.ring);
	long size = most < page ? 1000 : page;
	int a, b;

	in_session(near, &a, far, &b, 0);
	IS(end_do(near, OP_SENDFILE, NULL, 0, a, size, 7, 0), size);
	IS(end_take(far, b, 65536, 7), size);
}

const struct row splice_rows[] = {
	{ "splice", BOTH, splice_both },
	{ "splice-then-eof", BOTH, splice_then_eof },
	{ "sendfile", STREAM, sendfile_large },
	{ "sendfile-packet", PACKET, sendfile_packets },
	{}
};
