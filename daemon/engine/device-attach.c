// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/backend.h"
#include "engine/device.h"
#include "engine/device-attach.h"
#include "engine/device-note.h"
#include "engine/device-view.h"
#include "engine/device-watch.h"
#include "engine/guest.h"
#include "engine/host.h"
#include "engine/node-link.h"
#include "nodes/nodes.h"
#include "nodes/parents.h"

static struct device *device_plan(struct domain *domain, const struct device_plan *plan,
				  unsigned int backend)
{
	struct device_key key = {
		.guest = domain->domid,
		.backend = backend,
		.devid = plan->devid,
	};
	struct device *device;
	struct record *record;

	strcpy(key.class, plan->class);
	device = device_new(domain, &key);
	if (!device)
		return NULL;
	device->phase = PHASE_WAITING;
	device->began_usec = plan->began_usec;
	record = &device->record;
	strcpy(record->uuid, domain->uuid);
	strcpy(record->name, plan->name);
	record->origin = plan->origin;
	record->backend = backend;
	record->mode = plan->grant.mode;
	record->ring_size = plan->grant.ring_size;
	record->scripted = plan->settings->script;
	if (device_kind(device)->has_live)
		live_begin(&device->live, plan->settings->live);
	device->hotplug = record->scripted ? HOTPLUG_WAITING : HOTPLUG_NONE;
	record->requested_usec = realtime_usec() - (monotonic_usec() - plan->began_usec);
	device_reconsider(device);
	node_link_choose(device);
	return device;
}

int device_attach(struct domain *domain, const struct device_plan *plan,
		  struct reason *ret_reason)
{
	struct device *device;
	unsigned int backend;
	int r;

	r = manager_find_backend(domain->manager, domain, plan->settings->backend, &backend,
				 ret_reason);
	if (r < 0)
		return r;
	device = device_plan(domain, plan, backend);
	if (!device) {
		strcpy(ret_reason->text, "out of memory");
		return -ENOMEM;
	}
	/* first: nothing is written that cannot be followed to its end */
	r = device_watch(device);
	if (r == 0)
		r = nodes_attach(device_store(device), &device->key, device->link_guest,
				 plan->settings, plan->began_usec, &device->record);
	if (r < 0) {
		device_free(device);
		if (r == -EHOSTUNREACH)
			manager_await_backend(domain, plan->settings->backend);
		snprintf(ret_reason->text, sizeof(ret_reason->text), "cannot be attached: %s",
			 r == -EHOSTUNREACH ? "its backend domain is gone" : store_strerror(r));
		return r;
	}
	device_note_attached(device);
	device_publish(device);
	return 0;
}

int device_adopt(struct domain *domain, const struct device_key *key, const struct record *record,
		 bool orphaned)
{
	struct device *device;
	int online, r;

	online = orphaned ? 1 : nodes_is_online(domain->manager->store, key);
	if (online < 0)
		return online;
	device = device_new(domain, key);
	if (!device)
		return -ENOMEM;
	device->record = *record;
	device_reconsider(device);
	device->phase = !online ? PHASE_CLOSING : record->moved ? PHASE_MOVED : PHASE_WAITING;
	device->orphaned = orphaned;
	r = parents_claim(device_store(device), key);
	if (r == 0 && device_kind(device)->has_live)
		r = nodes_read_live(device_store(device), key, &device->live);
	if (r == 0)
		r = node_link_read(device);
	if (r == 0)
		r = device_watch(device);
	if (r < 0) {
		device_free(device);
		return r;
	}
	device_publish(device);
	/* an earlier process told it to go and did not see the end */
	if (!online)
		return device_set_deadline(device, device->detach_timeout_usec);
	return 0;
}
