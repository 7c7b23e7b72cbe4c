/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is noted of a guest by operators' orders: what it is given again when it comes
 * back, and what is withheld from it. A guest has both in memory, too, where they hold
 * whatever XenStore refuses.
 */
#ifndef ATTACHD_GUEST_NOTES_H
#define ATTACHD_GUEST_NOTES_H

#include <stdbool.h>

#include "notes/notes.h"

struct device;
struct device_plan;
struct domain;

/* Each reads one of the two again. 0 or -errno. */
int guest_notes_recall(struct domain *domain);
int guest_notes_recall_kept(struct domain *domain);

/*
 * Before it is attached: whatever interrupts the two, the order is carried out. An
 * error is logged.
 */
void guest_notes_keep(struct domain *domain, const struct device_plan *plan);

/* What earlier orders left of a device. The note may be another domain's of this UUID. */
struct kept_before {
	bool remembered, noted;
	struct note memory, note;
};

/* 0 or -errno */
int guest_notes_find_kept(const struct domain *domain, const char *class, const char *name,
			  struct kept_before *ret);
/*
 * The order has failed: what earlier ones left holds, in memory whatever
 * XenStore refuses, or the device would be attached later nevertheless.
 */
void guest_notes_restore_kept(struct domain *domain, const char *class, const char *name,
			      const struct kept_before *before);

/*
 * It may have it again, or a restart would take it for a detach that is to be finished. 1 if it
 * was withheld, 0 if not, or -errno: then it still is.
 */
int guest_notes_allow(struct domain *domain, const char *class, const char *name);
/* It is not to have it; that is noted when there is room for it. */
void guest_notes_withhold(struct domain *domain, const char *class, const char *name);
/*
 * The same for a device that is there, which is no longer kept either. 0, or -errno: it is
 * not to be detached.
 */
int guest_notes_detach(struct domain *domain, const struct device *device);

/* All that is withheld; also deletes the notes of orders that gave it. 0 or -errno. */
int guest_notes_save(struct domain *domain);
/* Devices that were withheld before this daemon began: they go. 0 or -errno. */
int guest_notes_resume(struct domain *domain);

#endif
