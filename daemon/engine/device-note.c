// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/messages.h"
#include "engine/device.h"
#include "engine/device-note.h"
#include "engine/guest.h"
#include "engine/guest-log.h"
#include "engine/host.h"
#include "nodes/nodes.h"

void device_note_attached(const struct device *device)
{
	const struct record *record = &device->record;
	char text[256];

	registry_note_written(device->domain->manager->registry, record->written_usec);
	device_kind(device)->describe(&device->key, record, text, sizeof(text));
	domain_log(device->domain, device, LOG_INFO, MSG_ATTACHED, "attached: %s", text);
}

void device_note_connected(struct device *device)
{
	struct record *record = &device->record;
	int r;

	/* connected before this process began, or not for the first time */
	if (record->connected_usec || !device->began_usec) {
		domain_log(device->domain, device, LOG_DEBUG, MSG_CONNECTED, "connected");
		return;
	}
	record->connected_usec = monotonic_usec() - device->began_usec;
	registry_note_connected(device->domain->manager->registry, record->connected_usec);
	domain_log(device->domain, device, LOG_INFO, MSG_CONNECTED,
		   "connected %llu us after the request",
		   (unsigned long long)record->connected_usec);
	r = nodes_update_record(device_store(device), &device->key, record);
	if (r < 0)
		domain_log(device->domain, device, LOG_WARNING, NULL,
			   "cannot note the time in the record: %s", store_strerror(r));
}

void device_note_followed(struct device *device)
{
	int r;

	device_drop_deadline(device);
	device->record.moved = false;
	domain_log(device->domain, device, LOG_INFO, NULL, "its frontend has followed");
	r = nodes_update_record(device_store(device), &device->key, &device->record);
	if (r < 0)
		domain_log(device->domain, device, LOG_WARNING, NULL,
			   "cannot note that in the record: %s", store_strerror(r));
}

void device_note_left(const struct device *device)
{
	domain_log(device->domain, device, LOG_WARNING, MSG_LEFT_BEHIND,
		   "its frontend does not follow it to another domain (is the guest's driver an "
		   "older one?): a new device takes its place, programs that have this one open "
		   "in the guest have to open it again");
}

void device_note_forced(const struct device *device)
{
	registry_count(device->domain->manager->registry, COUNT_FORCED);
	domain_log(device->domain, device, device->handshake ? LOG_WARNING : LOG_INFO, MSG_FORCED,
		   "did not close in time (frontend %s, backend %s): removing it by force",
		   end_state_name(device->frontend), end_state_name(device->backend));
}

void device_note_stuck(const struct device *device)
{
	registry_count(device->domain->manager->registry, COUNT_HOTPLUG_FAILED);
	domain_log(device->domain, device, LOG_WARNING, MSG_HOTPLUG_FAILED,
		   "its hotplug script did not undo its work in time: removing the nodes");
}

void device_note_hotplug(const struct device *device)
{
	const char *why = device->hotplug_error.text;

	if (device->hotplug == HOTPLUG_CONNECTED)
		domain_log(device->domain, device, LOG_INFO, NULL, "its hotplug script is done");
	if (device->hotplug != HOTPLUG_ERROR)
		return;
	registry_count(device->domain->manager->registry, COUNT_HOTPLUG_FAILED);
	if (!*why)
		why = "it does not say why";
	domain_log(device->domain, device, LOG_ERR, MSG_HOTPLUG_FAILED,
		   "its hotplug script failed: %s", why);
}
