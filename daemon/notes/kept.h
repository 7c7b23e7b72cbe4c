/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operator has attached to a guest, by the guest's UUID: it gets that
 * again when it comes back, after a reboot or a restore, as another domain.
 * Noted in XenStore, so it ends with the host: /mydevice/kept/UUID/CLASS@NAME is
 * the record that the device had, and its id. XenStore has no "." in a node's
 * name: there it is "@". Earlier releases named the nodes by CLASS-DEVID; these
 * are renamed at the start.
 */
#ifndef ATTACHD_KEPT_H
#define ATTACHD_KEPT_H

#include <stdbool.h>
#include <stddef.h>

#include "model/paths.h"
#include "model/record.h"
#include "store/store.h"

/* Guests of which something is kept; those that have not come back go first. */
#define KEPT_GUESTS_MAX 256

struct kept {
	char class[MYDEVICE_NAME_MAX + 1];
	unsigned int devid;
	struct record record;
	bool by_devid;			/* the node has the name that earlier releases gave it */
};

/* Of one guest. All zeroes: nothing. */
struct kept_list {
	struct kept *list;
	size_t n;
};

void kept_done(struct kept_list *all);

/* After connecting: is anything noted? Of most hosts nothing is. 0 or -errno */
int kept_begin(struct store *store, bool *ret_any);

/* Does a guest with this UUID run? What is noted of it makes no room for another's. */
typedef bool (*kept_is_here_fn)(const char *uuid, void *userdata);

/* Notes a device, in place of what is noted by its name. 0 or -errno, as the next three. */
int kept_note(struct store *store, const char *uuid, const struct kept *kept,
	      kept_is_here_fn is_here, void *userdata);
/* 1, or 0: nothing is noted by this name. */
int kept_read(struct store *store, const char *uuid, const char *class, const char *name,
	      struct kept *ret);
/* Nothing noted of it is success. */
int kept_drop(struct store *store, const char *uuid, const char *class, const char *name);
/* All that is noted of a guest, to be freed by kept_done(); nothing is success. */
int kept_load(struct store *store, const char *uuid, struct kept_list *ret);

/*
 * The same in memory, for one domain alone: another one with its UUID may have
 * noted more. 0 or -ENOMEM
 */
int kept_remember(struct kept_list *all, const struct kept *kept);
void kept_forget(struct kept_list *all, const char *class, const char *name);
/* NULL if there is none. */
const struct kept *kept_find(const struct kept_list *all, const char *class, const char *name);

#endif
