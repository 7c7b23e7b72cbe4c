/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A channel: one end's rings, session, waiting programs and device node.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_CHANNEL_H
#define MYD_CHANNEL_H

#include <linux/bits.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <uapi/linux/mydevice.h>

#include "limit.h"
#include "link.h"
#include "session.h"
#include "wait.h"
#include "window.h"

struct file;
struct iov_iter;
struct kiocb;

/* The state of a channel's device node. */
enum myd_node {
	MYD_NODE_NEW,		/* to be added */
	MYD_NODE_ADDED,
	MYD_NODE_REMOVED,	/* or adding it has failed */
};

/**
 * struct myd_channel - one end of a channel
 * @dev: its device in the class; holds the memory: freed with the last reference
 * @cdev: its node
 * @node_work: adds, announces or removes the node; holds a reference while it is queued
 * @node: whether the node is there; @node_work's alone
 * @info: its identity; constant
 * @rx_mutex: held while bytes are copied out of @rx or @residue; never across
 *	a user's page fault or a sleep, so that disconnect waits a bounded time
 * @tx_mutex: likewise for copying into @tx
 * @rx_wait: programs waiting for bytes, or for the end of a session
 * @tx_wait: programs waiting for room, or for a session
 * @rx_spin: how long a reader spins before it sleeps
 * @tx_spin: likewise for a writer
 * @refused: bits MYD_REFUSED_*: a call that must not sleep found the mutex taken, and
 *	its program may be waiting for an event; whoever releases the mutex sends one
 * @fasync: programs that want SIGIO
 * @lock: protects all below; taken in interrupt context; inside the mutexes
 * @gone: the device is detached: nothing will ever connect again
 * @announce: @node_work has to send a uevent
 * @closed: bits of 1 << enum mydevice_direction: no byte passes there, and its ring may
 *	not be mapped. A bit is cleared only while @linked is false
 * @linked: @link, @tx and @rx are valid; cleared only with both mutexes held too
 * @broken: the peer broke the protocol on this link; it is not looked at again
 * @file: the open file, or NULL
 * @end_error: what ended the session instead of its peer's close: told in place of
 *	the end of file
 * @session: the hand-over
 * @link: memory and doorbell
 * @tx: the ring we produce
 * @rx: the ring we consume
 * @event_prod: the peer's producer index at the last event, valid
 * @event_cons: the peer's consumer index at the last event, valid
 * @event_epoch: the peer's epoch at the last event
 * @event_changes: events of this second that were about sessions, in jiffies
 * @residue: incoming bytes of an ended session whose rings have gone, as a ring
 *	of their own without shared words; also needs @rx_mutex
 * @tune: what the open file has asked for
 * @settings: what holds where it has not
 * @limits: MYD_LIMIT_*: why a call may have to wait though the ring is ready
 * @rx_limit: the rates of what is read
 * @tx_limit: the rates of what is written
 * @run: a private copy of packets on their way, MYD_RUN bytes each: there once the
 *	open file has asked for frames; the bytes need @rx_mutex or @tx_mutex
 * @stats: counters
 */
struct myd_channel {
	struct device dev;
	struct cdev cdev;
	struct work_struct node_work;
	enum myd_node node;
	struct myd_channel_info info;

	struct mutex rx_mutex;	/* copying out */
	struct mutex tx_mutex;	/* copying in */
	wait_queue_head_t rx_wait;
	wait_queue_head_t tx_wait;
	struct myd_spin rx_spin;
	struct myd_spin tx_spin;
	unsigned long refused;
	struct fasync_struct *fasync;

