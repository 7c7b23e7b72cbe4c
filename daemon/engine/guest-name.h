/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who a guest is: its UUID, its name, and what follows when it gets another name or loses it,
 * as it does when it is renamed, arrives by migration, or leaves.
 */
#ifndef ATTACHD_GUEST_NAME_H
#define ATTACHD_GUEST_NAME_H

#include "engine/guest.h"

/* Name and UUID, and the watches that these call for. 0 or -errno. */
int domain_identify(struct domain *domain);

#endif
