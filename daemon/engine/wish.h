/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device that somebody wishes for a guest: the guest in a request, the policy, or an
 * operator. What becomes of a wish by the policy in force is decided here for all of them.
 */
#ifndef ATTACHD_WISH_H
#define ATTACHD_WISH_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/reason.h"
#include "engine/device-attach.h"
#include "model/record.h"
#include "model/request.h"
#include "policy/policy.h"

struct domain;

#define WISH_ANY_DEVID UINT_MAX

struct wish {
	enum origin origin;		/* whose it is */
	const char *class, *name;
	unsigned int devid;		/* or WISH_ANY_DEVID */
	enum channel_mode mode;		/* MODE_ANY: as the policy has it */
	uint64_t ring_size;		/* bytes; 0: likewise */
	bool granted;			/* by an earlier policy: mode and ring size stay */
	uint64_t began_usec;		/* monotonic */
	const struct policy_settings *settings; /* of this device, if they are known, or NULL */
};

/* Not to be copied: the plan points to the settings. */
struct resolved_wish {
	struct device_plan plan;	/* for device_attach() */
	struct policy_settings settings;
};

/*
 * 0, or -EACCES and the reason: the policy does not let the guest have what it requests.
 * The id is the one that is wished, another one if that is in use and does not matter for
 * devices of this kind, and else the policy's: it may be in use.
 */
int wish_resolve(struct domain *domain, const struct wish *wish, struct resolved_wish *ret,
		 struct reason *ret_reason);

#endif
