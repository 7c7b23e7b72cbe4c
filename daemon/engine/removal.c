// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/messages.h"
#include "engine/company.h"
#include "engine/device.h"
#include "engine/guest.h"
#include "engine/guest-log.h"
#include "engine/host.h"
#include "engine/removal.h"
#include "nodes/kernel.h"
#include "nodes/nodes.h"

/*
 * The drivers' buses learn of a deleted directory by an event. If the same
 * directory is there again by then, they take it for the old device.
 */
#define REST_USEC (250 * USEC_PER_MSEC)
/* If our own kernel's bus is slow, so long at most. */
#define REST_MAX_USEC (10 * USEC_PER_SEC)
/* For a device that was deleted under us and is still asked for: not too eager, at first. */
#define REST_VANISHED_USEC (1 * USEC_PER_SEC)
/* More than the unit of the script allows it, TimeoutStopSec= there. */
#define UNPLUG_USEC (25 * USEC_PER_SEC)

void removal_force(struct device *device)
{
	device->expedited = true;
	if (device->phase == PHASE_CLOSING)
		device->timed_out = true;
}

int removal_close(struct device *device)
{
	int r = nodes_close(device_store(device), &device->key);

	/* drivers that do nothing but probe, or none at all */
	device->untouched = !device->handshake && device->frontend == END_INITIALISING &&
			    device->backend == END_INITIALISING;
	/* then it is removed by force, after the same time */
	if (r < 0)
		domain_log(device->domain, device, LOG_WARNING, NULL,
			   "cannot ask the drivers to close: %s", store_strerror(r));
	return device_set_deadline(device, device->expedited ? 0 : device->detach_timeout_usec);
}

static uint64_t rest_of_vanished(struct domain *domain)
{
	uint64_t wait = backoff_next(&domain->vanishings, &backoff_of_guest, monotonic_usec());

	return wait > REST_VANISHED_USEC ? wait : REST_VANISHED_USEC;
}

int removal_of_nodes(struct device *device, struct step *step)
{
	bool left = step->actions & ACTION_NOTE_LEFT;
	bool vanished = !device->unwanted && !device->domain->dead && !device->orphaned && !left;
	struct path note = path_record(&device->key, device->record.name);
	int r;

	r = nodes_remove(device_store(device), &device->key, &note, company_of(device));
	if (r < 0) {
		domain_log(device->domain, device, LOG_WARNING, NULL,
			   "cannot remove the nodes: %s; trying again", store_strerror(r));
		step->next = PHASE_CLOSING;
		return device_set_deadline(device, backoff_retry(&device->failures,
								 monotonic_usec()));
	}
	device_unwatch(device);
	device->removed_usec = monotonic_usec();
	registry_count(device->domain->manager->registry, COUNT_DETACHED);
	domain_log(device->domain, device, LOG_INFO, MSG_DETACHED, "detached%s",
		   device->domain->dead ? ": the guest is gone" :
		   device->orphaned ? ": the domain that serves it is gone" :
		   vanished ? ": its nodes were removed" : "");
	/* nobody else gets the directories of a guest that is gone */
	if (device->domain->dead)
		return 0;
	return device_set_deadline(device, vanished ? rest_of_vanished(device->domain) : REST_USEC);
}

int removal_unplug(struct device *device)
{
	int r = nodes_unplug(device_store(device), &device->key);

	if (r < 0)
		domain_log(device->domain, device, LOG_WARNING, NULL,
			   "cannot take it from its backend: %s", store_strerror(r));
	return device_set_deadline(device, device->expedited ? 0 : UNPLUG_USEC);
}

unsigned int removal_finish(struct device *device)
{
	const struct domain *domain = device->domain;

	if (!domain->dead && monotonic_usec() - device->removed_usec < REST_MAX_USEC &&
	    kernel_has_backend(&device->key) && device_set_deadline(device, REST_USEC) == 0)
		return 0;
	device_free(device);
	/* its request may be back, or another have waited for its name or its place */
	return DEVICE_RESCAN;
}
