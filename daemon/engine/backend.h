/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which domain serves a guest, and which guests wait for a domain or lose one. */
#ifndef ATTACHD_BACKEND_H
#define ATTACHD_BACKEND_H

#include "base/reason.h"

struct domain;
struct manager;

/*
 * The domain of this name that is to serve a guest; name NULL: this one. 0, or
 * -EHOSTUNREACH and the reason: the guest is looked at again when it comes. Of
 * two that have the name neither is meant.
 */
int manager_find_backend(struct manager *manager, struct domain *guest, const char *name,
			 unsigned int *ret, struct reason *ret_reason);
/* Look at this guest again when a domain of this name comes. name NULL: this one, which is here. */
void manager_await_backend(struct domain *guest, const char *name);
void manager_await_none(struct domain *guest);
/* A domain has this name, or had it: look again at the guests that wait for one. */
void manager_backend_came(struct manager *manager, const char *name);
/* A domain is no more, and serves nobody. */
void manager_orphan_devices(struct manager *manager, unsigned int backend);
/* What it serves may be gone, though it is there. */
void manager_look_at_devices(struct manager *manager, unsigned int backend);

#endif
