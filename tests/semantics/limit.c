// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows about what the host's end may move: pauses, rates, and thresholds that
 * are none of the open file's. Each is about a write by the near end, which one
 * of the two the limits hold back by its writing, or by its not being read.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <uapi/linux/mydevice.h>
#include <unistd.h>

#include "row.h"

/* Of the bytes of a second, in thousandths, that a rate may be wrong by. */
#define WRONG_MOST	50

/* What holds for the host's end until it is set again; "" for nothing. */
static void limits(const char *settings)
{
	char line[64];

	snprintf(line, sizeof(line), "set back %s", settings);
	CHECK(control(line));
}

/* What is held back by limits, near's or far's. */
static struct end *held(struct end *near, int *fd, struct end *far, int far_fd)
{
	if (!strcmp(near->name, "back"))
		return near;
	*fd = far_fd;
	return far;
}

static void pause_holds(struct end *near, struct end *far)
{
	struct call writer, reader, poller;
	struct end *back;
	int a, b, fd;

	in_session(near, &a, far, &b, 0);
	says(near, a, "before");
	CHECK(hears(far, b, "before"));
	limits("paused=1");
	fd = a;
	back = held(near, &fd, far, b);
	IS(end_events(back, fd), 0);
	writer = begin_write(near, a, "held", 4);
	reader = begin_read(far, b, 256);
	poller = call_begin(back, OP_POLL, NULL, 0, fd, POLLIN | POLLOUT, 10000, 0);
	CHECK(call_waits(&reader));
	CHECK(call_waits(&poller));
	IS(end_events(back, fd), 0);
	limits("paused=0");
	CHECK(call_hears(&reader, "held"));
	IS(call_result(&writer), 4);
	CHECK(call_result(&poller) & (POLLIN | POLLOUT));
	call_free(&writer);
	call_free(&poller);
}

/* The host's end, which does not wait, has room, and has "there" to read. */
static struct end *with_bytes(struct end *near, struct end *far, int *ret_fd)
{
	struct end *back;
	int a, b;

	in_session(near, &a, far, &b, O_NONBLOCK);
	*ret_fd = a;
	back = held(near, ret_fd, far, b);
	says(back == near ? far : near, back == near ? b : a, "there");
	IS(end_becomes(back, *ret_fd, POLLIN | POLLOUT), POLLIN | POLLOUT);
	return back;
}

static void pause_is_no_wait(struct end *near, struct end *far)
{
	int fd, count = -1;
	struct end *back = with_bytes(near, far, &fd);

	limits("paused=1");
	IS(end_read(back, fd, 100), -EAGAIN);
	IS(end_write(back, fd, "no", 2), -EAGAIN);
	IS(end_events(back, fd), 0);
	IS(IOCTL(back, fd, FIONREAD, count), 0);
	IS(count, 0);
	limits("");
	IS(end_events(back, fd), POLLIN | POLLOUT);
	IS(IOCTL(back, fd, FIONREAD, count), 0);
	IS(count, 5);
	CHECK(hears(back, fd, "there"));
}

/* The end comes after the bytes. */
static void pause_holds_the_end(struct end *near, struct end *far)
{
	struct call reader;
	int a, b;

	in_session(near, &a, far, &b, 0);
	says(near, a, "last");
	limits("paused=1");
	IS(end_close(near, a), 0);
	if (!strcmp(far->name, "back")) {
		IS(end_events(far, b), 0);
		reader = begin_read(far, b, 256);
		CHECK(call_waits(&reader));
		limits("paused=0");
		CHECK(call_hears(&reader, "last"));
	} else {
		CHECK(hears(far, b, "last"));
	}
	IS(end_events(far, b), POLLIN | POLLRDHUP | POLLHUP);
	IS(end_read(far, b, 100), 0);
}

/* Also where there was nothing but the end. */
static void pause_holds_an_end_alone(struct end *near, struct end *far)
{
	struct call reader;
	int a, b;

	in_session(near, &a, far, &b, 0);
	reader = begin_read(far, b, 256);
	CHECK(call_waits(&reader));
	limits("paused=1");
	IS(end_close(near, a), 0);
	if (!strcmp(far->name, "back"))
		CHECK(call_waits(&reader));
	limits("paused=0");
	IS(call_result(&reader), 0);
	call_free(&reader);
	IS(end_becomes(far, b, 0), 0);
	a = opened(near, O_RDWR);
	IS(end_becomes(near, a, POLLOUT), POLLOUT);
	says(near, a, "next");
	CHECK(hears(far, b, "next"));
}