	spinlock_t lock;	/* all below */
	bool gone;
	bool announce;
	unsigned int closed;
	bool linked;
	bool broken;
	struct file *file;
	int end_error;
	struct myd_session session;
	struct myd_link link;
	struct myd_ring tx;
	struct myd_ring rx;
	u32 event_prod;
	u32 event_cons;
	u32 event_epoch;
	struct myd_window event_changes;
	struct myd_ring residue;
	struct mydevice_tune tune;
	struct myd_settings settings;
	unsigned int limits;
	struct myd_limit rx_limit;
	struct myd_limit tx_limit;
	u8 *run[2];
	struct mydevice_stats stats;
};

/* myd_channel.refused */
#define MYD_REFUSED_READ	0
#define MYD_REFUSED_WRITE	1

/* myd_channel.run */
#define MYD_RUN_IN	0
#define MYD_RUN_OUT	1

static inline enum mydevice_direction myd_tx_direction(const struct myd_channel *ch)
{
	return ch->info.end == MYD_FRONTEND ? MYDEVICE_FRONT_TO_BACK : MYDEVICE_BACK_TO_FRONT;
}

static inline enum mydevice_direction myd_rx_direction(const struct myd_channel *ch)
{
	return ch->info.end == MYD_FRONTEND ? MYDEVICE_BACK_TO_FRONT : MYDEVICE_FRONT_TO_BACK;
}

/* Both with @lock held. */
static inline bool myd_rx_closed(const struct myd_channel *ch)
{
	return ch->closed & BIT(myd_rx_direction(ch));
}

static inline bool myd_tx_closed(const struct myd_channel *ch)
{
	return ch->closed & BIT(myd_tx_direction(ch));
}

/* channel.c; not locked */
bool myd_channel_enter(struct myd_channel *ch, bool writing, bool nowait);
void myd_channel_leave(struct myd_channel *ch, bool writing);

/* direction.c; with @lock held */
bool myd_channel_permits(const struct myd_channel *ch, fmode_t mode);
bool myd_channel_write_only(const struct myd_channel *ch);
bool myd_channel_useless(const struct myd_channel *ch);

/* channel.c, ready.c; all but release with @lock held */
int myd_channel_open(struct myd_channel *ch, struct file *file);
void myd_channel_release(struct myd_channel *ch);
int myd_channel_readable(struct myd_channel *ch, u32 want, bool arm);
void myd_channel_expect(struct myd_channel *ch);
int myd_channel_writable(struct myd_channel *ch, u32 need, bool arm);
struct myd_ring *myd_channel_source(struct myd_channel *ch);
void myd_channel_consumed(struct myd_channel *ch, u32 len, u32 messages);
void myd_channel_produced(struct myd_channel *ch, u32 len, u32 messages);
void myd_channel_garbled(struct myd_channel *ch);
int myd_channel_finish(struct myd_channel *ch);
void myd_channel_end_told(struct myd_channel *ch);
void myd_channel_stay(struct myd_channel *ch);
bool myd_channel_step(struct myd_channel *ch);
void myd_channel_break(struct myd_channel *ch);
void myd_channel_wake_readers(struct myd_channel *ch);
void myd_channel_wake_writers(struct myd_channel *ch);
void myd_channel_wake_all(struct myd_channel *ch);
u32 myd_channel_rx_want(const struct myd_channel *ch);
u32 myd_channel_tx_want(const struct myd_channel *ch);

/* file.c */
extern const struct file_operations myd_file_ops;

/* move.c */
ssize_t myd_read_iter(struct kiocb *iocb, struct iov_iter *to);
ssize_t myd_write_iter(struct kiocb *iocb, struct iov_iter *from);

/* ioctl.c */
long myd_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

/* stats.c; with @lock held */
void myd_channel_stats(const struct myd_channel *ch, struct mydevice_stats *ret);
extern const struct attribute_group myd_stats_group;

/* node.c */
int myd_node_create(struct myd_channel *ch);
void myd_node_remove(struct myd_channel *ch);
void myd_node_release(struct myd_channel *ch);
void myd_node_freed(void);
int myd_node_init(void);
void myd_node_exit(void);

#endif /* MYD_CHANNEL_H */
