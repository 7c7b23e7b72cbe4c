// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "domain.h"
#include "kept.h"
#include "manager.h"

/* 0, -errno, or -EBADMSG: it is damaged. */
static int load_one(struct store *store, const struct path *dir, const char *name,
		    struct kept *ret)
{
	struct path path = path_child(dir, name);
	struct device_key key = {};
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r;

	if (path_parse_record(name, &key) < 0)
		return -EBADMSG;
	r = store_read(store, 0, path.text, &text, &len);
	if (r < 0)
		return r;
	r = record_parse(text, len, &ret->record);
	if (r < 0)
		return r;
	strcpy(ret->class, key.class);
	ret->devid = key.devid;
	return 0;
}

int kept_load(struct store *store, const char *uuid, struct kept **ret, size_t *ret_n)
{
	struct path dir = path_kept(uuid);
	_cleanup_free_ char **names = NULL;
	_cleanup_free_ struct kept *kept = NULL;
	size_t n_names = 0, n = 0;
	int r;

	r = store_list(store, dir.text, &names, &n_names);
	if (r < 0 && r != -ENOENT)
		return r;
	kept = calloc(n_names + 1, sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	for (size_t i = 0; i < n_names; i++) {
		r = load_one(store, &dir, names[i], &kept[n]);
		if (r < 0 && r != -EBADMSG && r != -ENOENT)
			return r;
		n += r == 0;
	}
	*ret = steal(&kept);
	*ret_n = n;
	return 0;
}

static bool is_here(const struct manager *manager, const char *uuid)
{
	const struct domain *domain;
	size_t cursor = 0;

	while ((domain = table_next(&manager->domains, &cursor)))
		if (!domain->dead && !strcmp(domain->uuid, uuid))
			return true;
	return false;
}

/* When something was last noted of a guest; 0: nothing that can be read. */
static int latest_of(struct store *store, const char *uuid, uint64_t *ret_usec)
{
	_cleanup_free_ struct kept *kept = NULL;
	uint64_t usec = 0;
	size_t n;
	int r = kept_load(store, uuid, &kept, &n);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		if (kept[i].record.requested_usec > usec)
			usec = kept[i].record.requested_usec;
	*ret_usec = usec;
	return 0;
}

/* Guests that never come back must not fill the store: the oldest of them makes room. */
static int make_room(struct manager *manager)
{
	struct path oldest = {};
	_cleanup_free_ char **uuids = NULL;
	uint64_t oldest_usec = UINT64_MAX;
	size_t n = 0;
	int r;

	r = store_list(manager->store, PATH_KEPT, &uuids, &n);
	if (r < 0 && r != -ENOENT)
		return r;
	if (n < KEPT_GUESTS_MAX)
		return 0;
	for (size_t i = 0; i < n; i++) {
		char uuid[UUID_SIZE];
		uint64_t usec;

		if (uuid_parse(uuids[i], strlen(uuids[i]), uuid) < 0 || is_here(manager, uuid))
			continue;
		r = latest_of(manager->store, uuid, &usec);
		if (r < 0)
			return r;
		if (usec < oldest_usec) {
			oldest_usec = usec;
			oldest = path_kept(uuid);
		}
	}
	return *oldest.text ? store_remove(manager->store, 0, oldest.text) : -ENOSPC;
}

int kept_begin(struct manager *manager)
{
	int r = store_exists(manager->store, 0, PATH_KEPT);

	if (r < 0)
		return r;
	manager->keeps = r;
	return 0;
}

int kept_note(struct manager *manager, const struct device_key *key, const struct record *record)
{
	struct path path = path_kept(record->uuid);
	char text[RECORD_SIZE], name[MYDEVICE_NAME_MAX + 16];
	int r;

	r = store_exists(manager->store, 0, path.text);
	if (r == 0)
		r = make_room(manager);
	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "%s-%u", key->class, key->devid);
	path = path_child(&path, name);
	record_format(record, text);
	manager->keeps = true;
	return store_write(manager->store, 0, path.text, text);
}

int kept_drop(struct manager *manager, const char *uuid, const char *class, const char *name)
{
	_cleanup_free_ struct kept *kept = NULL;
	struct path dir = path_kept(uuid);
	size_t n, left;
	int r;

	r = kept_load(manager->store, uuid, &kept, &n);
	if (r < 0)
		return r;
	left = n;
	for (size_t i = 0; i < n; i++) {
		char node[MYDEVICE_NAME_MAX + 16];
		struct path path;

		if (strcmp(kept[i].class, class) || strcmp(kept[i].record.name, name))
			continue;
		snprintf(node, sizeof(node), "%s-%u", class, kept[i].devid);
		path = path_child(&dir, node);
		r = store_remove(manager->store, 0, path.text);
		if (r < 0)
			return r;
		left--;
	}
	/* also if an earlier process ended before it came to this */
	return left ? 0 : store_remove(manager->store, 0, dir.text);
}
