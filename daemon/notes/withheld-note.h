/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operator has taken from a guest, noted in XenStore: /mydevice/G/withheld
 * has the guest's UUID and the words, and withheld@1, withheld@2 have those that
 * do not fit. Earlier releases know the first of these nodes only.
 */
#ifndef ATTACHD_WITHHELD_NOTE_H
#define ATTACHD_WITHHELD_NOTE_H

#include "notes/withheld.h"
#include "store/store.h"

/* Writes all of them. Without words there is no such node. 0 or -errno. */
int withheld_note(struct store *store, unsigned int guest, const char *uuid,
		  struct withheld *withheld);

/* Reads them. Those of another domain that had this domid are removed. 0 or -errno. */
int withheld_recall(struct store *store, unsigned int guest, const char *uuid,
		    struct withheld *withheld);

/* Is this the name of such a node? */
bool withheld_is_note(const char *name);

#endif
