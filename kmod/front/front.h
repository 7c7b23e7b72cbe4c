/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The frontend's face: grants memory, offers event channels.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_FRONT_H
#define MYD_FRONT_H

#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/workqueue.h>
#include <xen/grant_table.h>
#include <xen/xenbus.h>

#include "../core/doorbell.h"
#include "../core/link.h"

struct myd_watch;

/**
 * struct myd_memory - the pages of a link: the control page, then both rings
 * @count: pages in the arrays
 * @granted: how many of them are granted
 * @page: each page; freed when the backend has let go of it
 * @gref: each page's grant reference
 * @base: where they are mapped, contiguously
 */
struct myd_memory {
	unsigned int count;
	unsigned int granted;
	struct page **page;
	grant_ref_t *gref;
	void *base;
};

/**
 * struct myd_front - one frontend device; lives from probe to remove
 * @dev: its xenbus device
 * @ref: also held while a program waits for the backend and the device may be removed
 * @lapse: leaves the link after the backend broke the protocol
 * @retry: tries again what XenStore, or the lack of memory, refused
 * @complaints: how many log lines its backend may cause
 * @arrival: tells that a host has given the device, or another backend
 * @mutex: protects all below; taken in xenwatch, in both work items and by who unbinds
 *	the device, never held for a program
 * @channel: its channel; NULL if there was no memory for it when its turn came
 * @mode: the channel's
 * @name: the channel's, or "" if it has none that is safe
 * @arriving: resumed, or given to another backend, and not connected since
 * @asking: a backend that closed while @arriving was asked to begin again; it still
 *	is Closing
 * @watching: @arrival is registered
 * @closing: about to be removed: what the backend says changes nothing any more
 * @removed: the device is not ours any more
 * @failed: the last offer, for a reason that may pass: @retry begins again
 * @delay: seconds until the next @retry
 * @offered: @memory and @doorbell were offered to the backend
 * @linked: the channel uses them
 * @order: by direction, log2 of the ring's bytes
 * @memory: what is granted. It stays from one offer to the next unless that takes more,
 *	so that a backend that keeps pages mapped and starts over, or names another size
 *	each time, costs less than two sets of them, not many
 * @doorbell: the event channels
 */
struct myd_front {
	struct xenbus_device *dev;
	struct kref ref;
	struct work_struct lapse;
	struct delayed_work retry;
	struct ratelimit_state complaints;
	struct myd_watch *arrival;
	struct mutex mutex;	/* the handshake */
	struct myd_channel *channel;
	enum mydevice_mode mode;
	char name[MYDEVICE_NAME_MAX + 1];
	bool arriving;
	bool asking;
	bool watching;
	bool closing;
	bool removed;
	bool failed;
	unsigned int delay;
	bool offered;
	bool linked;
	u32 order[MYDEVICE_DIRECTIONS];
	struct myd_memory memory;
	struct myd_doorbell doorbell;
};

/* Pauses before what was refused is tried again, in seconds: each is twice the one before. */
#define MYD_FRONT_DELAY_MIN	1
#define MYD_FRONT_DELAY_MAX	64

/*
 * On a workqueue that stands still while the guest is suspended: xenbus deadlocks if a
 * watch is being registered then.
 */
static inline bool myd_front_schedule(struct delayed_work *work, unsigned int seconds)
{
	return queue_delayed_work(system_freezable_wq, work, seconds * HZ);
}

/* main.c */
extern struct workqueue_struct *myd_front_queue;
unsigned int myd_front_lock(struct myd_front *front);
void myd_front_unlock(struct myd_front *front, unsigned int flags);
void myd_front_disconnect(struct myd_front *front, bool keep);
void myd_front_leave(struct myd_front *front);

/* close.c */
int myd_front_prepare_unbind(struct xenbus_device *dev);
void myd_front_put(struct myd_front *front);

/* rebind.c */
void myd_rebind(struct xenbus_device *dev);
void myd_rebind_exit(void);

/* arrival.c */
int myd_arrival_init(struct myd_front *front);
void myd_arrival_exit(struct myd_front *front);
bool myd_arrival_begin(struct device *dev);

/* memory.c */
int myd_memory_alloc(struct myd_memory *memory, unsigned int count, domid_t domid);
void myd_memory_free(struct myd_memory *memory);
void myd_memory_clear(struct myd_memory *memory);

/* offer.c */
int myd_front_offer(struct myd_front *front);
void myd_front_withdraw(struct myd_front *front);
void myd_front_revoke(struct myd_front *front);
bool myd_front_works(const struct myd_front *front);

/* request.c */
void myd_request_init(void);
void myd_request_exit(void);

#endif /* MYD_FRONT_H */
