/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The backend's face: maps what a frontend grants, binds its event channels.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_BACK_H
#define MYD_BACK_H

#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/workqueue.h>
#include <xen/xenbus.h>

#include "../core/doorbell.h"
#include "../core/link.h"
#include "pace.h"

struct myd_watch;

/**
 * struct myd_mapping - a frontend's memory in our address space
 * @control: the control page
 * @segment: by direction, the rings in segments of MYD_SEGMENT_SIZE
 * @order: by direction, log2 of the ring's bytes; checked
 * @closed: bits of 1 << enum mydevice_direction: those whose ring is not mapped
 */
struct myd_mapping {
	void *control;
	void *segment[MYDEVICE_DIRECTIONS][MYD_SEGMENTS_MAX];
	u32 order[MYDEVICE_DIRECTIONS];
	unsigned int closed;
};

struct myd_guest;

/* Nodes of settings.c */
#define MYD_BACK_SETTINGS	6

/**
 * struct myd_back - one backend device; lives from probe to remove
 * @dev: its xenbus device
 * @guest: whose device it is
 * @lapse: leaves the link after the frontend broke the protocol
 * @resume: goes on with a handshake that came too early
 * @watch: of its own directory: the hotplug script, and settings
 * @mutex: protects all below; taken in xenwatch and in both work items, never held for
 *	a program
 * @channel: its channel; NULL if there was no memory for it when its turn came
 * @begun: @channel is what the directory names, and our features are told there
 * @mode: the channel's
 * @closed: bits of 1 << enum mydevice_direction: those that the toolstack has closed.
 *	A mapping that was made with others is left once the frontend is Connected
 * @scripted: there is a hotplug script to be waited for
 * @failed: the last try to map; the next one is one of @failures
 * @failures: how many there may be in a time
 * @pace: of its handshakes
 * @linked: the channel uses @mapping and @doorbell
 * @mapping: what is mapped
 * @doorbell: the event channels
 * @set: the settings have been looked at
 * @setting: what they are, as settings.c has them
 */
struct myd_back {
	struct xenbus_device *dev;
	struct myd_guest *guest;
	struct work_struct lapse;
	struct delayed_work resume;
	struct myd_watch *watch;
	struct mutex mutex;	/* the handshake */
	struct myd_channel *channel;
	bool begun;
	enum mydevice_mode mode;
	unsigned int closed;
	bool scripted;
	bool failed;
	struct ratelimit_state failures;
	struct myd_pace pace;
	bool linked;
	struct myd_mapping mapping;
	struct myd_doorbell doorbell;
	bool set;
	u64 setting[MYD_BACK_SETTINGS];
};

/* main.c; with @mutex held */
void myd_back_redirect(struct myd_back *back);

/* guest.c */
struct myd_guest *myd_guest_get(u16 domid);
void myd_guest_put(struct myd_guest *guest);
unsigned long myd_guest_wait(struct myd_guest *guest, const struct myd_pace *device);
bool myd_guest_may_log(struct myd_guest *guest);
void myd_guest_count(struct myd_guest *guest, struct myd_pace *device);

/* mapping.c */
int myd_mapping_make(struct myd_mapping *mapping, struct xenbus_device *dev,
		     enum mydevice_mode mode, u32 ring_size_max, unsigned int closed);
void myd_mapping_free(struct myd_mapping *mapping, struct xenbus_device *dev);

/* settings.c; with @mutex held */
int myd_settings_read(struct myd_back *back);
void myd_settings_changed(struct myd_back *back, const char *node);

#endif /* MYD_BACK_H */
