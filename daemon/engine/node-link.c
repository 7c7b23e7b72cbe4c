// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/name.h"
#include "engine/device.h"
#include "engine/guest.h"
#include "engine/guest-log.h"
#include "engine/host.h"
#include "engine/node-link.h"

/* A guest that was renamed keeps its link, which udev would take from it. */
static const struct device *find_owner(const struct device *device)
{
	const struct manager *manager = device->domain->manager;
	const struct device *other;
	struct domain *domain;
	size_t cursor = 0;

	while ((domain = table_next(&manager->domains, &cursor))) {
		if (domain == device->domain || domain->dead || domain->leaving)
			continue;
		for (other = domain->devices; other; other = other->next)
			if (device_is_serving(other) && other->key.backend == device->key.backend &&
			    !strcmp(other->link_guest, device->domain->name) &&
			    !strcmp(other->record.name, device->record.name))
				return other;
	}
	return NULL;
}

void node_link_choose(struct device *device)
{
	const char *guest = device->domain->name;
	const struct device *owner;

	*device->link_guest = '\0';
	if (!device_kind(device)->has_node || !name_is_safe(guest, strlen(guest)))
		return;
	owner = find_owner(device);
	if (owner)
		domain_log(device->domain, device, LOG_WARNING, NULL,
			   "its node has no link by name: domain %u had the name \"%s\" when its "
			   "channel of this name was attached", owner->key.guest, guest);
	else
		strcpy(device->link_guest, guest);
}

int node_link_read(struct device *device)
{
	struct path backend = path_backend(&device->key), guest = path_child(&backend, "guest");
	_cleanup_free_ char *value = NULL;
	size_t len;
	int r = store_read(device_store(device), 0, guest.text, &value, &len);

	if (r < 0 && r != -ENOENT)
		return r;
	*device->link_guest = '\0';
	if (r == 0 && name_is_safe(value, len))
		memcpy(device->link_guest, value, len + 1);
	return 0;
}

struct path node_link_path(const struct device *device)
{
	bool valid = !strcmp(device->link_guest, device->domain->name);

	if (!device_kind(device)->has_node)
		return (struct path){};
	return path_backend_node(&device->key, valid ? device->link_guest : "",
				 device->record.name);
}
