/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a face (mydevicefront, mydeviceback) gives to the core: channels, and
 * for the time both ends are connected, a link: shared memory and a doorbell.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_LINK_H
#define MYD_LINK_H

#include <linux/types.h>
#include <xen/io/mydevice.h>

#include "ring.h"

struct device;
struct myd_channel;

enum myd_end {
	MYD_FRONTEND,
	MYD_BACKEND,
};

/**
 * struct myd_link_ops - what the core asks of a face
 * @notify: ring the peer's doorbell for a direction. Called with the channel's
 *	lock held and interrupts off, only between connect and disconnect.
 * @broken: the peer broke the protocol; the face disconnects from its own
 *	context. Called like @notify, once for each link.
 */
struct myd_link_ops {
	void (*notify)(void *priv, enum mydevice_direction direction);
	void (*broken)(void *priv);
};

/**
 * struct myd_link - shared memory and doorbell of a connected pair
 * @control: the control page
 * @segment: by direction, the ring's memory in segments of MYD_SEGMENT_SIZE; not
 *	needed for a direction that is closed
 * @order: by direction, log2 of the ring's bytes; checked by the face
 * @ops: the face's functions
 * @priv: their argument
 */
struct myd_link {
	struct mydevice_control *control;
	u8 *segment[MYDEVICE_DIRECTIONS][MYD_SEGMENTS_MAX];
	u32 order[MYDEVICE_DIRECTIONS];
	const struct myd_link_ops *ops;
	void *priv;
};

/**
 * struct myd_channel_info - a channel's identity
 * @end: which end this is
 * @domid: the domain of the other end; another one if that has moved
 * @devid: the device id, the same on both ends
 * @mode: stream or packets
 * @closed: bits of 1 << enum mydevice_direction: those in which no byte may pass
 * @name: the channel's name, or "" if it has none that is safe
 * @guest: backend: the frontend domain's name, or "" if it has none that is safe
 * @device: frontend: the xenbus device, for @restored
 * @restored: frontend: the domain was restored from an image of its memory, the bus has
 *	tried to resume @device, and no program has run yet. Returns false if this is the
 *	same domain as before, whose suspend has failed: then the session goes on
 */
struct myd_channel_info {
	enum myd_end end;
	u16 domid;
	u32 devid;
	enum mydevice_mode mode;
	unsigned int closed;
	char name[MYDEVICE_NAME_MAX + 1];
	char guest[MYDEVICE_NAME_MAX + 1];
	struct device *device;
	bool (*restored)(struct device *device);
};

/**
 * struct myd_settings - what holds for this end whoever has it open; 0: nothing
 * @rate_bytes: bytes of the ring that are moved in a second, in each direction; at
 *	most MYDEVICE_RATE_MAX
 * @rate_messages: likewise packets, or pieces of a stream
 * @read_wake: struct mydevice_tune's rx_wake, for an open that has not said
 * @write_wake: its tx_wake, likewise
 * @spin_usec: its spin_usec, likewise
 * @paused: nothing is moved
 */
struct myd_settings {
	u64 rate_bytes;
	u64 rate_messages;
	u32 read_wake;
	u32 write_wake;
	u32 spin_usec;
	bool paused;
};

int myd_devid_parse(const char *nodename, u32 *ret_devid);
int myd_mode_parse(const char *text);
const char *myd_mode_name(enum mydevice_mode mode);
int myd_direction_parse(const char *text);
const char *myd_direction_name(unsigned int closed);
bool myd_name_valid(const char *name);
bool myd_guest_valid(const char *name);

struct myd_channel *myd_channel_create(const struct myd_channel_info *info);
void myd_channel_destroy(struct myd_channel *ch);

void myd_channel_set(struct myd_channel *ch, const struct myd_settings *settings);
void myd_channel_announce(struct myd_channel *ch);
bool myd_channel_restrict(struct myd_channel *ch, unsigned int closed);

void myd_channel_set_domid(struct myd_channel *ch, u16 domid);
void myd_channel_connect(struct myd_channel *ch, const struct myd_link *link);
void myd_channel_disconnect(struct myd_channel *ch, bool keep);
bool myd_channel_broken(struct myd_channel *ch);

/* What an event was good for. */
enum myd_event {
	MYD_EVENT_SPURIOUS,	/* nothing of the peer's had changed */
	MYD_EVENT_PROGRESS,
	MYD_EVENT_BROKEN,	/* the link is broken: listen to it no more */
};

enum myd_event myd_channel_event(struct myd_channel *ch, unsigned int directions);

#endif /* MYD_LINK_H */
