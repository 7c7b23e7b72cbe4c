/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads attachd.conf and attachd.conf.d, and says what is wrong with them. */
#ifndef ATTACHD_POLICY_FILE_H
#define ATTACHD_POLICY_FILE_H

#include "policy/policy.h"

#define POLICY_FILE "/etc/mydevice/attachd.conf"

enum policy_fault {
	POLICY_MISTAKE,			/* the policy is not used */
	POLICY_DOUBT,			/* it is used: see doubt.h */
};

/* line is 0 if it is about the whole file. */
typedef void (*policy_fault_fn)(enum policy_fault fault, const char *file, unsigned int line,
				const char *message, void *userdata);

/*
 * file, then FILE.d/[*].conf in the order of their names. A file that is not there is
 * empty; it is a doubt if there is no drop-in either, and the policy has no sources. All
 * mistakes are reported before -EBADMSG is returned; other errors are -ENOMEM and what
 * reading a file gave, also reported. Doubts are reported and are no error.
 */
int policy_load(const char *file, policy_fault_fn fault, void *userdata,
		struct policy **ret);

/* Text from memory, for tests; name stands for the file in mistakes. */
int policy_parse(struct policy *policy, const char *name, const char *text, size_t len,
		 policy_fault_fn fault, void *userdata);

#endif
