// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows about packets.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include "row.h"

/* As the protocol says it in words: the header's own macro would agree with itself. */
static long largest(void)
{
	return setting.ring / 2 - 4;
}

static void boundaries(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, O_NONBLOCK);
	says(near, a, "one");
	says(near, a, "and two");
	IS(end_write(near, a, "", 0), 0);
	says(near, a, "3");
	IS(end_becomes(far, b, POLLIN | POLLOUT), POLLIN | POLLOUT);
	CHECK(hears(far, b, "one"));
	CHECK(hears(far, b, "and two"));
	CHECK(hears(far, b, "3"));
	IS(end_read(far, b, 100), -EAGAIN);
}

/* What does not fit stays, and is there for a larger buffer. */
static void small_buffer(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, 0);
	says(near, a, "eight by");
	IS(end_read(far, b, 7), -EMSGSIZE);
	IS(end_read(far, b, 1), -EMSGSIZE);
	IS(end_becomes(far, b, POLLIN | POLLOUT), POLLIN | POLLOUT);
	CHECK(hears(far, b, "eight by"));
	says(near, a, "next");
	IS(end_read(far, b, 4), 4);
}

static void largest_packet(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, 0);
	for (int i = 0; i < 5; i++) {
		IS(end_give(near, a, largest() + 1, 0), -EMSGSIZE);
		IS(end_give(near, a, largest(), i), largest());
		IS(end_take(far, b, largest() - 1, i), -EMSGSIZE);
		IS(end_take(far, b, largest(), i), largest());
		/* so that the next one lies elsewhere in the ring */
		says(near, a, "step");
		CHECK(hears(far, b, "step"));
	}
	IS(end_give(near, a, 8 << 20, 0), -EMSGSIZE);
}

/* Two of the largest fill the ring, whether or not a writer may sleep. */
static void full_of_packets(struct end *near, struct end *far)
{
	struct call writer;
	int a, b;

	in_session(near, &a, far, &b, O_NONBLOCK);
	IS(end_give(near, a, largest(), 0), largest());
	IS(end_give(near, a, largest(), 1), largest());
	IS(end_write(near, a, "x", 1), -EAGAIN);
	IS(end_events(near, a), 0);
	IS(end_nonblock(near, a, false), 0);
	writer = begin_give(near, a, largest(), 2);
	CHECK(call_waits(&writer));
	for (int i = 0; i < 3; i++) {
		IS(end_becomes(far, b, POLLIN | POLLOUT),
		   POLLIN | POLLOUT);
		IS(end_take(far, b, largest(), i), largest());
	}
	IS(call_result(&writer), largest());
	call_free(&writer);
}

static void many_packets(struct end *near, struct end *far)
{
	int a, b, sent = 0, read = 0;

	in_session(near, &a, far, &b, O_NONBLOCK);
	while (sent < 120 && read < 120) {
		/* of many lengths, as many as there is room for */
		while (sent < 120 && end_give(near, a, 1 + sent * 37 % 1500, sent) > 0)
			sent++;
		CHECK(sent > read);
		for (; read < sent; read++)
			IS(end_take(far, b, 2048, read), 1 + read * 37 % 1500);
	}
	IS(end_read(far, b, 1), -EAGAIN);
}

/* The buffers of one call are one packet. */
static void vectors_are_a_packet(struct end *near, struct end *far)
{
	static const uint32_t sizes[] = { 3, 0, 5 }, too_small[] = { 3, 1, 3 };
	struct call call;
	int a, b;

	in_session(near, &a, far, &b, 0);
	IS(end_do(near, OP_WRITEV, "eight by", 8, a, 3, 0, 0), 8);
	says(near, a, "more");
	IS(end_do(far, OP_READV, too_small, sizeof(too_small), b, 0, 0, 0), -EMSGSIZE);
	call = call_begin(far, OP_READV, sizes, sizeof(sizes), b, 0, 0, 0);
	CHECK(call_hears(&call, "eight by"));
	CHECK(hears(far, b, "more"));
}

/* The end of a session is no packet, and cuts none. */
static void packets_then_eof(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, 0);
	says(near, a, "one");
	says(near, a, "two");
	IS(end_close(near, a), 0);
	IS(end_becomes(far, b, HUP_EVENTS), HUP_EVENTS);
	CHECK(hears(far, b, "one"));
	IS(end_read(far, b, 2), -EMSGSIZE);
	CHECK(hears(far, b, "two"));
	IS(end_read(far, b, 100), 0);
}

const struct row packet_rows[] = {
	{ "packet-boundaries", PACKET, boundaries },
	{ "packet-small-buffer", PACKET, small_buffer },
	{ "packet-largest", PACKET, largest_packet },
	{ "packet-full-ring", PACKET, full_of_packets },
	{ "packet-many", PACKET, many_packets },
	{ "packet-vectors", PACKET, vectors_are_a_packet },
	{ "packet-then-eof", PACKET, packets_then_eof },
	{}
};
