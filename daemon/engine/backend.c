// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "engine/backend.h"
#include "engine/device.h"
#include "engine/guest.h"
#include "engine/host.h"

struct awaited_backend {
	struct awaited_backend *next;
	char name[];
};

static struct awaited_backend **find_awaited(struct domain *guest, const char *name)
{
	struct awaited_backend **link = &guest->awaited_backends;

	while (*link && strcmp((*link)->name, name) != 0)
		link = &(*link)->next;
	return link;
}

void manager_await_backend(struct domain *guest, const char *name)
{
	struct awaited_backend **link, *awaited;

	/* this domain does not come and go */
	if (!name)
		return;
	link = find_awaited(guest, name);
	if (*link)
		return;
	awaited = malloc(sizeof(*awaited) + strlen(name) + 1);
	if (!awaited) {
		domain_retry(guest);
		return;
	}
	awaited->next = NULL;
	strcpy(awaited->name, name);
	*link = awaited;
	guest->manager->backend_awaited = true;
}

static bool stop_awaiting(struct domain *guest, const char *name)
{
	struct awaited_backend **link = find_awaited(guest, name), *awaited = *link;

	if (!awaited)
		return false;
	*link = awaited->next;
	free(awaited);
	return true;
}

void manager_await_none(struct domain *guest)
{
	while (guest->awaited_backends)
		stop_awaiting(guest, guest->awaited_backends->name);
}

int manager_find_backend(struct manager *manager, struct domain *guest, const char *name,
			 unsigned int *ret, struct reason *ret_reason)
{
	struct domain *domain, *found = NULL;
	size_t cursor = 0, n = 0;

	if (!name || !strcmp(name, DOM0_NAME)) {
		*ret = manager->backend;
		return 0;
	}
	while ((domain = table_next(&manager->domains, &cursor))) {
		if (domain->dead || domain == guest || !domain_has_name(domain, name))
			continue;
		found = domain;
		n++;
	}
	if (n == 1) {
		*ret = found->domid;
		return 0;
	}
	manager_await_backend(guest, name);
	snprintf(ret_reason->text, sizeof(ret_reason->text),
		 "its backend domain \"%s\" (Backend= in attachd.conf) is %s",
		 escape(name).text, n ? "not the only one of this name" :
		 strcmp(guest->name, name) ? "not running" : "the guest itself");
	return -EHOSTUNREACH;
}

void manager_backend_came(struct manager *manager, const char *name)
{
	struct domain *domain;
	struct device *device;
	size_t cursor = 0;

	if (!manager->backend_awaited || !*name)
		return;
	manager->backend_awaited = false;
	while ((domain = table_next(&manager->domains, &cursor))) {
		bool came = stop_awaiting(domain, name);

		if (domain->awaited_backends)
			manager->backend_awaited = true;
		if (!came)
			continue;
		for (device = domain->devices; device; device = device->next)
			device->dirty = true;
		domain_rescan(domain);
	}
}

static void for_each_served(struct manager *manager, unsigned int backend,
			    void (*each)(struct device *device))
{
	struct domain *domain;
	struct device *device;
	size_t cursor = 0;

	if (!manager->n_served_elsewhere)
		return;
	while ((domain = table_next(&manager->domains, &cursor)))
		for (device = domain->devices; device; device = device->next)
			if (device->key.backend == backend)
				each(device);
}

void manager_orphan_devices(struct manager *manager, unsigned int backend)
{
	for_each_served(manager, backend, device_orphan);
}

void manager_look_at_devices(struct manager *manager, unsigned int backend)
{
	for_each_served(manager, backend, device_look);
}
