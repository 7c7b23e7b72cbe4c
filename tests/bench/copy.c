// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a byte costs at least: one copy of it, by one program in one domain.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

int copy_inside(const struct job *job)
{
	uint8_t *from = malloc(job->size), *to = malloc(job->size);
	struct meter meter;
	int r;

	if (!job->size || !from || !to) {
		free(from);
		free(to);
		return failed("memory to copy");
	}
	memset(from, 0x5a, job->size);
	memset(to, 0, job->size);
	meter_prepare(&meter, job, NULL);
	r = meter_start(&meter);
	for (uint64_t done = 0; !r && done < job->bytes; done += job->size) {
		memcpy(to, from, job->size);
		/* each of them is to be done */
		__asm__ volatile("" : : "r"(to) : "memory");
	}
	r = r ?: meter_stop(&meter);
	meter_finish(&meter, NULL);
	if (!r) {
		printf("{\"bytes\": %" PRIu64 ", \"calls\": 0, \"verified\": %s", job->bytes,
		       memcmp(from, to, job->size) ? "false" : "true");
		meter_report(&meter);
	}
	free(from);
	free(to);
	return r;
}
