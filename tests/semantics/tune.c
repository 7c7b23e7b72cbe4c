// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows about thresholds, MYDEVICE_IOC_TUNE.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <uapi/linux/mydevice.h>

#include "row.h"

static void tunes(struct end *end, int fd, uint32_t rx_wake, uint32_t tx_wake)
{
	struct mydevice_tune tune = { .rx_wake = rx_wake, .tx_wake = tx_wake };

	IS(IOCTL(end, fd, MYDEVICE_IOC_TUNE, tune), 0);
}

static struct call begin_poll(struct end *end, int fd, short events)
{
	return call_begin(end, OP_POLL, NULL, 0, fd, events, 10000, 0);
}

/* Fewer bytes are none, but for a read that does not wait. */
static void wake_at_bytes(struct end *near, struct end *far)
{
	struct call reader, poller;
	int a, b;

	in_session(near, &a, far, &b, 0);
	tunes(far, b, 1000, 0);
	IS(end_give(near, a, 999, 0), 999);
	IS(end_events(far, b), POLLOUT);
	reader = begin_take(far, b, 4096, 0);
	poller = begin_poll(far, b, POLLIN);
	CHECK(call_waits(&reader));
	CHECK(call_waits(&poller));
	IS(end_give(near, a, 1, 999), 1);
	IS(call_result(&reader), 1000);
	call_free(&reader);
	IS(end_give(near, a, 1000, 0), 1000);
	IS(call_result(&poller), POLLIN);
	call_free(&poller);
	IS(end_take(far, b, 4096, 0), 1000);

	IS(end_nonblock(far, b, true), 0);
	says(near, a, "few");
	IS(end_events(far, b), POLLOUT);
	CHECK(hears(far, b, "few"));
}

/* What stands in the ring counts, headers too; a read is of one packet all the same. */
static void wake_at_packets(struct end *near, struct end *far)
{
	struct call reader;
	int a, b;

	in_session(near, &a, far, &b, 0);
	tunes(far, b, 1500, 0);
	IS(end_give(near, a, 746, 0), 746);
	IS(end_give(near, a, 745, 1), 745);
	IS(end_events(far, b), POLLOUT);
	reader = begin_take(far, b, 4096, 0);
	CHECK(call_waits(&reader));
	IS(end_give(near, a, 1, 2), 1);
	IS(call_result(&reader), 746);
	call_free(&reader);
	reader = begin_take(far, b, 4096, 1);
	CHECK(call_waits(&reader));
	IS(end_nonblock(far, b, true), 0);
	IS(end_close(near, a), 0);
	IS(call_result(&reader), 745);
	call_free(&reader);
	IS(end_take(far, b, 4096, 2), 1);
	IS(end_read(far, b, 1), 0);
}

/* Who waits for little is not held up by who waits for more. */
static void wake_each_reader(struct end *near, struct end *far)
{
	struct call little, more;
	int a, b;

	in_session(near, &a, far, &b, 0);
	tunes(far, b, 1000, 0);
	little = begin_read(far, b, 3);
	CHECK(call_waits(&little));
	more = begin_read(far, b, 4096);
	CHECK(call_waits(&more));
	says(near, a, "few");
	CHECK(call_hears(&little, "few"));
	CHECK(call_waits(&more));
	IS(end_give(near, a, 1000, 0), 1000);
	IS(call_result(&more), 1000);
	call_free(&more);
}

/* A read of less than that waits for what it asked for. */
static void wake_at_what_is_asked(struct end *near, struct end *far)
{
	struct call reader;
	int a, b;

	in_session(near, &a, far, &b, 0);
	tunes(far, b, 1000, 0);
	IS(end_give(near, a, 9, 0), 9);
	reader = begin_take(far, b, 10, 0);
	CHECK(call_waits(&reader));
	IS(end_give(near, a, 1, 9), 1);
	IS(call_result(&reader), 10);
	call_free(&reader);
}

/* The writer may be waiting for the other half. */
static void wake_at_half_at_most(struct end *near, struct end *far)
{
	struct call reader;
	int a, b;

	in_session(near, &a, far, &b, 0);
	tunes(far, b, ~0u, ~0u);
	IS(end_give(near, a, setting.ring / 2 - 1, 0), setting.ring / 2 - 1);
	reader = begin_take(far, b, setting.ring, 0);
	CHECK(call_waits(&reader));
	IS(end_give(near, a, 1, setting.ring / 2 - 1), 1);
	IS(call_result(&reader), setting.ring / 2);
	call_free(&reader);
	tunes(near, a, ~0u, ~0u);
	IS(end_events(near, a), POLLOUT);
}

