/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's turns: it is identified, served and buried. Events only mark what is to be looked
 * at, see guest.h; the looking is done one piece a turn, guest after guest, so
 * that no guest can make the others wait for more than one piece of its own.
 */
#ifndef ATTACHD_GUEST_TURN_H
#define ATTACHD_GUEST_TURN_H

#include <stdbool.h>

#include "engine/guest.h"

struct device;
struct manager;

struct domain *domain_new(struct manager *manager, unsigned int domid, const char *uuid);
/* Leaves XenStore as it is. */
void domain_free(struct domain *domain);

/*
 * Reads its name again if that may have changed, also while the guest is not served.
 * 0 or -errno; domain.misread remains set.
 */
int domain_update_identity(struct domain *domain);

/* It has shut down, crashed or been destroyed. */
void domain_bury(struct domain *domain);

/* XenStore stood still because of it: it is left alone from the next connection on. */
void domain_shun(struct domain *domain);
/* Is that time not over yet? To be asked before anything is written for it. 1, 0 or -errno. */
int domain_stay_away(struct domain *domain);

bool domain_is_shunned(const struct domain *domain);

/* What it has could not be read, for this reason: it alone is not served until that works. */
void domain_set_aside(struct domain *domain, int error);

/* All devices were found again but those of guests that are left alone. */
void domains_let_go(struct manager *manager);

/* Does one piece of work. False if there was none: nothing more to be done now. */
bool domain_turn(struct domain *domain);

#endif
