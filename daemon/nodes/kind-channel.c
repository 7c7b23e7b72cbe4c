// SPDX-License-Identifier: GPL-2.0-or-later
/* A channel: class mydevice, a stream or packets. */
#include <stdio.h>

#include "model/live.h"
#include "nodes/kind.h"

/*
 * What makes a channel. In the frontend's directory, too: who serves it owns the
 * other one, and could give it the name of a channel that somebody else serves.
 */
static int identity(const struct record *record, const char *direction, bool of_backend,
		    kind_add_fn add, void *userdata)
{
	const char *mode = of_backend ? channel_mode_of_backend(record->mode, direction) :
					channel_mode_name(record->mode);
	int r = add("name", record->name, userdata);

	return r < 0 ? r : add("mode", mode, userdata);
}

static int backend(const struct kind_plan *plan, kind_add_fn add, void *userdata)
{
	char ring_size[16];
	int r;

	r = *plan->link_guest ? add("guest", plan->link_guest, userdata) : 0;
	if (r < 0)
		return r;
	snprintf(ring_size, sizeof(ring_size), "%u", plan->record->ring_size);
	r = add("ring-size", ring_size, userdata);
	for (enum live_key key = 0; r == 0 && key < LIVE_MAX; key++) {
		const char *value = plan->settings->live[key];

		if (value && *value)
			r = add(live_name(key), value, userdata);
	}
	return r;
}

static void describe(const struct device_key *key, const struct record *record, char *ret,
		     size_t size)
{
	snprintf(ret, size, "%s, ring size %u bytes, written %llu us after the request",
		 channel_mode_name(record->mode), record->ring_size,
		 (unsigned long long)record->written_usec);
}

const struct kind kind_channel = {
	.noun = "channel",
	.any_devid = true,
	.has_node = true,
	.has_live = true,
	.has_steps = true,
	.follows = true,
	.identity = identity,
	.backend = backend,
	.describe = describe,
};
