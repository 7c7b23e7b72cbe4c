/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notes of the devices that an operator has attached to a guest, by the guest's UUID:
 * it gets them again when it comes back, after a reboot or a restore, as another domain.
 */
#ifndef ATTACHD_KEPT_H
#define ATTACHD_KEPT_H

#include <stdbool.h>

#include "notes/notes.h"

/* Guests of which something is kept; those that have not come back go first. */
#define KEPT_GUESTS_MAX 256

/* After connecting: is anything noted? Of most hosts nothing is. 0 or -errno */
int kept_begin(struct store *store, bool *ret_any);

/* Does a guest with this UUID run? What is noted of it makes no room for another's. */
typedef bool (*kept_is_here_fn)(const char *uuid, void *userdata);

/* Notes a device, in place of what is noted by its name. 0 or -errno, as the next three. */
int kept_note(struct store *store, const char *uuid, const struct note *note,
	      kept_is_here_fn is_here, void *userdata);
/* 1, or 0: nothing is noted by this name. */
int kept_read(struct store *store, const char *uuid, const char *class, const char *name,
	      struct note *ret);
/* Nothing noted of it is success. */
int kept_drop(struct store *store, const char *uuid, const char *class, const char *name);
/* All that is noted of a guest, to be freed by note_list_done(); nothing is success. */
int kept_load(struct store *store, const char *uuid, struct note_list *ret);

#endif
