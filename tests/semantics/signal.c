// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows about signals: EINTR, partial counts, SIGIO.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <stdio.h>
#include <unistd.h>
#include <uapi/linux/mydevice.h>

#include "row.h"

static void interrupted(struct end *near, struct end *far)
{
	struct mydevice_wait wait = { .timeout_msec = -1 };
	int a = opened(near, O_RDWR);
	struct call calls[] = {
		begin_read(near, a, 100),
		begin_write(near, a, "x", 1),
		call_begin(near, OP_IOCTL, &wait, sizeof(wait), a, MYDEVICE_IOC_WAIT, 0, 0),
	};

	(void)far;
	for (int i = 0; i < 3; i++) {
		CHECK(call_waits(&calls[i]));
		call_interrupt(&calls[i]);
		IS(call_result(&calls[i]), -EINTR);
		call_free(&calls[i]);
	}
}

static void interrupted_in_session(struct end *near, struct end *far)
{
	struct call reader;
	int a, b;

	in_session(near, &a, far, &b, 0);
	reader = begin_read(near, a, 100);
	CHECK(call_waits(&reader));
	call_interrupt(&reader);
	IS(call_result(&reader), -EINTR);
	call_free(&reader);
	says(far, b, "kept");
	CHECK(hears(near, a, "kept"));
}

/* A write that has begun says how far it got. */
static void interrupted_write(struct end *near, struct end *far)
{
	struct call writer;
	int a, b;

	in_session(near, &a, far, &b, 0);
	writer = begin_give(near, a, setting.ring + 5000, 0);
	CHECK(call_waits(&writer));
	await_full(near, a);
	call_interrupt(&writer);
	IS(call_result(&writer), setting.ring);
	call_free(&writer);
	writer = begin_give(near, a, 5000, setting.ring);
	CHECK(call_waits(&writer));
	call_interrupt(&writer);
	IS(call_result(&writer), -EINTR);
	call_free(&writer);
	IS(end_do(far, OP_CONSUME, NULL, 0, b, setting.ring, 4096, 0), setting.ring);
	IS(end_nonblock(far, b, true), 0);
	IS(end_read(far, b, 1), -EAGAIN);
}

/*
 * What happens to a program that nobody means as a signal: a stop, and the freezer, as
 * for a checkpoint or a suspend. The shell is a child of the agent.
 */
static const char *const pauses[] = {
	"kill -STOP $PPID; sleep .1; kill -CONT $PPID",
	"set -e; mkdir -p /tmp/freezer; grep -q /tmp/freezer /proc/mounts ||"
	" mount -t cgroup -o freezer freezer /tmp/freezer; mkdir -p /tmp/freezer/row;"
	" cd /tmp/freezer/row; echo $PPID >cgroup.procs; echo FROZEN >freezer.state;"
	" until grep -q FROZEN freezer.state; do sleep .01; done; sleep .1;"
	" echo THAWED >freezer.state; echo $PPID >../cgroup.procs",
};

#define FREEZER	1

static void pause_agent(struct end *end, int pause)
{
	char output[256];

	if (IS(runs(end, pauses[pause], output, sizeof(output)), 0))
		printf("  %s\n", output);
}

/* No call returns that waits for the peer. */
static void paused_while_waiting(struct end *near, struct end *far)
{
	struct mydevice_wait wait = { .timeout_msec = -1 }, timed = { .timeout_msec = 60000 };

	for (int pause = 0; pause <= FREEZER; pause++) {
		int a = opened(near, O_RDWR), b;
		struct call calls[] = {
			begin_read(near, a, 100),
			begin_write(near, a, "x", 1),
			call_begin(near, OP_IOCTL, &wait, sizeof(wait), a, MYDEVICE_IOC_WAIT, 0, 0),
			call_begin(near, OP_IOCTL, &timed, sizeof(timed), a, MYDEVICE_IOC_WAIT, 0,
				   0),
		};

		for (int i = 0; i < 4; i++)
			CHECK(call_waits(&calls[i]));
		pause_agent(near, pause);
		for (int i = 0; i < 4; i++)
			CHECK(call_waits(&calls[i]));
		b = opened(far, O_RDWR);
		says(far, b, "awake");
		CHECK(call_hears(&calls[0], "awake"));
		IS(call_result(&calls[1]), 1);
		IS(call_result(&calls[2]), 0);
		IS(call_result(&calls[3]), 0);
		for (int i = 1; i < 4; i++)
			call_free(&calls[i]);
		IS(end_close(near, a), 0);
		IS(end_close(far, b), 0);
	}
}

/* A write that has moved a part goes on after the freezer. */
static void frozen_write(struct end *near, struct end *far)
{
	struct call writer;
	long total = 2L * setting.ring;
	int a, b;

	in_session(near, &a, far, &b, 0);
	writer = begin_give(near, a, total, 0);
	CHECK(call_waits(&writer));
	await_full(near, a);
	pause_agent(near, FREEZER);
	CHECK(call_waits(&writer));
	IS(end_do(far, OP_CONSUME, NULL, 0, b, total, 4096, 0), total);
	IS(call_result(&writer), total);
	call_free(&writer);
}

/* At least one signal since the last time, soon. */
static bool signalled(struct end *end)
{
	for (int i = 0; i < 200; i++) {
		if (end_do(end, OP_SIGIO_COUNT, NULL, 0, 0, 0, 0, 0) > 0)
			return true;
		usleep(10000);
	}
	return false;
}

/* Also if the one before left bytes behind, and before the first read. */
static void sigio(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, O_NONBLOCK);
	says(far, b, "unread");
	IS(end_close(near, a), 0);
	IS(end_close(far, b), 0);
	in_session(near, &a, far, &b, O_NONBLOCK);
	IS(end_do(near, OP_SIGIO, NULL, 0, a, 0, 0, 0), 0);
	for (int i = 0; i < 5; i++) {
		says(far, b, "signal");
		CHECK(signalled(near));
		CHECK(hears(near, a, "signal"));
		IS(end_read(near, a, 1), -EAGAIN);
	}
	IS(end_close(far, b), 0);
	CHECK(signalled(near));
	IS(end_read(near, a, 1), 0);
	b = opened(far, O_RDWR);
	CHECK(signalled(near));
}

/* The first bytes after the file asked for signals, whoever had read before. */
static void sigio_first(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, 0);
	says(far, b, "four");
	IS(end_read(near, a, 4), 4);
	IS(end_do(near, OP_SIGIO, NULL, 0, a, 0, 0, 0), 0);
	says(far, b, "signal");
	CHECK(signalled(near));
	CHECK(hears(near, a, "signal"));
}

const struct row signal_rows[] = {
	{ "interrupted", BOTH, interrupted },
	{ "interrupted-in-session", BOTH, interrupted_in_session },
	{ "interrupted-write", STREAM, interrupted_write },
	{ "paused-while-waiting", BOTH, paused_while_waiting },
	{ "frozen-write", STREAM, frozen_write },
	{ "sigio", BOTH, sigio },
	{ "sigio-first", BOTH, sigio_first },
	{}
};