static uint64_t moved(struct end *end, int fd)
{
	struct mydevice_info info = {};

	IS(IOCTL(end, fd, MYDEVICE_IOC_INFO, info), 0);
	return info.stats.rx.bytes + info.stats.tx.bytes;
}

/* Whatever is changed when: the bytes are those that were written. */
static void changes_under_traffic(struct end *near, struct end *far)
{
	static const char *const changes[] = {
		"paused=1", "paused=0", "rate-bytes=300000", "paused=1", "rate-messages=400",
		"read-wake=700", "", "rate-bytes=1", "paused=1", "",
	};
	const size_t n = sizeof(changes) / sizeof(*changes);
	long total = 2000000;
	struct call call[4];
	int a, b;

	in_session(near, &a, far, &b, 0);
	for (int i = 0; i < 4; i++)
		call[i] = call_begin(i < 2 ? near : far, i % 2 ? OP_CONSUME : OP_PRODUCE, NULL, 0,
				     i < 2 ? a : b, total, i % 2 ? 4999 : 1999, 0);
	for (size_t i = 0; i < n; i++) {
		struct end *back = strcmp(near->name, "back") ? far : near;
		uint64_t before;

		limits(changes[i]);
		/* a piece that was being copied is published all the same */
		usleep(20000);
		before = moved(back, back == near ? a : b);
		usleep(50000);
		if (!strcmp(changes[i], "paused=1"))
			CHECK(moved(back, back == near ? a : b) == before);
	}
	for (int i = 0; i < 4; i++) {
		IS(call_result(&call[i]), total);
		call_free(&call[i]);
	}
}

/* Bytes of the ring, and when that was, in microseconds. */
struct sample {
	uint64_t bytes;
	uint64_t usec;
};

static struct sample sample(struct end *end, int fd)
{
	struct sample sample = { .bytes = moved(end, fd) };
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	sample.usec = t.tv_sec * 1000000ull + t.tv_nsec / 1000;
	return sample;
}

/* Bytes go by in units of @per; in a second so many, as the host's end counts them. */
static void rate_is(struct end *near, struct end *far, const char *limit, long per, long wanted)
{
	long total = wanted * 3, rate;
	struct sample first, last;
	struct call from, to;
	struct end *back;
	int a, b, fd;

	in_session(near, &a, far, &b, 0);
	fd = a;
	back = held(near, &fd, far, b);
	limits(limit);
	from = call_begin(near, OP_PRODUCE, NULL, 0, a, total, per, 0);
	to = call_begin(far, OP_CONSUME, NULL, 0, b, total, setting.packet ? per : 65536, 0);
	/* what came in before there was anybody is to go by first */
	usleep(500000);
	first = sample(back, fd);
	usleep(1500000);
	last = sample(back, fd);
	rate = (last.bytes - first.bytes) * 1000000 / (last.usec - first.usec);
	printf("  a rate of %ld is %ld\n", wanted, rate);
	CHECK(labs(rate - wanted) * 1000 <= wanted * WRONG_MOST);
	limits("");
	IS(call_result(&from), total);
	IS(call_result(&to), total);
	call_free(&from);
	call_free(&to);
}

static void rate_of_bytes(struct end *near, struct end *far)
{
	rate_is(near, far, "rate-bytes=200000", 1000, 200000);
}

/* Each with its header. */
static void rate_of_messages(struct end *near, struct end *far)
{
	rate_is(near, far, "rate-messages=300", 10, 300 * (10 + 4));
}

/* A limit is no reason for poll to say yes, and one that does not wait is not woken early. */
static void rate_in_poll(struct end *near, struct end *far)
{
	int fd;
	struct end *back = with_bytes(near, far, &fd);
	struct call poller;

	limits("rate-bytes=1");
	IS(end_events(back, fd), 0);
	IS(end_read(back, fd, 100), -EAGAIN);
	IS(end_write(back, fd, "no", 2), -EAGAIN);
	poller = call_begin(back, OP_POLL, NULL, 0, fd, POLLIN | POLLOUT, 10000, 0);
	IS(call_result(&poller), POLLIN | POLLOUT);
	CHECK(poller.usec > 300000 && poller.usec < 3000000);
	call_free(&poller);
}

