// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/number.h"
#include "engine/device.h"
#include "engine/domain.h"
#include "engine/manager.h"
#include "engine/orders.h"
#include "engine/reconcile.h"
#include "nodes/nodes.h"
#include "nodes/parents.h"
#include "notes/withheld-note.h"
#include "store/domids.h"

static int for_each_remains(struct manager *manager);
static int on_remains_retry(sd_event_source *source, uint64_t usec, void *userdata);

/* No directory is one without children. */
static int for_each_child(struct manager *manager, const struct path *dir,
			   int (*each)(struct manager *manager, const char *name, void *userdata),
			   void *userdata)
{
	_cleanup_free_ char **names = NULL;
	size_t n = 0;
	int r;

	r = store_list(manager->store, dir->text, &names, &n);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; i < n; i++) {
		r = each(manager, names[i], userdata);
		if (r < 0)
			return r;
	}
	return 0;
}

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

/* 0 or -errno; -EBADMSG if it says nothing sensible. */
static int read_record(struct store *store, const struct device_key *key, struct record *ret)
{
	struct path path = path_record(key);
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r;

	r = store_read(store, 0, path.text, &text, &len);
	return r < 0 ? r : record_parse(text, len, ret);
}

static int remove_garbage(struct manager *manager, const struct device_key *key, const char *why)
{
	log_notice("removing what is left of device %u of domain %u: %s", key->devid, key->guest,
		   why);
	return nodes_remove(manager->store, key, COMPANY_UNKNOWN);
}

static int settle_record(struct manager *manager, struct domain *domain, struct device_key *key)
{
	struct record record;
	bool orphaned;
	int r;

	r = read_record(manager->store, key, &record);
	if (r == -EBADMSG)
		return remove_garbage(manager, key, "its record is damaged");
	if (r < 0)
		return r;
	key->backend = record.backend;
	if (!domain)
		return remove_garbage(manager, key, "the domain is gone");
	if (strcmp(record.uuid, domain->uuid) != 0)
		return remove_garbage(manager, key, "the domain's id belongs to another one now");
	orphaned = key->backend != manager->backend && !manager_find_domain(manager, key->backend);
	r = orphaned ? nodes_have_frontend(manager->store, key) :
		       nodes_are_whole(manager->store, key);
	if (r < 0)
		return r;
	if (!r)
		return remove_garbage(manager, key, "its directories are not whole");
	return device_adopt(domain, key, &record, orphaned);
}

static struct domain *find_living(struct manager *manager, unsigned int domid)
{
	struct domain *domain = manager_find_domain(manager, domid);

	return domain && !domain->dead ? domain : NULL;
}

static int on_record(struct manager *manager, const char *name, void *userdata)
{
	unsigned int *guest = userdata;
	struct device_key key = { .guest = *guest, .backend = manager->backend };
	struct domain *domain = find_living(manager, *guest);

	if (!domain && withheld_is_note(name)) {
		const struct path records = path_guest_records(*guest);
		const struct path note = path_child(&records, name);

		return store_remove(manager->store, 0, note.text);
	}
	if (path_parse_record(name, &key) < 0)
		return 0;
	/* a try that failed half-way had got to it */
	if (domain && device_find(domain, key.class, key.devid))
		return 0;
	return settle_record(manager, domain, &key);
}

int reconcile_guest(struct manager *manager, unsigned int guest)
{
	struct domain *domain = find_living(manager, guest);
	struct path records = path_guest_records(guest);
	int r;

	r = domain ? orders_recall(domain) : 0;
	if (r < 0)
		return r;
	r = for_each_child(manager, &records, on_record, &guest);
	if (r == 0 && domain)
		r = orders_resume(domain);
	if (r < 0)
		return r;
	/* an earlier process may have ended between the last two steps of a removal */
	return parents_prune_records(manager->store, guest);
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
	return confine(manager, guest, r ?: reconcile_guest(manager, guest));
}

static int on_stray_backend(struct manager *manager, const char *name, void *userdata)
{
	unsigned int *guest = userdata;
	struct device_key key = {
		.class = MYDEVICE_CLASS,
		.guest = *guest,
		.backend = manager->backend,
	};

	if (number_devid(name, strlen(name), &key.devid) < 0)
		return 0;
	return remove_garbage(manager, &key, "the domain is gone");
}

/* A backend of a living guest that is in no record is not ours: somebody made it by hand. */
static int on_served_guest(struct manager *manager, unsigned int guest)
{
	struct path backends = path_guest_backends(manager->backend, MYDEVICE_CLASS, guest);

	if (manager_find_domain(manager, guest))
		return 0;
	return confine(manager, guest,
		       for_each_child(manager, &backends, on_stray_backend, &guest));
}

static int on_recorded_remains(struct manager *manager, unsigned int guest)
{
	if (manager_find_domain(manager, guest))
		return 0;
	return confine(manager, guest, reconcile_guest(manager, guest));
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
