// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/name.h"
#include "base/number.h"
#include "engine/domain.h"
#include "engine/manager.h"
#include "notes/kept.h"

#define DEVID_WORD " devid="
#define NOTE_SIZE (RECORD_SIZE + 32)
#define NODE_NAME_SIZE (2 * MYDEVICE_NAME_MAX + 2)

static struct path node_of(const char *uuid, const struct kept *kept)
{
	struct path dir = path_kept(uuid);
	char node[NODE_NAME_SIZE];

	if (kept->by_devid)
		snprintf(node, sizeof(node), "%s-%u", kept->class, kept->devid);
	else
		snprintf(node, sizeof(node), "%s@%s", kept->class, kept->record.name);
	for (char *dot = node; (dot = strchr(dot, '.')); )
		*dot = '@';
	return path_child(&dir, node);
}

static int write_note(struct store *store, const char *uuid, const struct kept *kept)
{
	struct path path = node_of(uuid, kept);
	char text[NOTE_SIZE];
	size_t len;

	record_format(&kept->record, text);
	len = strlen(text);
	snprintf(text + len, sizeof(text) - len, DEVID_WORD "%u", kept->devid);
	return store_write(store, 0, path.text, text);
}

/* By its node's name: class, and id if that is a part of it. 0 or -EBADMSG */
static int parse_node(const char *name, struct kept *ret)
{
	const char *at = strchr(name, '@');
	struct device_key key = {};

	ret->by_devid = !at;
	if (at) {
		size_t len = (size_t)(at - name);

		if (!name_is_safe(name, len))
			return -EBADMSG;
		memcpy(ret->class, name, len);
		ret->class[len] = '\0';
		return 0;
	}
	if (path_parse_record(name, &key) < 0)
		return -EBADMSG;
	strcpy(ret->class, key.class);
	ret->devid = key.devid;
	return 0;
}

static int parse_devid(const char *text, unsigned int *ret)
{
	const char *word = strstr(text, DEVID_WORD);

	if (!word)
		return -EBADMSG;
	word += strlen(DEVID_WORD);
	return number_devid(word, strcspn(word, " "), ret) < 0 ? -EBADMSG : 0;
}

/* 0, -errno, or -EBADMSG: it is damaged. */
static int load_one(struct store *store, const struct path *dir, const char *name,
		    struct kept *ret)
{
	_cleanup_free_ char *text = NULL;
	struct path path;
	size_t len;
	int r;

	r = strlen(name) < NODE_NAME_SIZE ? parse_node(name, ret) : -EBADMSG;
	if (r < 0)
		return r;
	path = path_child(dir, name);
	r = store_read(store, 0, path.text, &text, &len);
	if (r < 0)
		return r;
	r = record_parse(text, len, &ret->record);
	if (r < 0 || ret->by_devid)
		return r;
	return parse_devid(text, &ret->devid);
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
		if (r == -ENOTCONN)
			return r;
		/* what cannot be read keeps nobody else from being noted */
		if (r < 0)
			continue;
		if (usec < oldest_usec) {
			oldest_usec = usec;
			oldest = path_kept(uuid);
		}
	}
	return *oldest.text ? store_remove(manager->store, 0, oldest.text) : -ENOSPC;
}

/* Both names of one note, if the daemon ended between the two: the one by name is the later. */
static bool is_noted_by_name(const struct kept *kept, size_t n, const struct kept *old)
{
	for (size_t i = 0; i < n; i++)
		if (!kept[i].by_devid && !strcmp(kept[i].class, old->class) &&
		    !strcmp(kept[i].record.name, old->record.name))
			return true;
	return false;
}

/* The latest first: earlier releases could have two notes of a name, by two ids. */
static int compare_age(const void *a, const void *b)
{
	uint64_t one = ((const struct kept *)a)->record.requested_usec;
	uint64_t other = ((const struct kept *)b)->record.requested_usec;

	return one < other ? 1 : one > other ? -1 : 0;
}

/* Gives each note of an earlier release the name that it has by now. */
static int migrate(struct store *store, const char *uuid)
{
	_cleanup_free_ struct kept *kept = NULL;
	size_t n = 0;
	int r = kept_load(store, uuid, &kept, &n);

	if (r == 0 && n)
		qsort(kept, n, sizeof(*kept), compare_age);
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct path old = node_of(uuid, &kept[i]);
		bool noted;

		if (!kept[i].by_devid)
			continue;
		noted = is_noted_by_name(kept, n, &kept[i]);
		kept[i].by_devid = false;
		r = noted ? 0 : write_note(store, uuid, &kept[i]);
		if (r == 0)
			r = store_remove(store, 0, old.text);
	}
	return r;
}

int kept_begin(struct manager *manager)
{
	_cleanup_free_ char **uuids = NULL;
	size_t n = 0;
	int r = store_list(manager->store, PATH_KEPT, &uuids, &n);

	if (r < 0 && r != -ENOENT)
		return r;
	manager->keeps = r == 0;
	for (size_t i = 0; i < n; i++) {
		char uuid[UUID_SIZE];

		if (uuid_parse(uuids[i], strlen(uuids[i]), uuid) < 0)
			continue;
		r = migrate(manager->store, uuid);
		if (r == -ENOTCONN)
			return r;
		/* it is read by its old name, too */
		if (r < 0)
			log_warning("cannot rename what is kept of guest %s: %s", uuid,
				    store_strerror(r));
	}
	return 0;
}

int kept_note(struct manager *manager, const char *uuid, const struct kept *kept)
{
	struct path path = path_kept(uuid);
	int r;

	r = store_exists(manager->store, 0, path.text);
	if (r == 0)
		r = make_room(manager);
	if (r < 0)
		return r;
	manager->keeps = true;
	return write_note(manager->store, uuid, kept);
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
		struct path path = node_of(uuid, &kept[i]);

		if (strcmp(kept[i].class, class) || strcmp(kept[i].record.name, name))
			continue;
		r = store_remove(manager->store, 0, path.text);
		if (r < 0)
			return r;
		left--;
	}
	/* also if an earlier process ended before it came to this */
	return left ? 0 : store_remove(manager->store, 0, dir.text);
}

void kept_forget(struct domain *domain, const char *class, const char *name)
{
	size_t left = 0;

	for (size_t i = 0; i < domain->n_kept; i++)
		if (strcmp(domain->kept[i].class, class) != 0 ||
		    strcmp(domain->kept[i].record.name, name) != 0)
			domain->kept[left++] = domain->kept[i];
	domain->n_kept = left;
	domain->next_kept = 0;
}

int kept_remember(struct domain *domain, const struct kept *kept)
{
	struct kept *all;

	kept_forget(domain, kept->class, kept->record.name);
	all = realloc(domain->kept, (domain->n_kept + 1) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	all[domain->n_kept++] = *kept;
	domain->kept = all;
	return 0;
}
