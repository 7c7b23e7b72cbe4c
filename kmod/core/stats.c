// SPDX-License-Identifier: GPL-2.0
/*
 * A channel's counters, in its statistics/ directory in sysfs.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/device.h>
#include <linux/stddef.h>

#include "channel.h"

/**
 * myd_channel_stats() - all counters, as of one moment
 * @ch: the channel, locked
 * @ret: to be filled
 */
void myd_channel_stats(const struct myd_channel *ch, struct mydevice_stats *ret)
{
	*ret = ch->stats;
	ret->sessions = ch->session.begun;
}

/**
 * struct stats_attribute - a file of the directory
 * @attr: name and functions
 * @offset: of its counter in struct mydevice_stats
 */
struct stats_attribute {
	struct device_attribute attr;
	size_t offset;
};

static ssize_t counter_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct stats_attribute *file = container_of(attr, struct stats_attribute, attr);
	struct myd_channel *ch = container_of(dev, struct myd_channel, dev);
	struct mydevice_stats stats;

	spin_lock_irq(&ch->lock);
	myd_channel_stats(ch, &stats);
	spin_unlock_irq(&ch->lock);
	return sysfs_emit(buf, "%llu\n", *(u64 *)((u8 *)&stats + file->offset));
}

#define COUNTER(_name, _field)							\
	static struct stats_attribute counter_##_name = {			\
		.attr = __ATTR(_name, 0444, counter_show, NULL),		\
		.offset = offsetof(struct mydevice_stats, _field),		\
	}

COUNTER(tx_bytes, tx.bytes);
COUNTER(tx_messages, tx.messages);
COUNTER(tx_notified, tx.notified);
COUNTER(tx_suppressed, tx.suppressed);
COUNTER(tx_sleeps, tx.sleeps);
COUNTER(tx_spins, tx.spins);
COUNTER(tx_stalls, tx.stalls);
COUNTER(rx_bytes, rx.bytes);
COUNTER(rx_messages, rx.messages);
COUNTER(rx_notified, rx.notified);
COUNTER(rx_suppressed, rx.suppressed);
COUNTER(rx_sleeps, rx.sleeps);
COUNTER(rx_spins, rx.spins);
COUNTER(rx_stalls, rx.stalls);
COUNTER(sessions, sessions);
COUNTER(events, events);
COUNTER(spurious, spurious);
COUNTER(errors, errors);

static struct attribute *stats_attrs[] = {
	&counter_tx_bytes.attr.attr,
	&counter_tx_messages.attr.attr,
	&counter_tx_notified.attr.attr,
	&counter_tx_suppressed.attr.attr,
	&counter_tx_sleeps.attr.attr,
	&counter_tx_spins.attr.attr,
	&counter_tx_stalls.attr.attr,
	&counter_rx_bytes.attr.attr,
	&counter_rx_messages.attr.attr,
	&counter_rx_notified.attr.attr,
	&counter_rx_suppressed.attr.attr,
	&counter_rx_sleeps.attr.attr,
	&counter_rx_spins.attr.attr,
	&counter_rx_stalls.attr.attr,
	&counter_sessions.attr.attr,
	&counter_events.attr.attr,
	&counter_spurious.attr.attr,
	&counter_errors.attr.attr,
	NULL
};

const struct attribute_group myd_stats_group = {
	.name = "statistics",
	.attrs = stats_attrs,
};
