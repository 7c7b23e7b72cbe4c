/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rest of the world may see: a copy of each device, and how the
 * daemon is doing. Written by the thread that talks to XenStore, read by the
 * one that answers the bus, which must never wait for XenStore.
 */
#ifndef ATTACHD_REGISTRY_H
#define ATTACHD_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/escape.h"
#include "base/util.h"
#include "model/awaited.h"
#include "model/hotplug.h"
#include "model/live.h"
#include "model/machine.h"
#include "model/paths.h"
#include "model/record.h"
#include "model/request-log.h"
#include "policy/status.h"
#include "view/metrics.h"

struct device_view {
	uint64_t serial;		/* of the device, never used for another */
	struct device_key key;
	struct escaped guest;
	struct record record;
	enum phase phase;
	enum end_state frontend, backend;
	enum hotplug hotplug;
	struct escaped hotplug_error;
	enum awaited awaited;
	struct escaped backend_error;
	struct path node;		/* in the backend domain */
	char settings[LIVE_TEXT_SIZE];
};

struct registry_status {
	struct metrics metrics;		/* without silent_usec */
	uint64_t beat_usec;		/* monotonic: last sign of life of the XenStore thread */
	struct policy_status policy;
};

enum registry_change {
	REGISTRY_NONE,
	REGISTRY_CHANGED,		/* or new */
	REGISTRY_GONE,
};

struct registry;

struct registry *registry_new(void);
void registry_free(struct registry *registry);
DEFINE_CLEANUP(struct registry, registry_free)

/* Adds or replaces. 0 or -ENOMEM */
int registry_publish(struct registry *registry, const struct device_view *view);
void registry_withdraw(struct registry *registry, uint64_t serial);

/*
 * From now on what is withdrawn stays to be seen, until it is let go, or published
 * anew, by whatever serial: those of a connection that has ended are not gone. The
 * first that is published of one then is not told: it was not looked at yet.
 */
void registry_hold(struct registry *registry);
/* Ends that. keep, called with the registry locked: is it still held? NULL: none is. */
void registry_let_go(struct registry *registry,
		     bool (*keep)(const struct device_view *view, void *userdata),
		     void *userdata);

/*
 * Readable when there are changes. They are kept, coalesced, until they are
 * taken, so somebody has to. ret is the last that was published.
 */
int registry_fd(struct registry *registry);
enum registry_change registry_next_change(struct registry *registry, struct device_view *ret);

void registry_beat(struct registry *registry);
void registry_set_store(struct registry *registry, bool connected, bool facts_degraded);
void registry_set_guests(struct registry *registry, unsigned int guests);
void registry_count(struct registry *registry, enum counter counter);
void registry_count_served(struct registry *registry);
/* From the request: until the nodes were written, until the ends were connected. */
void registry_note_written(struct registry *registry, uint64_t usec);
void registry_note_connected(struct registry *registry, uint64_t usec);
void registry_set_policy(struct registry *registry, const struct policy_status *policy);

/* Adds or replaces what is known of a guest; key is never used again. */
void registry_publish_guest(struct registry *registry, uint64_t key,
			    const struct guest_counts *counts);
void registry_withdraw_guest(struct registry *registry, uint64_t key);
/* A copy of all, to be freed. 0 or -ENOMEM */
int registry_guests(struct registry *registry, struct guest_counts **ret, size_t *ret_n);

/*
 * Requests that were not granted, see request-log.h. guest: who it is, without entries. They
 * outlast the connection to XenStore, and the guest.
 */
void registry_note_request(struct registry *registry, const struct request_log *guest,
			   const struct request_entry *entry);
void registry_grant_request(struct registry *registry, unsigned int domid, uint32_t devid,
			    const char *name);
/* gone, called with the registry locked: is there no request by this id any more? */
void registry_withdraw_requests(struct registry *registry, unsigned int domid,
				bool (*gone)(uint32_t devid, const void *userdata),
				const void *userdata);
/* is_gone, likewise: does this guest not exist any more? Of the last of them all are kept. */
void registry_end_requests(struct registry *registry,
			   bool (*is_gone)(const struct request_log *guest, void *userdata),
			   void *userdata);
/* A copy of all, to be freed. 0 or -ENOMEM */
int registry_requests(struct registry *registry, struct request_log **ret, size_t *ret_n);
/* How many there are, into the metrics. */
void registry_count_requests(struct registry *registry, struct metrics *metrics);

struct registry_status registry_status(struct registry *registry);

/* With the registry locked; stops when each returns non-zero, and returns that. */
int registry_for_each(struct registry *registry,
		      int (*each)(const struct device_view *view, void *userdata), void *userdata);

#endif
