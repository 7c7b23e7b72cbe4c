// SPDX-License-Identifier: GPL-2.0
/*
 * What one guest may cost the domain that serves it, with all of its channels.
 *
 * A handshake that succeeds maps and unmaps rings and makes some twenty requests to
 * XenStore, in the one thread that serves all guests: one that begins again and again
 * has to wait.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>

#include "back.h"

/**
 * struct myd_guest - a guest with devices here
 * @list: of all of them
 * @domid: its domain
 * @devices: how many devices it has
 * @pace: of the handshakes of all its devices
 * @complaints: how many log lines it may cause
 */
struct myd_guest {
	struct list_head list;
	u16 domid;
	unsigned int devices;
	struct myd_pace pace;
	struct ratelimit_state complaints;
};

/* Handshakes at once, and then one in so long: for a device, and for all of a guest's */
#define DEVICE_BURST	10
#define DEVICE_INTERVAL	NSEC_PER_SEC
#define GUEST_BURST	64
#define GUEST_INTERVAL	(NSEC_PER_SEC / 8)

/* Of the list, and of the guests' references and paces */
static DEFINE_MUTEX(lock);
static LIST_HEAD(guests);

/**
 * myd_guest_wait() - when may a handshake be completed?
 * @guest: the guest
 * @device: the pace of its device
 *
 * Return: 0 if now, else the jiffies to wait.
 */
unsigned long myd_guest_wait(struct myd_guest *guest, const struct myd_pace *device)
{
	u64 now = ktime_get_ns(), wait;

	mutex_lock(&lock);
	wait = max(myd_pace_wait(device, DEVICE_BURST, DEVICE_INTERVAL, now),
		   myd_pace_wait(&guest->pace, GUEST_BURST, GUEST_INTERVAL, now));
	mutex_unlock(&lock);
	return wait ? nsecs_to_jiffies(wait) + 1 : 0;
}

/**
 * myd_guest_count() - a handshake has been completed
 * @guest: the guest
 * @device: the pace of its device
 */
void myd_guest_count(struct myd_guest *guest, struct myd_pace *device)
{
	u64 now = ktime_get_ns();

	mutex_lock(&lock);
	myd_pace_take(device, DEVICE_INTERVAL, now);
	myd_pace_take(&guest->pace, GUEST_INTERVAL, now);
	mutex_unlock(&lock);
}

/**
 * myd_guest_may_log() - may there be another log line about the guest?
 * @guest: the guest
 */
bool myd_guest_may_log(struct myd_guest *guest)
{
	return __ratelimit(&guest->complaints);
}

/* Called with the lock held. */
static struct myd_guest *find(u16 domid)
{
	struct myd_guest *guest;

	lockdep_assert_held(&lock);
	list_for_each_entry(guest, &guests, list)
		if (guest->domid == domid)
			return guest;
	return NULL;
}

static struct myd_guest *add(u16 domid)
{
	struct myd_guest *guest = kzalloc(sizeof(*guest), GFP_KERNEL);

	lockdep_assert_held(&lock);
	if (!guest)
		return NULL;
	guest->domid = domid;
	ratelimit_state_init(&guest->complaints, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
	list_add(&guest->list, &guests);
	return guest;
}

/**
 * myd_guest_get() - the guest of a new device
 * @domid: its domain
 *
 * Return: the guest, to be given back to myd_guest_put(); NULL without memory.
 */
struct myd_guest *myd_guest_get(u16 domid)
{
	struct myd_guest *guest;

	mutex_lock(&lock);
	guest = find(domid) ?: add(domid);
	if (guest)
		guest->devices++;
	mutex_unlock(&lock);
	return guest;
}

/**
 * myd_guest_put() - a device has gone
 * @guest: its guest
 */
void myd_guest_put(struct myd_guest *guest)
{
	mutex_lock(&lock);
	if (!--guest->devices) {
		list_del(&guest->list);
		kfree(guest);
	}
	mutex_unlock(&lock);
}
