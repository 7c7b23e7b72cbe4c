// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/device.h"
#include "engine/guest.h"
#include "engine/guest-log.h"
#include "engine/host.h"
#include "engine/verify.h"
#include "nodes/nodes.h"
#include "store/values.h"

/* Of a directory that its owner can fill; a driver writes fewer nodes. */
#define CHILDREN_MAX 64
#define CHILD_NAME_MAX 48
/* Before a look: a script writes one node after the other. */
#define DELAY_USEC (1 * USEC_PER_SEC)

#define VALUES_MAX 8
/* The owner of a directory can make them fail; then there is a next time. */
#define TRIES 4

struct end {
	const struct device *device;
	bool backend;
	struct path dir;
	unsigned int owner, reader;

	/* what differs */
	struct {
		const char *node, *expected;
	} values[VALUES_MAX];
	size_t n_values;
	bool permissions;
};

/* A kind_add_fn. */
static int compare_value(const char *name, const char *expected, void *userdata)
{
	struct end *end = userdata;
	struct path node = path_child(&end->dir, name);
	_cleanup_free_ char *found = NULL;
	int r = store_read(device_store(end->device), 0, node.text, &found, NULL);

	if (r < 0 && r != -ENOENT)
		return r;
	if (found && !strcmp(found, expected))
		return 0;
	domain_log(end->device->domain, end->device, LOG_WARNING, NULL,
		   "another program changed %s: expected \"%s\", found %s%.64s%s; restoring it",
		   node.text, expected, found ? "\"" : "no such node",
		   found ? escape(found).text : "", found ? "\"" : "");
	if (end->n_values == VALUES_MAX)
		return -ENOSPC;
	end->values[end->n_values].node = name;
	end->values[end->n_values++].expected = expected;
	return 0;
}

/* The directory and the state were compared; whoever changed them has changed the others, too. */
static int restore_children(const struct end *end)
{
	struct store *store = device_store(end->device);
	_cleanup_free_ char **names = NULL;
	size_t n = 0;
	int r = store_list(store, end->dir.text, &names, &n);

	/* its owner has put more there than can be listed */
	if (r == -EMSGSIZE || r == -E2BIG)
		return 0;
	for (size_t i = 0; r == 0 && i < n && i < CHILDREN_MAX; i++) {
		struct path child;

		if (strlen(names[i]) > CHILD_NAME_MAX)
			continue;
		child = path_child(&end->dir, names[i]);
		r = store_own(store, 0, child.text, end->owner, (int)end->reader);
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}

static int compare_permissions(struct end *end)
{
	const struct path nodes[] = { end->dir, path_child(&end->dir, "state") };

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		char found[STORE_PERMS_SIZE];
		int r = store_is_owned(device_store(end->device), nodes[i].text, end->owner,
				       (int)end->reader, found);

		if (r < 0)
			return r;
		if (r)
			continue;
		domain_log(end->device->domain, end->device, LOG_WARNING, NULL,
			   "another program changed the permissions of %s: expected n%u,r%u, "
			   "found %s; restoring them", nodes[i].text, end->owner, end->reader,
			   found);
		end->permissions = true;
	}
	return 0;
}

/* Only where the directory is still there: a write would make it again, without the rest. */
static int restore_body(struct store *store, store_txn txn, void *userdata)
{
	const struct end *end = userdata;
	struct path state = path_child(&end->dir, "state");
	int r = store_exists(store, txn, state.text);

	if (r <= 0)
		return r;
	if (end->permissions)
		r = store_own(store, txn, end->dir.text, end->owner, (int)end->reader);
	for (size_t i = 0; r >= 0 && i < end->n_values; i++) {
		struct path node = path_child(&end->dir, end->values[i].node);

		r = store_write(store, txn, node.text, end->values[i].expected);
	}
	return r < 0 ? r : 0;
}

static int restore_end(struct end *end, const char *role, const struct path *other,
		       unsigned int *differences)
{
	const struct device *device = end->device;
	const struct kind *kind = device_kind(device);
	char id[16], role_id[16];
	int r;

	snprintf(id, sizeof(id), "%u", end->reader);
	snprintf(role_id, sizeof(role_id), "%s-id", role);
	r = compare_value(role, other->text, end);
	if (r == 0)
		r = compare_value(role_id, id, end);
	if (r == 0 && kind->identity)
		r = kind->identity(&device->record, device->live.value[LIVE_DIRECTION],
				   end->backend, compare_value, end);
	if (r == 0)
		r = compare_permissions(end);
	*differences += (unsigned int)end->n_values + end->permissions;
	if (r < 0 || (!end->n_values && !end->permissions))
		return r;
	r = store_transaction(device_store(device), TRIES, restore_body, end);
	return r < 0 || !end->permissions ? r : restore_children(end);
}

static int restore(const struct device *device, unsigned int *ret_differences)
{
	const struct device_key *key = &device->key;
	struct end front = {
		.device = device,
		.dir = path_frontend(key),
		.owner = key->guest,
		.reader = key->backend,
	};
	struct end back = {
		.device = device,
		.backend = true,
		.dir = path_backend(key),
		.owner = key->backend,
		.reader = key->guest,
	};
	int r;

	*ret_differences = 0;
	r = restore_end(&front, "backend", &back.dir, ret_differences);
	if (r == 0)
		r = restore_end(&back, "frontend", &front.dir, ret_differences);
	/* it goes just now: its states tell */
	return r == -ENOENT ? 0 : r;
}

static int on_verification(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct device *device = userdata;

	device->verification = sd_event_source_disable_unref(device->verification);
	device->unverified = true;
	domain_enqueue(device->domain);
	return 0;
}

static void verify_later(struct device *device, uint64_t usec)
{
	if (!device->verification)
		sd_event_add_time_relative(device->domain->manager->event, &device->verification,
					   CLOCK_MONOTONIC, usec, 0, on_verification, device);
}

void verify_suspect(struct device *device, enum end_state frontend, enum end_state backend)
{
	uint64_t now = monotonic_usec();
	bool same = device->frontend == frontend && device->backend == backend;
	bool back = device->frontend < frontend || device->backend < backend;

	if (back || (same && now - device->changed_usec > DELAY_USEC))
		verify_later(device, DELAY_USEC);
	if (!same)
		device->changed_usec = now;
	/* which no driver does: it goes to InitWait */
	if (device->backend == END_INITIALISING && backend > END_INITIALISING &&
	    backend != END_GONE)
		device->reset = backend;
}

void verify_turn(struct device *device)
{
	unsigned int n = 0;
	uint64_t wait;
	int r;

	if (!device->unverified)
		return;
	device->unverified = false;
	if (device->phase > PHASE_CONNECTED || device->domain->dead || device->unwanted ||
	    device->orphaned || device->frontend == END_GONE || device->backend == END_GONE)
		return;
	r = restore(device, &n);
	if (r < 0)
		domain_log(device->domain, device, LOG_WARNING, NULL,
			   "cannot compare its nodes with what was written: %s",
			   store_strerror(r));
	if (device->reset)
		domain_log(device->domain, device, LOG_WARNING, NULL,
			   "another program changed %s/state: expected %s, found Initialising, "
			   "which no driver writes",
			   path_backend(&device->key).text, end_state_name(device->reset));
	if ((n || device->reset) && device->frontend == END_INITIALISING)
		r = nodes_start_again(device_store(device), &device->key);
	device->reset = 0;
	if (!n && r == 0)
		return;
	/* whoever does it again and again: less and less often */
	wait = backoff_next(&device->repairs, &backoff_of_guest, monotonic_usec());
	verify_later(device, DELAY_USEC + wait);
}
