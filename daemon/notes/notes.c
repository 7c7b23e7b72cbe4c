// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "notes/notes.h"

void note_list_done(struct note_list *all)
{
	free(all->list);
	*all = (struct note_list){};
}

static bool is_of(const struct note *note, const char *class, const char *name)
{
	return !strcmp(note->class, class) && !strcmp(note->record.name, name);
}

const struct note *note_list_find(const struct note_list *all, const char *class,
				  const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (is_of(&all->list[i], class, name))
			return &all->list[i];
	return NULL;
}

void note_list_drop(struct note_list *all, const char *class, const char *name)
{
	size_t left = 0;

	for (size_t i = 0; i < all->n; i++)
		if (!is_of(&all->list[i], class, name))
			all->list[left++] = all->list[i];
	all->n = left;
}

int note_list_set(struct note_list *all, const struct note *note)
{
	struct note *list = realloc(all->list, (all->n + 1) * sizeof(*list));

	if (!list)
		return -ENOMEM;
	all->list = list;
	note_list_drop(all, note->class, note->record.name);
	list[all->n++] = *note;
	return 0;
}

int notes_write(struct store *store, store_txn txn, const struct path *dir, enum note_kind kind,
		const struct note *note)
{
	struct path path = path_note(dir, note->class, note->record.name);
	char text[NOTE_SIZE];

	note_format(kind, note->devid, &note->record, text);
	return store_write(store, txn, path.text, text);
}

int notes_read(struct store *store, store_txn txn, const struct path *path, enum note_kind kind,
	       struct note *ret)
{
	_cleanup_free_ char *text = NULL;
	struct reason reason;
	size_t len;
	int r;

	r = store_read(store, txn, path->text, &text, &len);
	if (r < 0)
		return r;
	r = note_parse(kind, strrchr(path->text, '/') + 1, text, len, ret, &reason);
	if (r == -EBADMSG)
		log_warning("the note %s in XenStore is damaged: %s", path->text, reason.text);
	else if (r < 0)
		log_warning("a later release wrote the note %s in XenStore: leaving it alone",
			    path->text);
	return r;
}

int notes_load(struct store *store, const struct path *dir, enum note_kind kind,
	       struct note_list *ret)
{
	_cleanup_(note_list_done) struct note_list all = {};
	_cleanup_free_ char **names = NULL;
	size_t n = 0;
	int r;

	r = store_list(store, dir->text, &names, &n);
	if (r < 0 && r != -ENOENT)
		return r;
	all.list = calloc(n + 1, sizeof(*all.list));
	if (!all.list)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct path path = path_child(dir, names[i]);

		r = notes_read(store, 0, &path, kind, &all.list[all.n]);
		all.n += r == 0;
		all.later |= r == -EPROTONOSUPPORT;
		if (r < 0 && r != -EBADMSG && r != -EPROTONOSUPPORT && r != -ENOENT)
			return r;
	}
	*ret = all;
	all = (struct note_list){};
	return 0;
}

int notes_prune(struct store *store, unsigned int guest)
{
	const struct path dir = path_guest_notes(guest);
	_cleanup_free_ char **names = NULL;
	size_t n = 0;
	int r;

	r = store_list(store, dir.text, &names, &n);
	if (r == -ENOENT)
		return 0;
	return r < 0 || n ? r : store_remove(store, 0, dir.text);
}
