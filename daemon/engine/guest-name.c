// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "base/name.h"
#include "engine/backend.h"
#include "engine/device.h"
#include "engine/guest-name.h"
#include "engine/guest-notes.h"
#include "engine/guest-policy.h"
#include "engine/host.h"
#include "engine/requests.h"

/*
 * A soft reset makes all of its nodes anew. If it is over before its end is looked
 * at, this event tells of it: oxenstored has none for what went with its parent. Those
 * it serves have lost their backends with it.
 */
static void on_name(const char *path, void *userdata)
{
	struct domain *domain = userdata;
	struct device *device;

	for (device = domain->devices; device; device = device->next)
		device_look(device);
	manager_look_at_devices(domain->manager, domain->domid);
	domain->unidentified = true;
	domain_enqueue(domain);
}

static int read_uuid(struct domain *domain)
{
	_cleanup_free_ char *vm = NULL;
	int r;

	if (*domain->uuid)
		return 0;
	r = domain_read(domain, "vm", &vm);
	if (r < 0)
		return r;
	if (vm)
		uuid_parse_vm(vm, domain->uuid);
	return 0;
}

/* Not served: it has no name, so its tree has gone, or is not whole yet. */
static void lose_identity(struct domain *domain)
{
	char before[DOMAIN_NAME_SIZE];

	strcpy(before, domain->name);
	*domain->name = '\0';
	manager_backend_came(domain->manager, before);
	/* what comes next may be another domain with this domid */
	if (facts_degraded(domain->manager->facts))
		*domain->uuid = '\0';
}

static void take_name(struct domain *domain, const char *name)
{
	char before[DOMAIN_NAME_SIZE];
	struct device *device;

	if (!strncmp(domain->name, name, sizeof(domain->name) - 1))
		return;
	strcpy(before, domain->name);
	snprintf(domain->name, sizeof(domain->name), "%s", name);
	/* they are listed under the name */
	for (device = domain->devices; device; device = device->next)
		device->dirty = true;
	domain_reconsider(domain);
	manager_backend_came(domain->manager, before);
	manager_backend_came(domain->manager, domain->name);
}

/*
 * A guest that arrives by migration is not served before it has its own name:
 * until then the one it is a copy of may live on this very host. One that is
 * about to leave keeps what it has.
 */
static int identify(struct domain *domain)
{
	struct path home = path_domain(domain->domid), path = path_child(&home, "name");
	struct store *store = domain->manager->store;
	_cleanup_free_ char *name = NULL;
	int r;

	if (!domain->name_watch) {
		r = store_watch(store, path.text, on_name, domain, &domain->name_watch);
		if (r < 0)
			return r;
	}
	r = domain_read(domain, "name", &name);
	if (r < 0)
		return r;
	if (!name || !*name) {
		lose_identity(domain);
		return 0;
	}
	/* what it has is its own also while it is about to leave */
	r = read_uuid(domain);
	if (r < 0)
		return r;
	domain->leaving = name_is_migrating(name);
	if (domain->leaving)
		return 0;
	take_name(domain, name);
	if (domain->requests_watch || domain->throttle.requests)
		return 0;
	r = guest_notes_recall_kept(domain);
	if (r < 0)
		return r;
	/* fires at once, which begins the first scan */
	return store_watch(store, domain->requests.text, requests_on_event, domain,
			   &domain->requests_watch);
}

int domain_identify(struct domain *domain)
{
	int r = identify(domain);

	domain->misread = r < 0;
	return r;
}
