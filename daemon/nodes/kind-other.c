// SPDX-License-Identifier: GPL-2.0-or-later
/* A device of a class that the policy names: its drivers are somebody else's. */
#include <stdio.h>

#include "nodes/kind.h"

static int list(const struct policy_settings *settings, bool of_backend, kind_add_fn add,
		void *userdata)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < settings->n_nodes; i++)
		if (settings->nodes[i].backend == of_backend)
			r = add(settings->nodes[i].name, settings->nodes[i].value, userdata);
	return r;
}

static int frontend(const struct kind_plan *plan, kind_add_fn add, void *userdata)
{
	return list(plan->settings, false, add, userdata);
}

static int backend(const struct kind_plan *plan, kind_add_fn add, void *userdata)
{
	return list(plan->settings, true, add, userdata);
}

static void describe(const struct device_key *key, const struct record *record, char *ret,
		     size_t size)
{
	snprintf(ret, size, "class %s, served by domain %u, written after %llu us", key->class,
		 key->backend, (unsigned long long)record->written_usec);
}

const struct kind kind_other = {
	.frontend = frontend,
	.backend = backend,
	.describe = describe,
};
