/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes and deletes what stands in XenStore for a device. Nothing here leaves
 * a half: what is written is written in one transaction, and what is deleted
 * can be deleted again.
 */
#ifndef ATTACHD_NODES_H
#define ATTACHD_NODES_H

#include "base/escape.h"
#include "model/hotplug.h"
#include "model/live.h"
#include "model/machine.h"
#include "model/paths.h"
#include "model/record.h"
#include "nodes/parents.h"
#include "policy/policy.h"
#include "store/store.h"

/*
 * Both directories and the record. record->written_usec must be 0: it becomes
 * the time from began_usec (monotonic) to the writing. link_guest: see
 * node-link.h. -ESRCH if the guest is no more, -EHOSTUNREACH if the backend domain is.
 */
int nodes_attach(struct store *store, const struct device_key *key, const char *link_guest,
		 const struct policy_settings *settings, uint64_t began_usec,
		 struct record *record);

/* Asks both drivers to close. Nothing happens where there is no backend. */
int nodes_close(struct store *store, const struct device_key *key);

/*
 * Has the backend let go of a device whose hotplug script has work to undo: the
 * frontend's directory goes, and with it its memory.
 */
int nodes_unplug(struct store *store, const struct device_key *key);

/* Has drivers that are both Closed begin again. Nothing happens where there is no frontend. */
int nodes_start_again(struct store *store, const struct device_key *key);

/* Of a domain that is no more, and does not come back by this id. */
int nodes_remove_backend(struct store *store, const struct device_key *key);
/* 1 if XenStore has this domain, 0 if not, or -errno. */
int nodes_have_domain(struct store *store, unsigned int domid);
/* Is there a frontend for this backend? 1, 0 or -errno. */
int nodes_have_frontend(struct store *store, const struct device_key *key);

/* Deletes frontend, backend, empty parents, and the note about it last; NULL: there is none. */
int nodes_remove(struct store *store, const struct device_key *key, const struct path *note,
		 enum company company);

int nodes_update_record(struct store *store, const struct device_key *key,
			const struct record *record);

int nodes_read_states(struct store *store, const struct device_key *key,
		      enum end_state *ret_frontend, enum end_state *ret_backend);

/* ret_error: what the script says went wrong, or "" */
int nodes_read_hotplug(struct store *store, const struct device_key *key, enum hotplug *ret,
		       struct escaped *ret_error);

/*
 * Those that are named, 1 << enum live_key. -ESRCH if there is no backend any more,
 * -EOPNOTSUPP if its driver cannot enforce the direction, or was unbound.
 */
int nodes_set_live(struct store *store, const struct device_key *key, enum channel_mode mode,
		   const struct live *live, unsigned int named);
int nodes_read_live(struct store *store, const struct device_key *key, struct live *ret);

/* 1 if both directories are there and name each other, 0 if not, or -errno. */
int nodes_are_whole(struct store *store, const struct device_key *key);

/* 1 if the device is meant to stay, 0 if it was told to go, or -errno. */
int nodes_is_online(struct store *store, const struct device_key *key);

/* The answer to the request in this directory. -ESRCH if there is none any more. */
int nodes_answer(struct store *store, const struct path *request, const char *status);

#endif
