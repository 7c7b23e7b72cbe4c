// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/device.h"
#include "engine/device-watch.h"
#include "engine/guest.h"
#include "engine/host.h"
#include "engine/throttle.h"

/*
 * A backend answers a step of its frontend with at most two of its own, Closed and InitWait.
 * Its frontend may be some steps ahead, but what is due does not add up for ever.
 */
#define ANSWERS_TO_A_STEP 2
#define ANSWERS_DUE_MAX 128

static void note_event(struct device *device, struct domain *cause, struct store_watch **watch)
{
	device_look(device);
	throttle_event(device->domain, cause, watch, &device->throttled);
	device->domain->throttle.devices |= device->throttled;
}

/* Of what its guest writes. */
static void on_frontend(const char *path, void *userdata)
{
	struct device *device = userdata;

	if (device->answers_due < ANSWERS_DUE_MAX)
		device->answers_due += ANSWERS_TO_A_STEP;
	note_event(device, device->domain, &device->frontend_watch);
}

/*
 * Charged to the guest while its backend may only be answering it: one guest must not use up
 * the share of a driver domain, which serves others. What is more is the driver domain's own.
 */
static struct domain *cause_of_backend_event(struct device *device)
{
	struct domain *backend = NULL;

	if (device->answers_due)
		device->answers_due--;
	else if (device_is_served_elsewhere(device))
		backend = manager_find_domain(device->domain->manager, device->key.backend);
	return backend ?: device->domain;
}

static void note_backend_event(struct device *device, struct store_watch **watch)
{
	note_event(device, cause_of_backend_event(device), watch);
}

static void on_backend(const char *path, void *userdata)
{
	struct device *device = userdata;

	note_backend_event(device, &device->backend_watch);
}

static void on_hotplug(const char *path, void *userdata)
{
	struct device *device = userdata;

	note_backend_event(device, &device->hotplug_watch);
}

static int watch_node(struct device *device, const struct path *dir, const char *node,
		      store_watch_fn fn, struct store_watch **watch)
{
	struct path path = path_child(dir, node);

	return *watch ? 0 : store_watch(device_store(device), path.text, fn, device, watch);
}

int device_watch(struct device *device)
{
	struct path frontend = path_frontend(&device->key), backend = path_backend(&device->key);
	int r = 0;

	if (device->record.scripted)
		r = watch_node(device, &backend, "hotplug-status", on_hotplug,
			       &device->hotplug_watch);
	if (r == 0)
		r = watch_node(device, &frontend, "state", on_frontend, &device->frontend_watch);
	if (r == 0)
		r = watch_node(device, &backend, "state", on_backend, &device->backend_watch);
	return r;
}
