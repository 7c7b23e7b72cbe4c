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
#include "notes/migrate.h"
#include "notes/withheld.h"

int records_remove(struct manager *manager, const struct device_key *key, const struct path *note,
		   const char *why)
{
	log_notice("removing what is left of device %u of domain %u: %s", key->devid, key->guest,
		   why);
	return nodes_remove(manager->store, key, note, COMPANY_UNKNOWN);
}

/* Without its id it is not known which nodes are those of the device. */
static int remove_damaged(struct manager *manager, struct device_key *key, const struct path *note)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = store_read(manager->store, 0, note->text, &text, &len);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (note_parse_devid(text, len, &key->devid) < 0)
		return store_remove(manager->store, 0, note->text);
	return records_remove(manager, key, note, "the note about it is damaged");
}

static int settle_device(struct manager *manager, struct domain *domain, struct device_key *key,
			 const struct path *note, const struct record *record)
{
	bool orphaned;
	int r;

	key->backend = record->backend;
	if (!domain)
		return records_remove(manager, key, note, "the domain is gone");
	if (strcmp(record->uuid, domain->uuid) != 0)
		return records_remove(manager, key, note,
				      "the domain's id belongs to another one now");
	/* its note is outdated */
	if (device_find(domain, key->class, key->devid))
		return store_remove(manager->store, 0, note->text);
	orphaned = key->backend != manager->backend && !manager_find_domain(manager, key->backend);
	r = orphaned ? nodes_have_frontend(manager->store, key) :
		       nodes_are_whole(manager->store, key);
	if (r < 0)
		return r;
	if (!r)
		return records_remove(manager, key, note, "its directories are not whole");
	return device_adopt(domain, key, record, orphaned);
}

static struct domain *find_living(struct manager *manager, unsigned int domid)
{
	struct domain *domain = manager_find_domain(manager, domid);

	return domain && !domain->dead ? domain : NULL;
}

static int settle_note(struct manager *manager, unsigned int guest, const struct path *dir,
		       const char *node)
{
	const struct path path = path_child(dir, node);
	struct device_key key = { .guest = guest, .backend = manager->backend };
	struct domain *domain = find_living(manager, guest);
	char name[MYDEVICE_NAME_MAX + 1];
	struct note note;
	int r;

	/* migrate_guest() has left it */
	if (path_parse_record(node, &key) == 0)
		return domain && device_find(domain, key.class, key.devid) ?
			store_remove(manager->store, 0, path.text) :
			records_remove(manager, &key, &path, "the note about it is damaged, or "
				       "another device of its guest has its name");
	if (path_parse_note(node, key.class, name) < 0)
		return 0;
	/* a try that failed half-way had got to it */
	if (domain && device_find_named(domain, key.class, name))
		return 0;
	r = notes_read(manager->store, 0, &path, NOTE_DEVICE, &note);
	if (r == -EBADMSG)
		return remove_damaged(manager, &key, &path);
	if (r == -EPROTONOSUPPORT)
		return 0;
	key.devid = note.devid;
	return r < 0 ? r : settle_device(manager, domain, &key, &path, &note.record);
}

static int settle_withheld(struct manager *manager, unsigned int guest)
{
	struct domain *domain = find_living(manager, guest);

	return domain ? guest_notes_recall(domain) : withheld_drop_all(manager->store, guest);
}

static int settle(struct manager *manager, unsigned int guest, const struct path *dir,
		  char **names, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = strcmp(names[i], PATH_WITHHELD) ?
			settle_note(manager, guest, dir, names[i]) :
			settle_withheld(manager, guest);
	return r;
}

int records_settle(struct manager *manager, unsigned int guest)
{
	struct path dir = path_guest_notes(guest);
	_cleanup_free_ char **names = NULL;
	struct domain *domain;
	size_t n = 0;
	int r;

	r = store_list(manager->store, dir.text, &names, &n);
	if (r < 0 && r != -ENOENT)
		return r;
	r = migrate_guest(manager->store, guest, names, n);
	if (r > 0) {
		free(steal(&names));
		r = store_list(manager->store, dir.text, &names, &n);
	}
	if (r == 0)
		r = settle(manager, guest, &dir, names, n);
	domain = find_living(manager, guest);
	if (r == 0 && domain)
		r = guest_notes_resume(domain);
	if (r < 0)
		return r;
	/* an earlier process may have ended between the last two steps of a removal */
	return notes_prune(manager->store, guest);
}
