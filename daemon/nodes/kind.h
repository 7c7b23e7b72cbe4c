/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that differs between kinds of devices: which nodes are written for one, what its
 * drivers are expected to do, how it is listed. Each kind is a file, kind-NAME.c, which
 * defines one of these; kinds.c finds the one of a device.
 */
#ifndef ATTACHD_KIND_H
#define ATTACHD_KIND_H

#include <stdbool.h>
#include <stddef.h>

#include "model/paths.h"
#include "model/record.h"
#include "policy/policy.h"

/* A node and its value. 0 or -errno, which ends the list. */
typedef int (*kind_add_fn)(const char *name, const char *value, void *userdata);

/* A device for which nodes are about to be written. */
struct kind_plan {
	const struct device_key *key;
	const struct record *record;
	const struct policy_settings *settings;
	const char *link_guest;		/* see node-link.h */
};

struct kind {
	const char *noun;		/* for people; NULL: the name of its class */
	bool any_devid;			/* it has a name: its id means nothing to the guest */
	bool has_node;			/* a device node in the domain that serves it */
	bool has_live;			/* settings that change while it is connected */
	bool has_steps;			/* the handshake of docs/PROTOCOL.md */
	bool follows;			/* to another domain, when the one that serves it is gone */

	/*
	 * Each lists nodes, in the order in which they are written, or is NULL. 0 or what
	 * add() returned. Those of identity(), one end's or the other's, are restored if
	 * another program has changed them. A direction ("" or NULL: both) is a channel's.
	 */
	int (*identity)(const struct record *record, const char *direction, bool backend,
			kind_add_fn add, void *userdata);
	int (*frontend)(const struct kind_plan *plan, kind_add_fn add, void *userdata);
	int (*backend)(const struct kind_plan *plan, kind_add_fn add, void *userdata);

	/* For the log, after "attached: ". */
	void (*describe)(const struct device_key *key, const struct record *record, char *ret,
			 size_t size);
};

/* All there are. */
extern const struct kind kind_channel;
extern const struct kind kind_other;

#endif
