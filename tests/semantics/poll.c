// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows about readiness: poll and epoll, level and edge.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <sys/epoll.h>

#include "row.h"

static struct call begin_poll(struct end *end, int fd, short events)
{
	return call_begin(end, OP_POLL, NULL, 0, fd, events, 10000, 0);
}

/* Edge-triggered. */
static int watch(struct end *end, int fd, uint32_t events)
{
	int ep = end_do(end, OP_EPOLL, NULL, 0, fd, events | EPOLLET, 0, 0);

	CHECK(ep >= 0);
	return ep;
}

/* The events that come within @msec; 0 if none do. */
static long edge(struct end *end, int ep, int msec)
{
	return end_do(end, OP_EPOLL_WAIT, NULL, 0, ep, msec, 0, 0);
}

/* Each thing that can come about wakes a poll that sleeps. */
static void poll_is_woken(struct end *near, struct end *far)
{
	int a = opened(near, O_RDWR), b;
	struct call call = begin_poll(near, a, POLLOUT);

	CHECK(call_waits(&call));
	b = opened(far, O_RDWR);
	IS(call_result(&call), POLLOUT);
	call_free(&call);

	call = begin_poll(near, a, POLLIN);
	CHECK(call_waits(&call));
	says(far, b, "awake");
	IS(call_result(&call), POLLIN);
	call_free(&call);
	CHECK(hears(near, a, "awake"));

	call = begin_poll(near, a, POLLIN | POLLRDHUP);
	CHECK(call_waits(&call));
	IS(end_close(far, b), 0);
	IS(call_result(&call), HUP_EVENTS);
	call_free(&call);
}

/* POLLOUT from half a ring on, and a poll for it is woken there. */
static void full_ring(struct end *near, struct end *far)
{
	long ring = setting.ring;
	struct call call;
	int a, b;

	in_session(near, &a, far, &b, O_NONBLOCK);
	IS(end_give(near, a, ring + 5000, 0), ring);
	IS(end_write(near, a, "x", 1), -EAGAIN);
	IS(end_events(near, a), 0);
	IS(end_becomes(far, b, POLLIN | POLLOUT), POLLIN | POLLOUT);
	IS(end_take(far, b, ring / 4, 0), ring / 4);
	IS(end_events(near, a), 0);
	call = begin_poll(near, a, POLLOUT);
	CHECK(call_waits(&call));
	IS(end_take(far, b, ring / 4 - 1, ring / 4), ring / 4 - 1);
	CHECK(call_waits(&call));
	IS(end_take(far, b, 1, ring / 2 - 1), 1);
	IS(call_result(&call), POLLOUT);
	call_free(&call);
	IS(end_take(far, b, 2 * ring, ring / 2), ring / 2);
	IS(end_read(far, b, 1), -EAGAIN);
}

static void edges_in(struct end *near, struct end *far)
{
	int a, b, ep;

	in_session(near, &a, far, &b, O_NONBLOCK);
	ep = watch(far, b, EPOLLIN);
	IS(edge(far, ep, 0), 0);
	for (int i = 0; i < 20; i++) {
		says(near, a, "edge");
		IS(edge(far, ep, END_SOON), EPOLLIN);
		CHECK(hears(far, b, "edge"));
		IS(end_read(far, b, 1), -EAGAIN);
	}
	IS(edge(far, ep, 50), 0);
}

/* A read that returned less than it could have taken; the next bytes are an edge. */
static void edges_after_short_read(struct end *near, struct end *far)
{
	int a, b, ep;

	in_session(near, &a, far, &b, O_NONBLOCK);
	ep = watch(far, b, EPOLLIN);
	for (int i = 0; i < 20; i++) {
		says(near, a, "edge");
		if (IS(edge(far, ep, END_SOON), EPOLLIN) != EPOLLIN)
			break;
		CHECK(hears(far, b, "edge"));
	}
}

/* What comes after a read that left something, or exactly nothing, is an edge too. */
static void edges_after_partial_read(struct end *near, struct end *far)
{
	int a, b, ep;

	in_session(near, &a, far, &b, O_NONBLOCK);
	ep = watch(far, b, EPOLLIN);
	for (int i = 0; i < 5; i++) {
		says(near, a, "edge");
		IS(edge(far, ep, END_SOON), EPOLLIN);
		IS(end_read(far, b, 2), 2);
		says(near, a, "more");
		if (IS(edge(far, ep, END_SOON), EPOLLIN) != EPOLLIN)
			break;
		IS(end_read(far, b, 6), 6);
	}
}

/* The same for packets: one of two is read, or both without asking for a third. */
static void edges_after_a_packet(struct end *near, struct end *far)
{
	int a, b, ep;

	in_session(near, &a, far, &b, O_NONBLOCK);
	ep = watch(far, b, EPOLLIN);
	for (int i = 0; i < 5; i++) {
		says(near, a, "one");
		says(near, a, "two");
		IS(edge(far, ep, END_SOON), EPOLLIN);
		CHECK(hears(far, b, "one"));
		says(near, a, "three");
		if (IS(edge(far, ep, END_SOON), EPOLLIN) != EPOLLIN)
			break;
		CHECK(hears(far, b, "two"));
		CHECK(hears(far, b, "three"));
	}
}

static void edges_out(struct end *near, struct end *far)
{
	long ring = setting.ring;
	int a, b, ep;

	in_session(near, &a, far, &b, O_NONBLOCK);
	ep = watch(near, a, EPOLLOUT);
	IS(edge(near, ep, END_SOON), EPOLLOUT);
	for (int i = 0; i < 5; i++) {
		IS(end_give(near, a, 2 * ring, 0), ring);
		IS(edge(near, ep, 50), 0);
		IS(end_take(far, b, ring, 0), ring);
		IS(edge(near, ep, END_SOON), EPOLLOUT);
	}
}

static void edges_of_sessions(struct end *near, struct end *far)
{
	int a = opened(near, O_RDWR | O_NONBLOCK), b;
	int ep = watch(near, a, EPOLLIN | EPOLLOUT | EPOLLRDHUP);

	for (int i = 0; i < 5; i++) {
		b = opened(far, O_RDWR | O_NONBLOCK);
		IS(edge(near, ep, END_SOON), EPOLLOUT);
		IS(end_close(far, b), 0);
		IS(edge(near, ep, END_SOON), EPOLLIN | EPOLLRDHUP | EPOLLHUP);
		IS(end_read(near, a, 1), 0);
	}
}

const struct row poll_rows[] = {
	{ "poll-is-woken", BOTH, poll_is_woken },
	{ "full-ring", STREAM, full_ring },
	{ "edges-in", BOTH, edges_in },
	{ "edges-after-short-read", BOTH, edges_after_short_read },
	{ "edges-after-partial-read", STREAM, edges_after_partial_read },
	{ "edges-after-a-packet", PACKET, edges_after_a_packet },
	{ "edges-out", STREAM, edges_out },
	{ "edges-of-sessions", BOTH, edges_of_sessions },
	{}
};
