/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The root of all that happens in the XenStore thread: the connection, the
 * guests and whose turn it is. Everything here may wait for XenStore.
 */
#ifndef ATTACHD_MANAGER_H
#define ATTACHD_MANAGER_H

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

struct manager_options {
	sd_event *event;
	struct registry *registry;
	struct policy *policy;			/* becomes the manager's */
	const char *xenctrl;			/* see facts_new() */
	void (*on_ready)(void *userdata);
	bool (*execute_order)(void *userdata);
	void *userdata;
};

/* 0 or -errno; the policy is then still the caller's. */
int manager_new(const struct manager_options *options, struct manager **ret);
void manager_free(struct manager *manager);

void manager_set_policy(struct manager *manager, struct policy *policy);

/* There is something in the queue. */
void manager_wake(struct manager *manager);
/* There are orders. */
void manager_wake_for_orders(struct manager *manager);

struct domain *manager_find_domain(struct manager *manager, unsigned int domid);

/*
 * Delivers all events of changes that were made before this call, and meets the domains that
 * they tell of. 0 or -errno.
 */
int manager_catch_up(struct manager *manager);

/*
 * The domain of this name that is to serve a guest; name NULL: this one. 0, or
 * -EHOSTUNREACH and the reason: the guest is looked at again when it comes. Of
 * two that have the name neither is meant.
 */
int manager_find_backend(struct manager *manager, struct domain *guest, const char *name,
			 unsigned int *ret, struct reason *ret_reason);
/* Look at this guest again when a domain of this name comes. name NULL: this one, which is here. */
void manager_await_backend(struct domain *guest, const char *name);
void manager_await_none(struct domain *guest);
/* A domain has this name, or had it: look again at the guests that wait for one. */
void manager_backend_came(struct manager *manager, const char *name);
/* All devices were found again but those of guests that are left alone. */
void manager_let_go(struct manager *manager);
/* A domain is no more, and serves nobody. */
void manager_orphan_devices(struct manager *manager, unsigned int backend);
/* What it serves may be gone, though it is there. */
void manager_look_at_devices(struct manager *manager, unsigned int backend);

#endif
