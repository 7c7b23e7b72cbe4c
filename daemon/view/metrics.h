/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is counted, and how monitoring reads it. Pure. */
#ifndef ATTACHD_METRICS_H
#define ATTACHD_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/escape.h"
#include "base/util.h"
#include "model/request-log.h"

enum counter {
	COUNT_ATTACHED,
	COUNT_DETACHED,
	COUNT_FORCED,			/* detached, without the drivers' consent */
	COUNT_HOTPLUG_FAILED,		/* scripts, at attaching or detaching */
	COUNT_DENIED,			/* requests */
	COUNT_INVALID,			/* requests with an error */
	COUNT_PAUSES,			/* of guests that were over their share */
	COUNT_LINES_LEFT_OUT,
	COUNT_SHUNNED,			/* guests that held up XenStore */
	COUNT_STORE_LOST,
	COUNT_RELOADS,
	COUNT_BAD_RELOADS,
	COUNT_MAX,
};

#define HISTOGRAM_BUCKETS 12

struct histogram {
	uint64_t counts[HISTOGRAM_BUCKETS + 1];	/* the last: above all bounds */
	uint64_t sum_usec;
};

/* Of one guest, while it lives. */
struct guest_counts {
	unsigned int domid;
	struct escaped guest;
	uint64_t requests;		/* answered */
	uint64_t refused;
	uint64_t pauses;
};

struct metrics {
	bool store_connected, facts_degraded;
	bool policy_is_bad, policy_is_saved_one, policy_is_missing, policy_is_unsaved;
	unsigned int guests, devices, connected;
	uint64_t silent_usec;
	uint64_t served;
	uint64_t counters[COUNT_MAX];
	unsigned int not_granted[REQUEST_STATES], withdrawn;	/* requests */
	struct histogram written, connected_after;
};

/* Of more guests than these only a sum is told. */
#define METRICS_GUESTS_MAX 200

enum metrics_format {
	METRICS_OPENMETRICS,
	METRICS_PROMETHEUS,		/* its older text format, which node_exporter reads */
};

void histogram_add(struct histogram *histogram, uint64_t usec);

/* Sorts the guests. */
void metrics_print(FILE *to, enum metrics_format format, const struct metrics *metrics,
		   struct guest_counts *guests, size_t n_guests);

#endif
