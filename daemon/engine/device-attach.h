/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device begins: its nodes are written, or those that an earlier process wrote are taken over. */
#ifndef ATTACHD_DEVICE_ATTACH_H
#define ATTACHD_DEVICE_ATTACH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reason.h"
#include "model/paths.h"
#include "model/record.h"
#include "policy/policy.h"

struct domain;

struct device_plan {
	const char *class, *name;
	unsigned int devid;
	enum origin origin;
	struct policy_grant grant;
	const struct policy_settings *settings;
	uint64_t began_usec;		/* monotonic: when it was asked for */
};

/*
 * Writes the nodes of a new device and follows it. The device is its domain's.
 * 0, or -errno; -EHOSTUNREACH and the reason if its backend domain is not there:
 * when it comes, domain_rescan() is called.
 */
int device_attach(struct domain *domain, const struct device_plan *plan,
		  struct reason *ret_reason);

/* Follows a device that an earlier process attached; orphaned: with one end only, perhaps. */
int device_adopt(struct domain *domain, const struct device_key *key,
		 const struct record *record, bool orphaned);

#endif
