// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/name.h"
#include "base/number.h"
#include "base/util.h"
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

void kept_done(struct kept_list *all)
{
	free(all->list);
	*all = (struct kept_list){};
}

static bool is_of(const struct kept *kept, const char *class, const char *name)
{
	return !strcmp(kept->class, class) && !strcmp(kept->record.name, name);
}

const struct kept *kept_find(const struct kept_list *all, const char *class, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (is_of(&all->list[i], class, name))
			return &all->list[i];
	return NULL;
}

int kept_load(struct store *store, const char *uuid, struct kept_list *ret)
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
	*ret = (struct kept_list){ steal(&kept), n };
	return 0;
}

/* When something was last noted of a guest; 0: nothing that can be read. */
static int latest_of(struct store *store, const char *uuid, uint64_t *ret_usec)
{
	_cleanup_(kept_done) struct kept_list kept = {};
	uint64_t usec = 0;
	int r = kept_load(store, uuid, &kept);

	if (r < 0)
		return r;
	for (size_t i = 0; i < kept.n; i++)
		if (kept.list[i].record.requested_usec > usec)
			usec = kept.list[i].record.requested_usec;
	*ret_usec = usec;
	return 0;
}

/* Guests that never come back must not fill the store: the oldest of them makes room. */
static int make_room(struct store *store, kept_is_here_fn is_here, void *userdata)
{
	struct path oldest = {};
	_cleanup_free_ char **uuids = NULL;
	uint64_t oldest_usec = UINT64_MAX;
	size_t n = 0;
	int r;

	r = store_list(store, PATH_KEPT, &uuids, &n);
	if (r < 0 && r != -ENOENT)
		return r;
	if (n < KEPT_GUESTS_MAX)
		return 0;
	for (size_t i = 0; i < n; i++) {
		char uuid[UUID_SIZE];
		uint64_t usec;

		if (uuid_parse(uuids[i], strlen(uuids[i]), uuid) < 0 || is_here(uuid, userdata))
			continue;
		r = latest_of(store, uuid, &usec);
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
	return *oldest.text ? store_remove(store, 0, oldest.text) : -ENOSPC;
}

/* Both names of one note, if the daemon ended between the two: the one by name is the later. */
static bool is_noted_by_name(const struct kept_list *all, const struct kept *old)
{
	for (size_t i = 0; i < all->n; i++)
		if (!all->list[i].by_devid &&
		    is_of(&all->list[i], old->class, old->record.name))
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
	_cleanup_(kept_done) struct kept_list all = {};
	int r = kept_load(store, uuid, &all);

	if (r == 0 && all.n)
		qsort(all.list, all.n, sizeof(*all.list), compare_age);
	for (size_t i = 0; r == 0 && i < all.n; i++) {
		struct kept *kept = &all.list[i];
		struct path old = node_of(uuid, kept);
		bool noted;

		if (!kept->by_devid)
			continue;
		noted = is_noted_by_name(&all, kept);
		kept->by_devid = false;
		r = noted ? 0 : write_note(store, uuid, kept);
		if (r == 0)
			r = store_remove(store, 0, old.text);
	}
	return r;
}

int kept_begin(struct store *store, bool *ret_any)
{
	_cleanup_free_ char **uuids = NULL;
	size_t n = 0;
	int r = store_list(store, PATH_KEPT, &uuids, &n);

	if (r < 0 && r != -ENOENT)
		return r;
	*ret_any = r == 0;
	for (size_t i = 0; i < n; i++) {
		char uuid[UUID_SIZE];

		if (uuid_parse(uuids[i], strlen(uuids[i]), uuid) < 0)
			continue;
		r = migrate(store, uuid);
		if (r == -ENOTCONN)
			return r;
		/* it is read by its old name, too */
		if (r < 0)
			log_warning("cannot rename what is kept of guest %s: %s", uuid,
				    store_strerror(r));
	}
	return 0;
}

int kept_note(struct store *store, const char *uuid, const struct kept *kept,
	      kept_is_here_fn is_here, void *userdata)
{
	struct path path = path_kept(uuid);
	int r;

	r = store_exists(store, 0, path.text);
	if (r == 0)
		r = make_room(store, is_here, userdata);
	return r < 0 ? r : write_note(store, uuid, kept);
}

int kept_read(struct store *store, const char *uuid, const char *class, const char *name,
	      struct kept *ret)
{
	_cleanup_(kept_done) struct kept_list all = {};
	int r = kept_load(store, uuid, &all), found = 0;

	for (size_t i = 0; r == 0 && i < all.n; i++) {
		if (!is_of(&all.list[i], class, name) || (found && all.list[i].by_devid))
			continue;
		*ret = all.list[i];
		/* it is written by its name */
		ret->by_devid = false;
		found = 1;
	}
	return r < 0 ? r : found;
}

int kept_drop(struct store *store, const char *uuid, const char *class, const char *name)
{
	_cleanup_(kept_done) struct kept_list all = {};
	struct path dir = path_kept(uuid);
	size_t left;
	int r;

	r = kept_load(store, uuid, &all);
	if (r < 0)
		return r;
	left = all.n;
	for (size_t i = 0; i < all.n; i++) {
		struct path path = node_of(uuid, &all.list[i]);

		if (!is_of(&all.list[i], class, name))
			continue;
		r = store_remove(store, 0, path.text);
		if (r < 0)
			return r;
		left--;
	}
	/* also if an earlier process ended before it came to this */
	return left ? 0 : store_remove(store, 0, dir.text);
}

void kept_forget(struct kept_list *all, const char *class, const char *name)
{
	size_t left = 0;

	for (size_t i = 0; i < all->n; i++)
		if (!is_of(&all->list[i], class, name))
			all->list[left++] = all->list[i];
	all->n = left;
}

int kept_remember(struct kept_list *all, const struct kept *kept)
{
	struct kept *list;

	kept_forget(all, kept->class, kept->record.name);
	list = realloc(all->list, (all->n + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	list[all->n++] = *kept;
	all->list = list;
	return 0;
}
