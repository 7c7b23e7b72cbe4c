/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the policy says of a guest. */
#ifndef ATTACHD_GUEST_POLICY_H
#define ATTACHD_GUEST_POLICY_H

#include "engine/guest.h"

/* The policy is another one, or the guest has another name. */
void domain_reconsider(struct domain *domain);

#endif
