// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "notes/withheld.h"

int withheld_note(struct store *store, unsigned int guest, const struct note *note)
{
	const struct path dir = path_withheld(guest);

	return notes_write(store, 0, &dir, NOTE_WITHHELD, note);
}

int withheld_drop_all(struct store *store, unsigned int guest)
{
	const struct path dir = path_withheld(guest);
	int r = store_remove(store, 0, dir.text);

	return r < 0 ? r : notes_prune(store, guest);
}

int withheld_drop(struct store *store, unsigned int guest, const char *class, const char *name,
		  bool others)
{
	const struct path dir = path_withheld(guest), path = path_note(&dir, class, name);

	return others ? store_remove(store, 0, path.text) : withheld_drop_all(store, guest);
}

int withheld_load(struct store *store, unsigned int guest, const char *uuid,
		  struct note_list *ret)
{
	const struct path dir = path_withheld(guest);
	_cleanup_(note_list_done) struct note_list all = {};
	size_t left = 0;
	int r;

	r = notes_load(store, &dir, NOTE_WITHHELD, &all);
	if (r < 0)
		return r;
	for (size_t i = 0; i < all.n; i++) {
		const struct path path = path_note(&dir, all.list[i].class,
						   all.list[i].record.name);

		if (!strcmp(all.list[i].record.uuid, uuid)) {
			all.list[left++] = all.list[i];
			continue;
		}
		r = store_remove(store, 0, path.text);
		if (r < 0)
			return r;
	}
	if (all.n && !left && !all.later)
		r = store_remove(store, 0, dir.text);
	if (r < 0)
		return r;
	all.n = left;
	*ret = all;
	all = (struct note_list){};
	return 0;
}
