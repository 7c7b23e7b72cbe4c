/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the policy makes of one device of one guest, in the words of attachd.conf. Pure. */
#ifndef ATTACHD_EXPLAIN_H
#define ATTACHD_EXPLAIN_H

#include "policy/policy.h"

/* "Setting=value" lines, to be freed; NULL: no memory. */
char *explain_settings(const struct policy *policy, const struct policy_subject *subject);

#endif
