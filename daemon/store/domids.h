/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories of XenStore with a child for each domain. */
#ifndef ATTACHD_DOMIDS_H
#define ATTACHD_DOMIDS_H

#include <stddef.h>

#include "model/paths.h"
#include "store/store.h"

/*
 * Those that have a child of that name; no directory is one without. The array
 * is to be freed. 0 or -errno.
 */
int domids_list(struct store *store, const struct path *dir, unsigned int **ret, size_t *ret_n);

#endif
