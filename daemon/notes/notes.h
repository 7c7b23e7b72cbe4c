/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes of one directory of XenStore, and lists of them in memory. */
#ifndef ATTACHD_NOTES_H
#define ATTACHD_NOTES_H

#include <stdbool.h>
#include <stddef.h>

#include "notes/note.h"
#include "store/store.h"

/* All zeroes: none. */
struct note_list {
	struct note *list;
	size_t n;
	bool later;			/* there are notes of a later version, too */
};

void note_list_done(struct note_list *all);
/* NULL if there is none. */
const struct note *note_list_find(const struct note_list *all, const char *class,
				  const char *name);
/* In place of the note by its class and name. 0 or -ENOMEM */
int note_list_set(struct note_list *all, const struct note *note);
void note_list_drop(struct note_list *all, const char *class, const char *name);

/* 0 or -errno */
int notes_write(struct store *store, store_txn txn, const struct path *dir, enum note_kind kind,
		const struct note *note);
/* As note_parse(), which is logged then; or -errno, -ENOENT if there is none. */
int notes_read(struct store *store, store_txn txn, const struct path *path, enum note_kind kind,
	       struct note *ret);
/* All that can be read, to be freed by note_list_done(); no directory is success. 0 or -errno */
int notes_load(struct store *store, const struct path *dir, enum note_kind kind,
	       struct note_list *ret);

/* Removes the directory of a guest's notes if it is empty. 0 or -errno */
int notes_prune(struct store *store, unsigned int guest);

#endif
