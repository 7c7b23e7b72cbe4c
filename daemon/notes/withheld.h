/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notes of the devices that an operator has taken from a guest: it does not get
 * them again until they are attached by hand, or the guest is gone.
 */
#ifndef ATTACHD_WITHHELD_H
#define ATTACHD_WITHHELD_H

#include "notes/notes.h"

/* Each returns 0 or -errno. */
int withheld_note(struct store *store, unsigned int guest, const struct note *note);
/* others: some other device is withheld as well. Nothing noted of it is success. */
int withheld_drop(struct store *store, unsigned int guest, const char *class, const char *name,
		  bool others);
/* Of a guest that is gone. */
int withheld_drop_all(struct store *store, unsigned int guest);
/* Those of another domain that had this domid are removed. */
int withheld_load(struct store *store, unsigned int guest, const char *uuid,
		  struct note_list *ret);

#endif