/* What comes before an end is enough, be it of the session or of the direction. */
static void wake_at_the_end(struct end *near, struct end *far)
{
	struct mydevice_shutdown shutdown = { .how = MYDEVICE_SHUT_WRITE };
	struct call reader;
	int a, b;

	for (int closes = 0; closes < 2; closes++) {
		in_session(near, &a, far, &b, 0);
		tunes(far, b, 1000, 0);
		says(near, a, "few");
		reader = begin_read(far, b, 4096);
		CHECK(call_waits(&reader));
		if (closes)
			IS(end_close(near, a), 0);
		else
			IS(IOCTL(near, a, MYDEVICE_IOC_SHUTDOWN, shutdown), 0);
		CHECK(call_hears(&reader, "few"));
		IS(end_read(far, b, 100), 0);
		if (!closes)
			IS(end_close(near, a), 0);
		IS(end_close(far, b), 0);
	}
}

static void wake_at_room(struct end *near, struct end *far)
{
	long ring = setting.ring;
	struct call poller;
	int a, b;

	in_session(near, &a, far, &b, O_NONBLOCK);
	IS(end_give(near, a, ring, 0), ring);
	for (int i = 0; i < 2; i++) {
		/* a little, then nearly half */
		long want = i ? ring / 2 - 100 : 200;

		tunes(near, a, 0, want);
		poller = begin_poll(near, a, POLLOUT);
		IS(end_take(far, b, want - 1, 0), want - 1);
		CHECK(call_waits(&poller));
		IS(end_take(far, b, 1, want - 1), 1);
		IS(call_result(&poller), POLLOUT);
		call_free(&poller);
		/* full again, with a pattern that begins where the reader will */
		IS(end_close(near, a), 0);
		IS(end_close(far, b), 0);
		in_session(near, &a, far, &b, O_NONBLOCK);
		IS(end_give(near, a, ring, 0), ring);
	}
}

/* Who sleeps already is woken by the new threshold. */
static void wake_anew(struct end *near, struct end *far)
{
	struct call reader;
	int a, b;

	in_session(near, &a, far, &b, 0);
	tunes(far, b, 1000, 0);
	says(near, a, "few");
	reader = begin_read(far, b, 4096);
	CHECK(call_waits(&reader));
	tunes(far, b, 3, 0);
	CHECK(call_hears(&reader, "few"));
}

static void tune_is_of_an_open(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, 0);
	tunes(far, b, 1000, 0);
	IS(end_close(far, b), 0);
	IS(end_read(near, a, 1), 0);
	b = opened(far, O_RDWR);
	IS(end_becomes(near, a, POLLOUT), POLLOUT);
	says(near, a, "few");
	IS(end_becomes(far, b, POLLIN | POLLOUT), POLLIN | POLLOUT);
	CHECK(hears(far, b, "few"));
}

/* All of it is set anew, and what cannot be set leaves all as it was. */
static void tune_arguments(struct end *near, struct end *far)
{
	struct mydevice_tune tune = { .flags = 1u << 31, .rx_wake = 1 };
	int a, b;

	in_session(near, &a, far, &b, O_NONBLOCK);
	tunes(far, b, 1000, 0);
	for (int bit = 2; bit < 32; bit++) {
		tune.flags = 1u << bit;
		IS(IOCTL(far, b, MYDEVICE_IOC_TUNE, tune), -EINVAL);
	}
	says(near, a, "few");
	IS(end_events(far, b), POLLOUT);
	tune.flags = 0;
	tune.rx_wake = 0;
	tune.spin_usec = MYDEVICE_SPIN_NEVER;
	IS(IOCTL(far, b, MYDEVICE_IOC_TUNE, tune), 0);
	IS(end_becomes(far, b, POLLIN | POLLOUT), POLLIN | POLLOUT);
}

const struct row tune_rows[] = {
	{ "wake-at-bytes", STREAM, wake_at_bytes },
	{ "wake-at-packets", PACKET, wake_at_packets },
	{ "wake-each-reader", STREAM, wake_each_reader },
	{ "wake-at-what-is-asked", STREAM, wake_at_what_is_asked },
	{ "wake-at-half-at-most", STREAM, wake_at_half_at_most },
	{ "wake-at-the-end", BOTH, wake_at_the_end },
	{ "wake-at-room", STREAM, wake_at_room },
	{ "wake-anew", BOTH, wake_anew },
	{ "tune-is-of-an-open", BOTH, tune_is_of_an_open },
	{ "tune-arguments", BOTH, tune_arguments },
	{}
};
