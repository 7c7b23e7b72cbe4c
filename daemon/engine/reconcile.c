// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/number.h"
#include "engine/guest.h"
#include "engine/guest-name.h"
#include "engine/guest-turn.h"
#include "engine/host.h"
#include "engine/reconcile.h"
#include "engine/records.h"
#include "store/domids.h"

static int for_each_remains(struct manager *manager);
static int on_remains_retry(sd_event_source *source, uint64_t usec, void *userdata);

static int for_each_guest(struct manager *manager, const struct path *dir,
			  int (*each)(struct manager *manager, unsigned int guest))
{
	_cleanup_free_ unsigned int *domids = NULL;
	size_t n;
	int r;

	r = domids_list(manager->store, dir, &domids, &n);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = each(manager, domids[i]);
	return r;
}

static int retry_remains(struct manager *manager)
{
	if (manager->remains)
		return 0;
	return sd_event_add_time_relative(manager->event, &manager->remains, CLOCK_MONOTONIC,
					  backoff_retry(&manager->remains_failures,
							monotonic_usec()),
					  0, on_remains_retry, manager);
}

static int on_remains_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct manager *manager = userdata;
	int r;

	manager->remains = sd_event_source_disable_unref(manager->remains);
	r = for_each_remains(manager);
	/* that xenstored has gone the next probe finds out */
	return r < 0 && r != -ENOTCONN ? retry_remains(manager) : 0;
}

/* What one guest causes is no reason not to serve the others; nothing else is let pass. */
static int confine(struct manager *manager, unsigned int guest, int error)
{
	struct domain *domain = manager_find_domain(manager, guest);

	if (error >= 0 || error == -ENOTCONN || error == -ENOMEM)
		return error < 0 ? error : 0;
	if (domain) {
		domain_set_aside(domain, error);
		return 0;
	}
	log_warning("what is left of domain %u cannot be removed: %s; trying again", guest,
		    store_strerror(error));
	return retry_remains(manager);
}

static int on_recorded_guest(struct manager *manager, unsigned int guest)
{
	struct domain *domain = manager_find_domain(manager, guest);
	int r = 0;

	if (domain) {
		domain->unidentified = false;
		r = domain_identify(domain);
		domain->unidentified = r < 0;
		if (r == 0)
			r = domain_stay_away(domain);
	}
	return confine(manager, guest, r ?: records_settle(manager, guest));
}

static int remove_stray_backends(struct manager *manager, unsigned int guest)
{
	struct path backends = path_guest_backends(manager->backend, MYDEVICE_CLASS, guest);
	struct device_key key = {
		.class = MYDEVICE_CLASS,
		.guest = guest,
		.backend = manager->backend,
	};
	_cleanup_free_ unsigned int *devids = NULL;
	size_t n;
	int r;

	/* which reads device ids as well */
	r = domids_list(manager->store, &backends, &devids, &n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		key.devid = devids[i];
		if (key.devid <= MYDEVICE_DEVID_MAX)
			r = records_remove(manager, &key, NULL, "the domain is gone");
	}
	return r;
}

/* A backend of a living guest that is in no record is not ours: somebody made it by hand. */
static int on_served_guest(struct manager *manager, unsigned int guest)
{
	if (manager_find_domain(manager, guest))
		return 0;
	return confine(manager, guest, remove_stray_backends(manager, guest));
}

static int on_recorded_remains(struct manager *manager, unsigned int guest)
{
	if (manager_find_domain(manager, guest))
		return 0;
	return confine(manager, guest, records_settle(manager, guest));
}

/* Of guests that are gone. */
static int for_each_remains(struct manager *manager)
{
	struct path records = { PATH_RECORDS };
	struct path backends = path_backends(manager->backend, MYDEVICE_CLASS);
	int r = for_each_guest(manager, &records, on_recorded_remains), other = r;

	if (r != -ENOTCONN)
		other = for_each_guest(manager, &backends, on_served_guest);
	return r < 0 ? r : other;
}

int reconcile(struct manager *manager)
{
	struct path records = { PATH_RECORDS };
	struct path backends = path_backends(manager->backend, MYDEVICE_CLASS);
	int r;

	/* a guest that could read or write here could lie to us after a restart */
	r = store_mkdir(manager->store, 0, records.text);
	if (r < 0 && r != -EEXIST)
		return r;
	r = store_own(manager->store, 0, records.text, 0, -1);
	if (r < 0)
		return r;
	r = for_each_guest(manager, &records, on_recorded_guest);
	if (r < 0)
		return r;
	return for_each_guest(manager, &backends, on_served_guest);
}
