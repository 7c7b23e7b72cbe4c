/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notes of earlier releases, rewritten as note.h says. These were:
 *
 *	/mydevice/G/CLASS-DEVID			a device; the value has its name: "v1 uuid=U
 *						name=NAME ..."
 *	/mydevice/kept/UUID/CLASS-DEVID		the same of a kept device
 *	/mydevice/kept/UUID/CLASS@NAME		later: the same and "devid=D"
 *	/mydevice/G/withheld, withheld@1, ...	the guest's UUID and " CLASS/NAME" of each
 *						withheld device
 *
 * All notes of a directory change in one transaction, so that none is lost or there twice
 * whatever interrupts this. What is damaged is left as it is. An earlier release ignores
 * the new notes of devices, and removes those of withheld ones.
 */
#ifndef ATTACHD_MIGRATE_H
#define ATTACHD_MIGRATE_H

#include <stddef.h>

#include "store/store.h"

/*
 * names: what stands in the directory of a guest's notes. 1 if it has to be listed again;
 * 0 if no note is of an earlier release, which costs one read if something is withheld, and
 * else none; or -errno.
 */
int migrate_guest(struct store *store, unsigned int guest, char **names, size_t n_names);

/* What is kept of a guest. 0 or -errno */
int migrate_kept(struct store *store, const char *uuid);

#endif
