// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows about counters and tracepoints.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>
#include <uapi/linux/mydevice.h>
#include <xen/io/mydevice.h>

#include "row.h"

#define EVENTS	"/sys/kernel/tracing/events/mydevice"

/* A line for each of a node's counters. */
#define STATISTICS \
	"cd /sys/dev/char/$(printf '%d:%d' $(stat -L -c '0x%t 0x%T' \"$NODE\"))/statistics && " \
	"for name in *; do echo \"$name $(cat $name)\"; done"

static const struct {
	const char *name;
	size_t offset;
} counters[] = {
#define FLOW(way, name)	{ #way "_" #name, offsetof(struct mydevice_stats, way.name) }
#define FLOWS(way)	FLOW(way, bytes), FLOW(way, messages), FLOW(way, notified), \
			FLOW(way, suppressed), FLOW(way, sleeps), FLOW(way, spins), \
			FLOW(way, stalls)
	FLOWS(tx),
	FLOWS(rx),
	{ "sessions", offsetof(struct mydevice_stats, sessions) },
	{ "events", offsetof(struct mydevice_stats, events) },
	{ "spurious", offsetof(struct mydevice_stats, spurious) },
	{ "errors", offsetof(struct mydevice_stats, errors) },
};

static uint64_t counter_at(const struct mydevice_stats *stats, size_t offset)
{
	uint64_t value;

	memcpy(&value, (const char *)stats + offset, sizeof(value));
	return value;
}

static struct mydevice_stats stats_of(struct end *end, int fd)
{
	struct mydevice_info info = {};

	IS(IOCTL(end, fd, MYDEVICE_IOC_INFO, info), 0);
	return info.stats;
}

static void counters_of_traffic(struct end *near, struct end *far)
{
	uint32_t header = setting.packet ? sizeof(struct mydevice_packet) : 0;
	struct mydevice_stats x, y, x0, y0;
	int a, b;

	in_session(near, &a, far, &b, 0);
	x0 = stats_of(near, a);
	y0 = stats_of(far, b);
	for (int i = 0; i < 10; i++) {
		IS(end_give(near, a, 100, 0), 100);
		IS(end_take(far, b, 100, 0), 100);
	}
	x = stats_of(near, a);
	y = stats_of(far, b);
	IS(x.tx.bytes - x0.tx.bytes, 10 * (100 + header));
	IS(x.tx.messages - x0.tx.messages, 10);
	IS(y.rx.bytes - y0.rx.bytes, 10 * (100 + header));
	IS(y.rx.messages - y0.rx.messages, 10);
	/* every publish either told the other end or did not need to */
	IS(x.tx.notified + x.tx.suppressed - x0.tx.notified - x0.tx.suppressed, 10);
	IS(y.rx.notified + y.rx.suppressed - y0.rx.notified - y0.rx.suppressed, 10);
	IS(x.rx.bytes - x0.rx.bytes, 0);
	IS(y.tx.bytes - y0.tx.bytes, 0);
	IS(x.sessions, x0.sessions);
	IS(x.errors, 0);
}

/* Until a reader has looked in vain: a busy machine may take long to begin. */
static void await_stall(struct end *end, int fd, uint64_t before)
{
	int waited = 0;

	while (stats_of(end, fd).rx.stalls == before && waited < END_SOON) {
		usleep(20000);
		waited += 20;
	}
}

static void counters_of_waiting(struct end *near, struct end *far)
{
	struct mydevice_stats x, x0;
	struct call reader;
	int a, b;

	in_session(near, &a, far, &b, 0);
	x0 = stats_of(near, a);
	reader = begin_read(near, a, 100);
	await_stall(near, a, x0.rx.stalls);
	CHECK(call_waits(&reader));
	says(far, b, "awake");
	CHECK(call_hears(&reader, "awake"));
	x = stats_of(near, a);
	IS(x.rx.sleeps - x0.rx.sleeps, 1);
	CHECK(x.rx.stalls > x0.rx.stalls);
	CHECK(x.events > x0.events);
	IS(end_nonblock(near, a, true), 0);
	x0 = stats_of(near, a);
	while (end_give(near, a, setting.ring / 4, 0) > 0)
		;
	CHECK(stats_of(near, a).tx.stalls > x0.tx.stalls);
	IS(end_close(far, b), 0);
	IS(end_becomes(near, a, HUP_EVENTS), HUP_EVENTS);
	IS(end_read(near, a, 1), 0);
	b = opened(far, O_RDWR);
	IS(end_becomes(near, a, POLLOUT), POLLOUT);
	IS(stats_of(near, a).sessions - x0.sessions, 1);
}

/* In sysfs is what the ioctl says, for all of them. */
static void counters_in_sysfs(struct end *near, struct end *far)
{
	char output[2048], *line, name[32];
	struct mydevice_stats stats;
	unsigned long long value;
	size_t count = 0;
	int a, b;

	in_session(near, &a, far, &b, 0);
	says(near, a, "something");
	says(far, b, "something else");
	CHECK(hears(near, a, "something else"));
	stats = stats_of(near, a);
	IS(runs(near, STATISTICS, output, sizeof(output)), 0);
	for (line = strtok(output, "\n"); line; line = strtok(NULL, "\n")) {
		CHECK(sscanf(line, "%31s %llu", name, &value) == 2);
		for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++) {
			if (strcmp(name, counters[i].name))
				continue;
			if (value != counter_at(&stats, counters[i].offset))
				printf("  %s\n", name);
			IS(value, counter_at(&stats, counters[i].offset));
			count++;
		}
	}
	IS(count, sizeof(counters) / sizeof(*counters));
}

/* Each fires for what it is about. */
static void tracepoints(struct end *near, struct end *far)
{
	static const char *const names[] = {
		"myd_produced", "myd_consumed", "myd_event", "myd_waited", "myd_session",
	};
	char output[65536];
	struct call reader;
	int a, b;

	runs(near, "mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null", output,
	     sizeof(output));
	IS(runs(near, "echo >/sys/kernel/tracing/trace; echo 1 >" EVENTS "/enable; ls " EVENTS,
		output, sizeof(output)), 0);
	CHECK(strstr(output, "myd_broken"));
	in_session(near, &a, far, &b, 0);
	reader = begin_read(near, a, 100);
	CHECK(call_waits(&reader));
	says(far, b, "traced");
	CHECK(call_hears(&reader, "traced"));
	says(near, a, "traced too");
	IS(runs(near, "echo 0 >" EVENTS "/enable; cat /sys/kernel/tracing/trace", output,
		sizeof(output)), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!strstr(output, names[i]))
			printf("  no %s in: %s\n", names[i], output);
		CHECK(strstr(output, names[i]));
	}
	CHECK(strstr(output, setting.packet ? "len=14 messages=1" : "len=10 messages=1"));
	runs(near, "echo >/sys/kernel/tracing/trace", output, sizeof(output));
}

const struct row counter_rows[] = {
	{ "counters-of-traffic", BOTH, counters_of_traffic },
	{ "counters-of-waiting", BOTH, counters_of_waiting },
	{ "counters-in-sysfs", BOTH, counters_in_sysfs },
	{ "tracepoints", BOTH, tracepoints },
	{}
};
