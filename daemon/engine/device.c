// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/device.h"
#include "engine/guest.h"
#include "engine/host.h"

#define DEADLINE_ACCURACY_USEC (20 * USEC_PER_MSEC)

struct store *device_store(const struct device *device)
{
	return device->domain->manager->store;
}

bool device_is_served_elsewhere(const struct device *device)
{
	return device->key.backend != device->domain->manager->backend;
}

void device_look(struct device *device)
{
	device->dirty = true;
	domain_enqueue(device->domain);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct device *device = userdata;

	device->deadline = sd_event_source_disable_unref(device->deadline);
	device->timed_out = true;
	domain_enqueue(device->domain);
	return 0;
}

int device_set_deadline(struct device *device, uint64_t usec)
{
	device_drop_deadline(device);
	return sd_event_add_time_relative(device->domain->manager->event, &device->deadline,
					  CLOCK_MONOTONIC, usec, DEADLINE_ACCURACY_USEC,
					  on_deadline, device);
}

void device_drop_deadline(struct device *device)
{
	device->deadline = sd_event_source_disable_unref(device->deadline);
	device->timed_out = false;
}

static int on_hold_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct device *device = userdata;

	device->hold = sd_event_source_disable_unref(device->hold);
	device->failing = false;
	domain_enqueue(device->domain);
	return 0;
}

int device_hold(struct device *device, uint64_t usec)
{
	device->hold = sd_event_source_disable_unref(device->hold);
	return sd_event_add_time_relative(device->domain->manager->event, &device->hold,
					  CLOCK_MONOTONIC, usec, 0, on_hold_over, device);
}

void device_try_again(struct device *device, enum event event)
{
	device->dirty = true;
	device->timed_out = event == EVENT_TIMEOUT;
	device->failing = !device_hold(device, backoff_retry(&device->failures, monotonic_usec()));
}

void device_unwatch(struct device *device)
{
	device->throttled = false;
	store_unwatch(steal(&device->frontend_watch));
	store_unwatch(steal(&device->backend_watch));
	store_unwatch(steal(&device->hotplug_watch));
}

struct device *device_new(struct domain *domain, const struct device_key *key)
{
	struct device *device = calloc(1, sizeof(*device));

	if (!device)
		return NULL;
	device->serial = ++domain->manager->last_serial;
	device->domain = domain;
	device->key = *key;
	domain->manager->n_served_elsewhere += device_is_served_elsewhere(device);
	device->frontend = END_INITIALISING;
	device->backend = END_INITIALISING;
	device->changed_usec = monotonic_usec();
	device->next = domain->devices;
	domain->devices = device;
	return device;
}

void device_free(struct device *device)
{
	struct device **link;

	if (!device)
		return;
	for (link = &device->domain->devices; *link != device; link = &(*link)->next)
		;
	*link = device->next;
	device->domain->manager->n_served_elsewhere -= device_is_served_elsewhere(device);
	registry_withdraw(device->domain->manager->registry, device->serial);
	sd_event_source_disable_unref(device->deadline);
	sd_event_source_disable_unref(device->hold);
	sd_event_source_disable_unref(device->verification);
	device_unwatch(device);
	free(device);
}

struct policy_settings device_settings(const struct device *device)
{
	struct policy_subject subject = {
		.guest = device->domain->name,
		.uuid = device->domain->uuid,
		.class = device->key.class,
		.name = device->record.name,
	};

	return policy_resolve(device->domain->manager->policy, &subject);
}

void device_reconsider(struct device *device)
{
	struct policy_settings settings = device_settings(device);

	/* it may name another domain now */
	if (device->phase == PHASE_STRANDED)
		device->dirty = true;
	device->detach_timeout_usec = settings.detach_timeout_usec;
	device->handshake = settings.handshake;
}

void device_withdraw(struct device *device)
{
	device->unwanted = true;
	device_look(device);
}

void device_orphan(struct device *device)
{
	device->orphaned = true;
	device_look(device);
}

struct device *device_find(struct domain *domain, const char *class, unsigned int devid)
{
	struct device *device;

	for (device = domain->devices; device; device = device->next)
		if (device->key.devid == devid && !strcmp(device->key.class, class))
			return device;
	return NULL;
}

struct device *device_find_named(struct domain *domain, const char *class, const char *name)
{
	struct device *device;

	for (device = domain->devices; device; device = device->next)
		if (!strcmp(device->record.name, name) && !strcmp(device->key.class, class))
			return device;
	return NULL;
}

bool device_has_work(const struct device *device)
{
	/* of a dead guest all that does not wait to be tried again */
	if (device->domain->dead && !device->deadline)
		return true;
	if (device->failing)
		return false;
	if (device->timed_out || device->unverified)
		return true;
	return device->dirty && (!device->hold || device->unwanted || device->orphaned ||
				 !device_is_serving(device));
}
