// SPDX-License-Identifier: GPL-2.0
/*
 * mydeviceloop: a face for tests, both ends of a channel in one kernel without
 * Xen. The rings are ordinary memory, a doorbell is an interrupt of our own.
 *
 * What happens to drivers is done by writing to the parameter "command":
 *
 *	unbind front|back	as if the driver of that end were unbound
 *	bind front|back		bound again: both ends connect, with new rings
 *	lie front|back		that end publishes an index that cannot be
 *	set front|back [KEY=NUMBER]	that end's setting, or none of them
 *	close front|back [NUMBER]	the directions, as bits, that are closed at that
 *		end; a backend maps none of their rings
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/bits.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "link.h"

#define GUEST_DOMID	1
#define ENDS		2

static unsigned int ring_size = 65536;
module_param(ring_size, uint, 0444);
MODULE_PARM_DESC(ring_size, "Bytes in a ring");

static char *mode = "stream";
module_param(mode, charp, 0444);
MODULE_PARM_DESC(mode, "stream or packet");

/**
 * struct bell - an event channel from one end to the other
 * @work: an interrupt of the end that it wakes
 * @end: whom it wakes
 * @direction: what it is about
 */
struct bell {
	struct irq_work work;
	struct end *end;
	enum mydevice_direction direction;
};

/**
 * struct end - one end of the channel
 * @channel: it, or NULL while the end is not bound
 * @bell: rung by the other end, by direction
 * @lapse: leaves a peer that broke the protocol
 * @settings: what was set; stays while the end is not bound
 * @closed: likewise, the directions that are closed
 */
struct end {
	struct myd_channel *channel;
	struct bell bell[MYDEVICE_DIRECTIONS];
	struct work_struct lapse;
	struct myd_settings settings;
	unsigned int closed;
};

static struct end ends[ENDS];

/* Protects all of ends[] but what is rung, and the memory. */
static DEFINE_MUTEX(lock);
static bool linked;
static struct mydevice_control *control;
static u8 *ring[MYDEVICE_DIRECTIONS];

static struct end *other(struct end *end)
{
	return &ends[end == &ends[MYD_FRONTEND]];
}

/* Interrupts are on only when the bell's ringer has let go of its channel's lock. */
static void rung(struct irq_work *work)
{
	struct bell *bell = container_of(work, struct bell, work);

	myd_channel_event(bell->end->channel, BIT(bell->direction));
}

static void loop_notify(void *priv, enum mydevice_direction direction)
{
	struct end *end = priv;

	irq_work_queue(&other(end)->bell[direction].work);
}

static void loop_broken(void *priv)
{
	struct end *end = priv;

	schedule_work(&end->lapse);
}

static const struct myd_link_ops loop_ops = {
	.notify = loop_notify,
	.broken = loop_broken,
};

static void disconnect(void)
{
	unsigned int i;

	if (!linked)
		return;
	for (i = 0; i < ENDS; i++)
		myd_channel_disconnect(ends[i].channel, true);
	/* Nobody rings any more, and what was rung has been heard. */
	for (i = 0; i < ENDS * MYDEVICE_DIRECTIONS; i++)
		irq_work_sync(&ends[i / 2].bell[i % 2].work);
	linked = false;
}

static void connect_end(struct end *end)
{
	struct myd_link link = {
		.control = control,
		.order = { ilog2(ring_size), ilog2(ring_size) },
		.ops = &loop_ops,
		.priv = end,
	};
	unsigned int d, i;

	for (d = 0; d < MYDEVICE_DIRECTIONS; d++) {
		if (end == &ends[MYD_BACKEND] && end->closed & BIT(d))
			continue;
		for (i = 0; i << MYD_SEGMENT_SHIFT < ring_size; i++)
			link.segment[d][i] = ring[d] + (i << MYD_SEGMENT_SHIFT);
	}
	myd_channel_connect(end->channel, &link);
}

static void connect(void)
{
	unsigned int i;

	if (linked || !ends[MYD_FRONTEND].channel || !ends[MYD_BACKEND].channel)
		return;
	memset(control, 0, sizeof(*control));
	for (i = 0; i < ENDS; i++)
		connect_end(&ends[i]);
	linked = true;
}

static void lapse(struct work_struct *work)
{
	struct end *end = container_of(work, struct end, lapse);

	mutex_lock(&lock);
	if (linked && myd_channel_broken(end->channel))
		disconnect();
	mutex_unlock(&lock);
}

static void unbind(struct end *end)
{
	if (!end->channel)
		return;
	disconnect();
	myd_channel_destroy(end->channel);
	end->channel = NULL;
}

static int bind(struct end *end)
{
	struct myd_channel_info info = {
		.end = end - ends,
		.domid = end == &ends[MYD_BACKEND] ? GUEST_DOMID : 0,
		.mode = myd_mode_parse(mode),
		.closed = end->closed,
		.name = "loop",
	};
	struct myd_channel *channel = end->channel;

	if (!channel)
		channel = myd_channel_create(&info);
	if (IS_ERR(channel))
		return PTR_ERR(channel);
	end->channel = channel;
	myd_channel_set(channel, &end->settings);
	connect();
	return 0;
}

