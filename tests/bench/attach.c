// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Channels asked for as any program of a guest may: by nodes in XenStore. How
 * long it takes is measured where it is waited for, in the guest.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "store.h"

#define WAIT_NS		UINT64_C(20000000000)

enum { GONE = 0, INITIALISED = 1, CONNECTED = 4 };

struct paths {
	char request[64];
	char frontend[64];
};

static void paths_of(unsigned int devid, struct paths *ret)
{
	snprintf(ret->request, sizeof(ret->request), "data/mydevice/%u", devid);
	snprintf(ret->frontend, sizeof(ret->frontend), "device/mydevice/%u", devid);
}

/* Until the frontend's state is @state or a later one. */
static int await(const struct paths *paths, int state)
{
	uint64_t until = meter_now() + WAIT_NS;

	while (meter_now() < until) {
		int found = store_number(paths->frontend, "state");

		if (found < 0)
			return -1;
		if (state == GONE ? found == GONE : found >= state)
			return 0;
		if (store_wait(1000))
			return -1;
	}
	errno = ETIMEDOUT;
	return -1;
}

static int ask(const struct job *job, const struct paths *paths)
{
	char ring[16];

	snprintf(ring, sizeof(ring), "%u", job->ring);
	if (store_write(paths->request, "name", job->name) ||
	    (job->ring && store_write(paths->request, "ring-size", ring)) ||
	    (!strcmp(job->mode, "packet") && store_write(paths->request, "mode", job->mode)))
		return -1;
	return store_write(paths->request, "request", "1");
}

/* A channel of this name, ring and mode, as device @devid, to be kept. */
int attach_request(const struct job *job)
{
	struct paths paths;

	paths_of(job->devid, &paths);
	if (store_open() || store_watch(paths.frontend, true))
		return failed("watching for channel %s", job->name);
	if (ask(job, &paths) || await(&paths, CONNECTED))
		return failed("asking for channel %s", job->name);
	if (store_watch(paths.frontend, false))
		return failed("watching no more");
	puts("{\"connected\": true}");
	return 0;
}

static int once(const struct job *job, const struct paths *paths, uint64_t took[2])
{
	uint64_t start = meter_now();

	if (ask(job, paths) || await(paths, INITIALISED))
		return -1;
	took[0] = meter_now() - start;
	if (await(paths, CONNECTED))
		return -1;
	took[1] = meter_now() - start;
	return store_remove(paths->request) ?: await(paths, GONE);
}

/*
 * As above @count times, each taken back: seconds to the nodes and to Connected. An id that was
 * just in use rests for a while, so each is another, from @devid on; and the host still has to do
 * with one that went, so there is a pause.
 */
int attach_measure(const struct job *job)
{
	uint64_t (*took)[2] = calloc(job->count ? job->count : 1, sizeof(*took));
	const struct timespec pause = { .tv_sec = 1 };
	struct paths paths;
	int r = took ? 0 : -1;

	if (r || store_open()) {
		free(took);
		return failed("watching for channel %s", job->name);
	}
	for (unsigned int i = 0; !r && i < job->count; i++) {
		paths_of(job->devid + i, &paths);
		nanosleep(&pause, NULL);
		r = store_watch(paths.frontend, true) ?: once(job, &paths, took[i]) ?:
		    store_watch(paths.frontend, false);
	}
	if (r) {
		failed("attaching channel %s", job->name);
	} else {
		printf("{\"attached\": [");
		for (unsigned int i = 0; i < job->count; i++)
			printf("%s[%.6f, %.6f]", i ? ", " : "", took[i][0] / 1e9, took[i][1] / 1e9);
		puts("]}");
	}
	free(took);
	return r;
}
