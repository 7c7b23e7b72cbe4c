/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the guest that an order is about. */
#ifndef ATTACHD_LOOKUP_H
#define ATTACHD_LOOKUP_H

#include "base/reason.h"

struct domain;
struct manager;

/*
 * Processes all events that XenStore has sent, so that lookup_guest() knows the guests and
 * their names as they are now. 0, or -ENOTCONN; a guest's own failure concerns only that guest.
 */
int lookup_prepare(struct manager *manager);

/*
 * By name, domid or UUID, see guest-ref.h. 0, or the reason and -EINVAL: no guest can be
 * addressed like this, -ESRCH: there is none, -ENOTUNIQ: there are several.
 */
int lookup_guest(struct manager *manager, const char *text, struct domain **ret,
		 struct reason *ret_reason);

#endif