/* The index is written over by the next honest one. */
static int lie(struct end *end)
{
	enum mydevice_direction direction = end == &ends[MYD_FRONTEND] ?
					    MYDEVICE_FRONT_TO_BACK : MYDEVICE_BACK_TO_FRONT;

	if (!linked)
		return -ENOTCONN;
	WRITE_ONCE(control->dir[direction].producer.prod,
		   control->dir[direction].consumer.cons + ring_size + 1);
	loop_notify(end, direction);
	return 0;
}

static int store(struct myd_settings *settings, const char *key, u64 value)
{
	if (!strcmp(key, "rate-bytes"))
		settings->rate_bytes = value;
	else if (!strcmp(key, "rate-messages"))
		settings->rate_messages = value;
	else if (!strcmp(key, "read-wake"))
		settings->read_wake = value;
	else if (!strcmp(key, "write-wake"))
		settings->write_wake = value;
	else if (!strcmp(key, "spin-usec"))
		settings->spin_usec = value;
	else if (!strcmp(key, "paused"))
		settings->paused = value;
	else
		return -EINVAL;
	return 0;
}

static int set(struct end *end, char *setting)
{
	struct myd_settings settings = {};
	u64 value;
	int r;

	if (setting) {
		char *key = strsep(&setting, "=");

		settings = end->settings;
		r = setting ? kstrtoull(setting, 10, &value) : -EINVAL;
		if (!r)
			r = store(&settings, key, value);
		if (r)
			return r;
	}
	end->settings = settings;
	if (end->channel)
		myd_channel_set(end->channel, &settings);
	return 0;
}

/* As by a new handshake. */
static int close_directions(struct end *end, const char *text)
{
	unsigned int closed = 0;
	int r = text ? kstrtouint(text, 10, &closed) : 0;

	if (r)
		return r;
	end->closed = closed;
	if (!end->channel)
		return 0;
	myd_channel_restrict(end->channel, closed);
	disconnect();
	myd_channel_restrict(end->channel, closed);
	connect();
	return 0;
}

static int act(const char *verb, struct end *end, char *setting)
{
	if (!strcmp(verb, "set"))
		return set(end, setting);
	if (!strcmp(verb, "close"))
		return close_directions(end, setting);
	if (!strcmp(verb, "bind"))
		return bind(end);
	if (!strcmp(verb, "lie"))
		return lie(end);
	if (strcmp(verb, "unbind"))
		return -EINVAL;
	unbind(end);
	return 0;
}

static int command_set(const char *text, const struct kernel_param *kp)
{
	char copy[64], *rest = copy, *verb, *end;
	int r;

	if (strscpy(copy, text, sizeof(copy)) < 0)
		return -EINVAL;
	rest = strim(rest);
	verb = strsep(&rest, " ");
	end = rest ? strsep(&rest, " ") : "";
	if (strcmp(end, "front") && strcmp(end, "back"))
		return -EINVAL;
	mutex_lock(&lock);
	r = act(verb, &ends[strcmp(end, "back") ? MYD_FRONTEND : MYD_BACKEND], rest);
	mutex_unlock(&lock);
	return r;
}

static const struct kernel_param_ops command_ops = {
	.set = command_set,
};
module_param_cb(command, &command_ops, NULL, 0200);
MODULE_PARM_DESC(command, "unbind, bind, lie, set or close, and front or back");

static void free_memory(void)
{
	vfree(control);
	vfree(ring[0]);
	vfree(ring[1]);
}

static void __init prepare(struct end *end)
{
	unsigned int d;

	INIT_WORK(&end->lapse, lapse);
	for (d = 0; d < MYDEVICE_DIRECTIONS; d++) {
		init_irq_work(&end->bell[d].work, rung);
		end->bell[d].end = end;
		end->bell[d].direction = d;
	}
}

static int __init loop_init(void)
{
	unsigned int i;
	int r;

	if (!is_power_of_2(ring_size) || ring_size < 1u << MYDEVICE_RING_ORDER_MIN ||
	    ring_size > 1u << MYDEVICE_RING_ORDER_MAX || myd_mode_parse(mode) < 0)
		return -EINVAL;
	for (i = 0; i < ENDS; i++)
		prepare(&ends[i]);
	control = vzalloc(sizeof(*control));
	ring[0] = vzalloc(ring_size);
	ring[1] = vzalloc(ring_size);
	r = control && ring[0] && ring[1] ? 0 : -ENOMEM;
	for (i = 0; !r && i < ENDS; i++)
		r = bind(&ends[i]);
	if (r) {
		unbind(&ends[MYD_BACKEND]);
		unbind(&ends[MYD_FRONTEND]);
		free_memory();
	}
	return r;
}
module_init(loop_init);

static void __exit loop_exit(void)
{
	unsigned int i;

	mutex_lock(&lock);
	for (i = 0; i < ENDS; i++)
		unbind(&ends[i]);
	mutex_unlock(&lock);
	for (i = 0; i < ENDS; i++)
		cancel_work_sync(&ends[i].lapse);
	free_memory();
}
module_exit(loop_exit);

MODULE_DESCRIPTION("mydevice: both ends of a channel in one kernel, for tests");
MODULE_AUTHOR("The mydevice maintainers");
MODULE_LICENSE("GPL");
