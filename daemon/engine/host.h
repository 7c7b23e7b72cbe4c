/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all guests share: the connection, the policy, the queue of their turns.
 * A guest has a pointer to it, and a device one to its guest; none points down but
 * the lists.
 */
#ifndef ATTACHD_HOST_H
#define ATTACHD_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/backoff.h"
#include "base/table.h"
#include "engine/queue.h"
#include "engine/shun.h"
#include "hypervisor/facts.h"
#include "policy/policy.h"
#include "store/store.h"
#include "view/registry.h"

struct domain;

#define DOM0_NAME "Domain-0"

struct manager {
	sd_event *event;
	struct registry *registry;
	struct policy *policy;
	struct facts *facts;
	void (*on_ready)(void *userdata);	/* once: the first connection is reconciled */
	bool (*execute_order)(void *userdata);	/* or NULL. False: it was the last */
	void *userdata;
	bool orders_wait;			/* some, perhaps: one after each guest's turn */

	struct store *store;			/* NULL: not connected */
	struct store_watch *introduce_watch, *release_watch;
	unsigned int backend;			/* domid that serves the channels */
	struct table domains;			/* domid -> struct domain */
	uint64_t last_generation, last_serial;
	struct shun shun;			/* outlasts the connection, as the next two */
	unsigned int stalled_by;		/* domid */
	uint64_t stalled_usec;			/* monotonic; 0: never */
	unsigned int n_served_elsewhere;	/* devices with a backend in another domain */
	struct queue queue;
	bool backend_awaited;			/* by one of the domains, perhaps */
	bool domains_came;			/* some, perhaps */
	bool domains_changed;			/* came, went or became others */
	bool domains_unsure;			/* only new ones were listed since all were */
	unsigned int next_domid;		/* all below were met, but see domains_unsure */
	bool store_missing;			/* and it was said */
	bool keeps;				/* something of a guest; see kept.h */

	struct backoff remains_failures;
	sd_event_source *remains;		/* of guests that are gone could not be removed */
	sd_event_source *store_events;
	sd_event_source *turns;			/* on while there is anything to do */
	sd_event_source *probe;			/* always: tries to connect, or whether it lasts */
};

/* There is something in the queue. */
void manager_wake(struct manager *manager);

/* NULL if it is not known. */
struct domain *manager_find_domain(struct manager *manager, unsigned int domid);

#endif
