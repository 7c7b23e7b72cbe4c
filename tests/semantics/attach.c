// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows about the device: it goes and comes back, it goes for good, its peer lies.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <stdio.h>
#include <uapi/linux/mydevice.h>

#include "row.h"

/* What is done to one end's driver: a verb and the end. */
static bool does(const char *verb, const struct end *end)
{
	char line[64];

	snprintf(line, sizeof(line), "%s %s", verb, end->name);
	return control(line);
}

/* The far driver is bound anew: as if the peer had closed and opened again. */
static void peer_is_bound_anew(struct end *near, struct end *far)
{
	struct call reader;
	int a, b;

	in_session(near, &a, far, &b, 0);
	says(far, b, "kept");
	CHECK(does("unbind", far));
	CHECK(hears(near, a, "kept"));
	IS(end_read(near, a, 100), 0);
	IS(end_nonblock(near, a, true), 0);
	IS(end_becomes(near, a, 0), 0);
	IS(end_nonblock(near, a, false), 0);
	/* the far descriptor was of a device that is no more */
	IS(end_becomes(far, b, HUP_EVENTS), HUP_EVENTS);
	IS(end_read(far, b, 100), 0);
	IS(end_read(far, b, 100), 0);
	IS(end_write(far, b, "x", 1), -ENODEV);
	IS(end_becomes(far, b, POLLERR | POLLHUP), POLLERR | POLLHUP);
	IS(end_read(far, b, 100), -ENODEV);
	IS(end_write(far, b, "x", 1), -ENODEV);
	IS(end_close(far, b), 0);
	reader = begin_read(near, a, 100);
	CHECK(does("bind", far));
	b = opened(far, O_RDWR);
	CHECK(call_waits(&reader));
	says(far, b, "fresh");
	CHECK(call_hears(&reader, "fresh"));
	says(near, a, "too");
	CHECK(hears(far, b, "too"));
}

/* Calls that wait are woken, all of them, when the device goes for good. */
static void detach_wakes(struct end *near, struct end *far)
{
	struct mydevice_wait wait = { .timeout_msec = -1 };
	struct call calls[3];
	int a = opened(near, O_RDWR);

	(void)far;
	calls[0] = begin_read(near, a, 100);
	calls[1] = begin_write(near, a, "x", 1);
	calls[2] = call_begin(near, OP_IOCTL, &wait, sizeof(wait), a, MYDEVICE_IOC_WAIT, 0, 0);
	for (int i = 0; i < 3; i++)
		CHECK(call_waits(&calls[i]));
	CHECK(does("unbind", near));
	for (int i = 0; i < 3; i++) {
		IS(call_result(&calls[i]), -ENODEV);
		call_free(&calls[i]);
	}
	IS(end_open(near, O_RDWR), -ENOENT);
	IS(end_close(near, a), 0);
	CHECK(does("bind", near));
}

/* A node that was made for a channel that is gone opens no other one. */
static void minor_is_not_reused(struct end *near, struct end *far)
{
	char output[256];

	(void)far;
	IS(runs(near, "rm -f /dev/mydevice-old && "
		      "mknod /dev/mydevice-old c $((0x$(stat -L -c %t \"$NODE\"))) "
		      "$((0x$(stat -L -c %T \"$NODE\")))",
		output, sizeof(output)), 0);
	CHECK(does("unbind", near));
	CHECK(does("bind", near));
	CHECK(runs(near, ": </dev/mydevice-old", output, sizeof(output)) > 0);
	CHECK(strstr(output, "No such device or address"));
	IS(runs(near, "rm /dev/mydevice-old", output, sizeof(output)), 0);
}

/* An impossible index: EPROTO once, in place of the end of file; then a new link. */
static void peer_lies(struct end *near, struct end *far)
{
	struct mydevice_info info = {};
	int a, b;

	in_session(near, &a, far, &b, 0);
	CHECK(does("lie", far));
	IS(end_becomes(near, a, HUP_EVENTS | POLLERR), HUP_EVENTS | POLLERR);
	IS(end_write(near, a, "x", 1), -EPROTO);
	IS(end_read(near, a, 100), -EPROTO);
	IS(end_nonblock(near, a, true), 0);
	IS(end_read(near, a, 100), 0);
	IS(IOCTL(near, a, MYDEVICE_IOC_INFO, info), 0);
	IS(info.stats.errors, 1);
	IS(info.tx_ring, 0);
	IS(end_becomes(far, b, HUP_EVENTS), HUP_EVENTS);
	IS(end_read(far, b, 100), 0);
	CHECK(does("bind", near));
	/* both stay */
	IS(end_events(far, b), HUP_EVENTS);
	IS(end_events(far, b) & ~POLLOUT, 0);
	IS(end_becomes(near, a, POLLOUT), POLLOUT);
	says(far, b, "honest");
	IS(end_becomes(near, a, POLLIN | POLLOUT), POLLIN | POLLOUT);
	CHECK(hears(near, a, "honest"));
}

const struct row attach_rows[] = {
	{ "peer-is-bound-anew", BOTH | CONTROL, peer_is_bound_anew },
	{ "detach-wakes", BOTH | CONTROL, detach_wakes },
	{ "minor-is-not-reused", STREAM | CONTROL, minor_is_not_reused },
	{ "peer-lies", BOTH | LIES, peer_lies },
	{}
};
