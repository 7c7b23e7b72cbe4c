// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "engine/device.h"
#include "engine/device-attach.h"
#include "engine/guest.h"
#include "engine/guest-notes.h"
#include "engine/host.h"
#include "engine/records.h"
#include "nodes/nodes.h"
#include "nodes/parents.h"
#include "notes/withheld-note.h"

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

int records_remove(struct manager *manager, const struct device_key *key, const char *why)
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
		return records_remove(manager, key, "its record is damaged");
	if (r < 0)
		return r;
	key->backend = record.backend;
	if (!domain)
		return records_remove(manager, key, "the domain is gone");
	if (strcmp(record.uuid, domain->uuid) != 0)
		return records_remove(manager, key, "the domain's id belongs to another one now");
	orphaned = key->backend != manager->backend && !manager_find_domain(manager, key->backend);
	r = orphaned ? nodes_have_frontend(manager->store, key) :
		       nodes_are_whole(manager->store, key);
	if (r < 0)
		return r;
	if (!r)
		return records_remove(manager, key, "its directories are not whole");
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

int records_settle(struct manager *manager, unsigned int guest)
{
	struct domain *domain = find_living(manager, guest);
	struct path records = path_guest_records(guest);
	int r;

	r = domain ? guest_notes_recall(domain) : 0;
	if (r < 0)
		return r;
	r = for_each_child(manager, &records, on_record, &guest);
	if (r == 0 && domain)
		r = guest_notes_resume(domain);
	if (r < 0)
		return r;
	/* an earlier process may have ended between the last two steps of a removal */
	return parents_prune_records(manager->store, guest);
}
