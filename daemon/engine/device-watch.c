// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/device.h"
#include "engine/device-watch.h"
#include "engine/guest.h"
#include "engine/host.h"
#include "engine/throttle.h"

static void note_event(struct device *device, struct domain *other, struct store_watch **watch)
{
	device_look(device);
	throttle_event(device->domain, other, watch, &device->throttled);
	device->domain->throttle.devices |= device->throttled;
}

/* Of what its guest writes. */
static void on_frontend(const char *path, void *userdata)
{
	struct device *device = userdata;

	note_event(device, NULL, &device->frontend_watch);
}

/* A backend answers its frontend, so that its guest causes most of its steps. */
static void note_backend_event(struct device *device, struct store_watch **watch)
{
	struct domain *backend = device_is_served_elsewhere(device) ?
		manager_find_domain(device->domain->manager, device->key.backend) : NULL;

	note_event(device, backend, watch);
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