/* Who is told of edges is told of each refill. */
static void rate_by_edges(struct end *near, struct end *far)
{
	int a, b, ep, reads = 0;
	long got = 0;

	in_session(near, &a, far, &b, 0);
	if (strcmp(far->name, "back"))
		return;
	limits("rate-bytes=200");
	ep = end_do(far, OP_EPOLL, NULL, 0, b, POLLIN | (1u << 31), 0, 0);
	IS(end_give(near, a, 300, 0), 300);
	for (; got < 300 && reads < 300; reads++) {
		long n;

		if (IS(end_do(far, OP_EPOLL_WAIT, NULL, 0, ep, END_SOON, 0, 0), POLLIN) != POLLIN)
			break;
		n = end_take(far, b, 300, got);
		CHECK(n > 0);
		got += n > 0 ? n : 0;
	}
	IS(got, 300);
	CHECK(reads > 3);
}

/* Each way of reading and writing that there is. */
static void pause_of_splice(struct end *near, struct end *far)
{
	struct call writer, reader;
	int a, b;

	in_session(near, &a, far, &b, 0);
	limits("paused=1");
	writer = call_begin(near, OP_SPLICE_WRITE, "spliced", 7, a, 0, 0, 0);
	reader = call_begin(far, OP_SPLICE_READ, NULL, 0, b, 100, 0, 0);
	CHECK(call_waits(&reader));
	limits("");
	IS(call_result(&writer), 7);
	CHECK(call_hears(&reader, "spliced"));
	call_free(&writer);
}

static void pause_of_uring(struct end *near, struct end *far)
{
	struct call reaper;
	int a, b, ring;

	in_session(near, &a, far, &b, 0);
	ring = end_do(far, OP_URING, NULL, 0, 8, 0, 0, 0);
	CHECK(ring >= 0);
	limits("paused=1");
	IS(end_do(far, OP_URING_READ, NULL, 0, ring, b, 100, 1), 0);
	IS(end_do(near, OP_NONBLOCK, NULL, 0, a, 0, 0, 0), 0);
	reaper = call_begin(far, OP_URING_REAP, NULL, 0, ring, END_SOON, 0, 0);
	CHECK(call_waits(&reaper));
	limits("");
	says(near, a, "rung");
	IS(call_result(&reaper), 0);
	IS(end_do(far, OP_URING_WORKERS, NULL, 0, 0, 0, 0, 0), 0);
	call_free(&reaper);
}

/* A signal ends a wait for a limit as any other. */
static void pause_and_signals(struct end *near, struct end *far)
{
	struct call call;
	struct end *back;
	int a, b, fd;

	in_session(near, &a, far, &b, 0);
	fd = a;
	back = held(near, &fd, far, b);
	limits("paused=1");
	call = begin_write(back, fd, "no", 2);
	CHECK(call_waits(&call));
	call_interrupt(&call);
	IS(call_result(&call), -EINTR);
	call_free(&call);
}

/* Whoever waits by a limit waits by the new one at once. */
static void rate_anew(struct end *near, struct end *far)
{
	struct call writer, reader;
	int a, b;

	in_session(near, &a, far, &b, 0);
	limits("rate-bytes=1");
	writer = begin_give(near, a, 1000, 0);
	reader = call_begin(far, OP_CONSUME, NULL, 0, b, 1000, 1000, 0);
	CHECK(call_waits(&reader));
	limits("rate-bytes=1000000");
	IS(call_result(&writer), 1000);
	IS(call_result(&reader), 1000);
	CHECK(reader.usec < 3000000);
	call_free(&writer);
	call_free(&reader);
}

