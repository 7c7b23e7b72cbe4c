/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the XenStore thread: connects, meets the guests and gives them their
 * turns. Everything here may wait for XenStore.
 */
#ifndef ATTACHD_MANAGER_H
#define ATTACHD_MANAGER_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "engine/host.h"
#include "policy/policy.h"
#include "view/registry.h"

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

/* There are orders. */
void manager_wake_for_orders(struct manager *manager);

/*
 * Delivers all events of changes that were made before this call, and meets the domains that
 * they tell of. 0 or -errno.
 */
int manager_catch_up(struct manager *manager);

#endif
