// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows about many bytes, both ways at once.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include "row.h"

static struct call produces(struct end *end, int fd, long total, long size)
{
	return call_begin(end, OP_PRODUCE, NULL, 0, fd, total, size, 0);
}

static struct call consumes(struct end *end, int fd, long total, long size)
{
	return call_begin(end, OP_CONSUME, NULL, 0, fd, total, size, 0);
}

/* Sizes that never fit the ring evenly; what a packet's reader offers is always enough. */
static void traffic(struct end *near, struct end *far)
{
	long out = 1000001, in = 700003;
	struct call call[4];
	int a, b;

	in_session(near, &a, far, &b, 0);
	call[0] = produces(near, a, out, setting.packet ? 1999 : 4999);
	call[1] = consumes(far, b, out, 70001);
	call[2] = produces(far, b, in, 601);
	call[3] = consumes(near, a, in, setting.packet ? 601 : 8192);
	for (int i = 0; i < 4; i++) {
		IS(call_result(&call[i]), i < 2 ? out : in);
		call_free(&call[i]);
	}
}

const struct row traffic_rows[] = {
	{ "traffic", BOTH, traffic },
	{}
};