/* Frames are counted one by one. */
static void rate_of_frames(struct end *near, struct end *far)
{
	struct mydevice_tune tune = { .flags = MYDEVICE_TUNE_FRAMES };
	unsigned char frames[30 * 5];
	long got = 0, most = 0;
	struct call writer;
	int a, b;

	for (int i = 0; i < 30; i++) {
		struct mydevice_frame frame = { .len = 1 };

		memcpy(frames + 5 * i, &frame, sizeof(frame));
		frames[5 * i + 4] = i;
	}
	in_session(near, &a, far, &b, 0);
	IS(IOCTL(near, a, MYDEVICE_IOC_TUNE, tune), 0);
	IS(IOCTL(far, b, MYDEVICE_IOC_TUNE, tune), 0);
	limits("rate-messages=20");
	writer = begin_write(near, a, frames, sizeof(frames));
	while (got < (long)sizeof(frames)) {
		struct call reader = begin_read(far, b, sizeof(frames));
		long n = call_result(&reader);

		CHECK(n > 0 && got + n <= (long)sizeof(frames) &&
		      !memcmp(reader.data, frames + got, n));
		call_free(&reader);
		if (n <= 0)
			break;
		got += n;
		if (n > most)
			most = n;
	}
	IS(call_result(&writer), sizeof(frames));
	/* a bucket of them at most */
	CHECK(most <= (20 / 4 + 2) * 5);
	call_free(&writer);
}

/* For an open file without thresholds of its own. */
static void wake_as_the_host_says(struct end *near, struct end *far)
{
	struct mydevice_tune tune = { .rx_wake = 1 };
	int a, b;

	in_session(near, &a, far, &b, 0);
	limits("read-wake=1000");
	if (strcmp(far->name, "back")) {
		says(near, a, "few");
		IS(end_becomes(far, b, POLLIN | POLLOUT), POLLIN | POLLOUT);
		return;
	}
	IS(end_give(near, a, 999, 0), 999);
	IS(end_events(far, b), POLLOUT);
	IS(IOCTL(far, b, MYDEVICE_IOC_TUNE, tune), 0);
	IS(end_becomes(far, b, POLLIN | POLLOUT), POLLIN | POLLOUT);
	tune.rx_wake = 0;
	IS(IOCTL(far, b, MYDEVICE_IOC_TUNE, tune), 0);
	IS(end_events(far, b), POLLOUT);
	IS(end_give(near, a, 1, 999), 1);
	IS(end_becomes(far, b, POLLIN | POLLOUT), POLLIN | POLLOUT);
}

/* A device that goes takes its limits with it: what had arrived is read. */
static void pause_and_detach(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, 0);
	if (!strcmp(far->name, "back")) {
		says(near, a, "left");
		limits("paused=1");
		CHECK(control("unbind back"));
		CHECK(hears(far, b, "left"));
		IS(end_read(far, b, 100), 0);
		IS(end_write(far, b, "x", 1), -ENODEV);
		CHECK(control("bind back"));
		/* but it stays, and so they are there when it is back */
		IS(end_close(far, b), 0);
		b = opened(far, O_RDWR);
		usleep(100000);
		IS(end_events(far, b), 0);
		limits("");
	}
}

const struct row limit_rows[] = {
	{ "pause-holds", BOTH | LIMITS, pause_holds },
	{ "pause-is-no-wait", BOTH | LIMITS, pause_is_no_wait },
	{ "pause-holds-the-end", BOTH | LIMITS, pause_holds_the_end },
	{ "pause-holds-an-end-alone", BOTH | LIMITS, pause_holds_an_end_alone },
	{ "pause-of-splice", BOTH | LIMITS, pause_of_splice },
	{ "pause-of-uring", BOTH | LIMITS, pause_of_uring },
	{ "pause-and-signals", BOTH | LIMITS, pause_and_signals },
	{ "pause-and-detach", BOTH | LIMITS, pause_and_detach },
	{ "changes-under-traffic", BOTH | LIMITS, changes_under_traffic },
	{ "rate-of-bytes", BOTH | LIMITS, rate_of_bytes },
	{ "rate-of-messages", PACKET | LIMITS, rate_of_messages },
	{ "rate-of-frames", PACKET | LIMITS, rate_of_frames },
	{ "rate-in-poll", BOTH | LIMITS, rate_in_poll },
	{ "rate-by-edges", STREAM | LIMITS, rate_by_edges },
	{ "rate-anew", STREAM | LIMITS, rate_anew },
	{ "wake-as-the-host-says", STREAM | LIMITS, wake_as_the_host_says },
	{}
};
