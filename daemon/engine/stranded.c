// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/messages.h"
#include "engine/backend.h"
#include "engine/device.h"
#include "engine/device-watch.h"
#include "engine/guest.h"
#include "engine/guest-log.h"
#include "engine/host.h"
#include "engine/node-link.h"
#include "engine/stranded.h"
#include "nodes/nodes.h"

unsigned int stranded_begin(struct device *device)
{
	const char *name = device_settings(device).backend;
	int r = nodes_remove_backend(device_store(device), &device->key);

	if (r < 0)
		domain_log(device->domain, device, LOG_WARNING, NULL,
			   "cannot remove its backend's nodes: %s", store_strerror(r));
	domain_log(device->domain, device, LOG_WARNING, MSG_STRANDED,
		   "domain %u, which served it, is gone: waiting for a domain \"%s\"",
		   device->key.backend, escape(name ?: DOM0_NAME).text);
	device->backend = END_GONE;
	device_drop_deadline(device);
	/* another may be there already; and its request is answered anew */
	device->dirty = true;
	return DEVICE_RESCAN;
}

static int serve_by(struct device *device, unsigned int backend)
{
	struct manager *manager = device->domain->manager;

	device_unwatch(device);
	manager->n_served_elsewhere -= device_is_served_elsewhere(device);
	device->key.backend = backend;
	manager->n_served_elsewhere += device_is_served_elsewhere(device);
	return device_watch(device);
}

static int write_anew(struct device *device)
{
	struct policy_settings settings = device_settings(device);
	struct record record = device->record;
	unsigned int before = device->key.backend;
	char link_guest[sizeof(device->link_guest)];
	struct reason reason;
	int r;

	r = manager_find_backend(device->domain->manager, device->domain, settings.backend,
				 &record.backend, &reason);
	if (r < 0)
		return r;
	record.scripted = settings.script;
	record.moved = true;
	strcpy(link_guest, device->link_guest);
	r = serve_by(device, record.backend);
	node_link_choose(device);
	if (r == 0)
		r = nodes_attach(device_store(device), &device->key, device->link_guest, &settings,
				 device->began_usec, &record);
	if (r < 0) {
		serve_by(device, before);
		strcpy(device->link_guest, link_guest);
		return r;
	}
	record.written_usec = device->record.written_usec;
	device->record = record;
	live_begin(&device->live, settings.live);
	return 0;
}

unsigned int stranded_move(struct device *device, struct step *step)
{
	int r = write_anew(device);

	if (r < 0) {
		step->next = PHASE_STRANDED;
		manager_await_backend(device->domain, device_settings(device).backend);
		if (r != -EHOSTUNREACH)
			device_try_again(device, EVENT_STATES);
		return 0;
	}
	device->hotplug = device->record.scripted ? HOTPLUG_WAITING : HOTPLUG_NONE;
	device->frontend = END_INITIALISING;
	device->backend = END_INITIALISING;
	device->orphaned = false;
	device->dirty = true;
	device_drop_deadline(device);
	domain_log(device->domain, device, LOG_INFO, MSG_ATTACHED,
		   "attached again: served by domain %u", device->key.backend);
	return DEVICE_RESCAN;
}

bool stranded_has_backend(const struct device *device)
{
	struct policy_settings settings = device_settings(device);
	struct manager *manager = device->domain->manager;
	struct reason reason;
	unsigned int backend;

	/* which makes the policy another one: it is about to leave, or has just come */
	if (!*device->domain->name)
		return false;
	if (manager_find_backend(manager, device->domain, settings.backend, &backend, &reason) < 0)
		return false;
	/* the old one still has its name until Xen says that it is no more */
	if (backend == manager->backend || nodes_have_domain(manager->store, backend) > 0)
		return true;
	manager_await_backend(device->domain, settings.backend);
	return false;
}
