// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/device.h"
#include "engine/device-view.h"
#include "engine/guest.h"
#include "engine/guest-log.h"
#include "engine/host.h"
#include "engine/node-link.h"
#include "engine/steps.h"

void device_publish(const struct device *device)
{
	struct device_view view = {
		.serial = device->serial,
		.key = device->key,
		.guest = escape(device->domain->name),
		.record = device->record,
		.phase = device->phase,
		.frontend = device->frontend,
		.backend = device->backend,
		.hotplug = device->hotplug,
		.hotplug_error = device->hotplug_error,
		.node = node_link_path(device),
	};

	steps_show(device, &view);
	live_format(&device->live, view.settings);
	if (registry_publish(device->domain->manager->registry, &view) < 0)
		domain_log(device->domain, device, LOG_WARNING, NULL,
			   "out of memory: this device will be missing from lists");
}
