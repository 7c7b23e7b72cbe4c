// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A message there and one back, one at a time, and how long each took.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define WARM_UP		20

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

void percentile_sort(uint64_t *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
}

uint64_t percentile(const uint64_t *sorted, size_t n, double p)
{
	return sorted[(size_t)(p / 100 * (n - 1) + 0.5)];
}

static int trip(struct channel *ch, const struct job *job, uint8_t *buf, uint8_t mark)
{
	memset(buf, mark, job->size);
	if (channel_send(ch, buf, job->size))
		return failed("ping");
	buf[0] = buf[job->size - 1] = ~mark;
	if (channel_receive(ch, buf, job->size))
		return failed("no pong");
	errno = 0;
	if (buf[0] != mark || buf[job->size - 1] != mark)
		return failed("the pong is not the ping");
	return 0;
}

static int ping(struct channel *ch, const struct job *job, uint64_t *took, uint8_t *buf,
		struct meter *meter)
{
	for (unsigned int i = 0; i < WARM_UP; i++)
		if (trip(ch, job, buf, i))
			return -1;
	ch->calls = 0;
	if (meter_start(meter))
		return -1;
	for (unsigned int i = 0; i < job->count; i++) {
		uint64_t start = meter_now();

		if (trip(ch, job, buf, i))
			return -1;
		took[i] = meter_now() - start;
	}
	if (meter_stop(meter))
		return -1;
	meter_finish(meter, ch);
	percentile_sort(took, job->count);
	printf("{\"count\": %u, \"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, \"min\": %.3f"
	       ", \"calls\": %" PRIu64, job->count, percentile(took, job->count, 50) / 1e3,
	       percentile(took, job->count, 90) / 1e3, percentile(took, job->count, 99) / 1e3,
	       took[0] / 1e3, ch->calls);
	meter_report(meter);
	return 0;
}

static int pong(struct channel *ch, const struct job *job, uint8_t *buf)
{
	for (unsigned int i = 0; i < WARM_UP + job->count; i++)
		if (channel_receive(ch, buf, job->size) || channel_send(ch, buf, job->size))
			return failed("pong");
	printf("{\"count\": %u}\n", job->count);
	return 0;
}

int roundtrip_ping(const struct job *job)
{
	uint64_t *took = calloc(job->count ? job->count : 1, sizeof(*took));
	uint8_t *buf = malloc(job->size ? job->size : 1);
	struct channel *ch = channel_open(job);
	struct meter meter;
	int r = -1;

	if (!took || !buf || !ch || !job->count || !job->size) {
		failed("opening %s %s", job->transport, job->path);
	} else {
		meter_prepare(&meter, job, ch);
		r = ping(ch, job, took, buf, &meter);
	}
	channel_close(ch);
	free(buf);
	free(took);
	return r;
}

int roundtrip_pong(const struct job *job)
{
	uint8_t *buf = malloc(job->size ? job->size : 1);
	struct channel *ch = channel_open(job);
	int r = -1;

	if (!buf || !ch || !job->size)
		failed("opening %s %s", job->transport, job->path);
	else
		r = pong(ch, job, buf);
	channel_close(ch);
	free(buf);
	return r;
}
