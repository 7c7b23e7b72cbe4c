/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device of a guest: one channel, from the writing of its nodes until they are
 * gone. Written by device-attach.h, and followed by device-turn.h.
 */
#ifndef ATTACHD_DEVICE_H
#define ATTACHD_DEVICE_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "base/backoff.h"
#include "base/escape.h"
#include "model/hotplug.h"
#include "model/live.h"
#include "model/machine.h"
#include "model/paths.h"
#include "model/record.h"
#include "model/request.h"
#include "nodes/kinds.h"
#include "policy/policy.h"
#include "store/store.h"

struct domain;

struct device {
	uint64_t serial;		/* of all the devices ever met */
	struct domain *domain;
	struct device *next;		/* of the same guest */
	struct device_key key;
	struct record record;
	enum phase phase;
	enum end_state frontend, backend;
	enum hotplug hotplug;		/* NONE unless record.scripted */
	struct escaped hotplug_error;
	struct {			/* what its drivers have written, see steps.h */
		bool features, offer;
		struct escaped error;	/* of the backend that has closed, or "" */
	} steps;
	struct live live;
	char link_guest[MYDEVICE_NAME_MAX + 1]; /* see node-link.h */
	uint64_t began_usec;		/* monotonic; 0 if begun before this process */
	uint64_t removed_usec;		/* monotonic; since PHASE_REMOVED */

	/* by the policy in force */
	uint64_t detach_timeout_usec;
	bool handshake;

	bool unwanted;			/* for good: it was told to go */
	bool orphaned;			/* its backend domain is no more */
	bool expedited;			/* for good: nobody is waited for, see removal.h */
	bool untouched;			/* for good: it closes, and no driver took a step before */

	/* what the next turn has to look at */
	bool dirty;			/* a state may have changed, or unwanted has */
	bool timed_out;

	struct store_watch *frontend_watch, *backend_watch, *hotplug_watch;
	bool throttled;			/* some of these are removed, see throttle.h */
	unsigned int answers_due;	/* events of its backend that its frontend causes */
	sd_event_source *deadline;

	struct backoff restarts;	/* of the frontend's handshake */
	uint64_t changed_usec;		/* monotonic: when a state was seen to change */
	sd_event_source *verification;	/* what it has is to be compared then, see verify.h */
	bool unverified;		/* that time has come */
	enum end_state reset;		/* from this its backend was set to Initialising; or 0 */
	struct backoff repairs;
	struct backoff failures;	/* of turns that XenStore refused something */
	sd_event_source *hold;		/* not to be looked at for a changed state */
	bool failing;			/* nor for anything else while its guest lives */
};

/* What its guest has to do after a turn of the device, see device-turn.h. */
enum device_outcome {
	DEVICE_RESCAN = 1 << 0,		/* all of its requests may have another answer */
	DEVICE_PAUSED = 1 << 1,		/* it has to wait for its share: that counts */
};

/* One that is in no store yet. NULL: no memory. */
struct device *device_new(struct domain *domain, const struct device_key *key);
/* Takes it from its domain's list; leaves XenStore as it is. */
void device_free(struct device *device);

/* Its nodes may have changed: the next turn looks. */
void device_look(struct device *device);

/* It is to go: the next turn sees to it. */
void device_withdraw(struct device *device);

/* The domain that serves it is no more. */
void device_orphan(struct device *device);

/* What the policy says of it. */
struct policy_settings device_settings(const struct device *device);

/* Removes its watches: its nodes are gone, or are to be others. */
void device_unwatch(struct device *device);
/* The turn that has begun came to nothing: all of it again. */
void device_try_again(struct device *device, enum event event);

struct store *device_store(const struct device *device);
bool device_is_served_elsewhere(const struct device *device);

/* The policy is another one. */
void device_reconsider(struct device *device);

/* It gets a turn then, as timed out; in place of another deadline. 0 or -errno. */
int device_set_deadline(struct device *device, uint64_t usec);
void device_drop_deadline(struct device *device);
/* No turn for a changed state before that. 0 or -errno. */
int device_hold(struct device *device, uint64_t usec);

bool device_has_work(const struct device *device);

/* NULL if there is none; also what is on its way out is found. */
struct device *device_find(struct domain *domain, const char *class, unsigned int devid);
struct device *device_find_named(struct domain *domain, const char *class, const char *name);

static inline const struct kind *device_kind(const struct device *device)
{
	return kind_of(device->key.class, device->record.mode);
}

/* Written, and not yet told to go. */
static inline bool device_is_serving(const struct device *device)
{
	return device->phase <= PHASE_STRANDED;
}

#endif
