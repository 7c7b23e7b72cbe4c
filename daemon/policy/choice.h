/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which policy is used: that of the files, if it is valid; else the one in use, or after a
 * start the last good one, which was saved; else none, so that nothing new is given. Never the
 * built-in defaults: those are what an operator says with an empty file.
 */
#ifndef ATTACHD_POLICY_CHOICE_H
#define ATTACHD_POLICY_CHOICE_H

#include "policy/policy.h"
#include "policy/status.h"

struct policy_choice {
	const char *file;		/* see policy_load() */
	const char *directory;		/* see state.h */
	struct policy_status status;
};

/* All that is wrong is logged. 0 or -ENOMEM. */
int policy_choose(struct policy_choice *choice, struct policy **ret);

/* Reads the files again. 0 and the new policy, or -errno: the one in use stays. Logged. */
int policy_choose_again(struct policy_choice *choice, struct policy **ret);

#endif
