// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "notes/kept.h"
#include "notes/migrate.h"

int kept_load(struct store *store, const char *uuid, struct note_list *ret)
{
	const struct path dir = path_kept(uuid);

	return notes_load(store, &dir, NOTE_DEVICE, ret);
}

/* When something was last noted of a guest; 0: nothing that can be read. */
static int latest_of(struct store *store, const char *uuid, uint64_t *ret_usec)
{
	_cleanup_(note_list_done) struct note_list kept = {};
	uint64_t usec = 0;
	int r = kept_load(store, uuid, &kept);

	if (r == 0 && kept.later)
		r = -EPROTONOSUPPORT;
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
		r = migrate_kept(store, uuid);
		if (r == -ENOTCONN)
			return r;
		if (r < 0)
			log_warning("cannot convert what is kept of guest %s to the format of this "
				    "release: %s; its devices do not come back before this daemon "
				    "is restarted", uuid, store_strerror(r));
	}
	return 0;
}

int kept_note(struct store *store, const char *uuid, const struct note *note,
	      kept_is_here_fn is_here, void *userdata)
{
	const struct path dir = path_kept(uuid);
	int r = store_exists(store, 0, dir.text);

	if (r == 0)
		r = make_room(store, is_here, userdata);
	return r < 0 ? r : notes_write(store, 0, &dir, NOTE_DEVICE, note);
}

int kept_read(struct store *store, const char *uuid, const char *class, const char *name,
	      struct note *ret)
{
	const struct path dir = path_kept(uuid), path = path_note(&dir, class, name);
	int r = notes_read(store, 0, &path, NOTE_DEVICE, ret);

	if (r == -ENOENT || r == -EBADMSG || r == -EPROTONOSUPPORT)
		return 0;
	return r < 0 ? r : 1;
}

int kept_drop(struct store *store, const char *uuid, const char *class, const char *name)
{
	const struct path dir = path_kept(uuid), path = path_note(&dir, class, name);
	_cleanup_(note_list_done) struct note_list left = {};
	int r;

	r = store_remove(store, 0, path.text);
	if (r == 0)
		r = kept_load(store, uuid, &left);
	if (r < 0 || left.n || left.later)
		return r;
	/* also if an earlier process ended before it came to this */
	return store_remove(store, 0, dir.text);
}
