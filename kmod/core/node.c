// SPDX-License-Identifier: GPL-2.0
/*
 * A channel's device node, its place in sysfs and what udev hears of it.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/pm.h>

#include "../compat/compat.h"
#include "channel.h"

#define MYD_MINORS	65536

static dev_t first_node;

/* The channels by minor number. */
static DEFINE_IDR(minors);
static DEFINE_SPINLOCK(minors_lock);

static struct myd_channel *to_channel(const struct device *dev)
{
	return container_of(dev, struct myd_channel, dev);
}

static const char *end_name(const struct myd_channel *ch)
{
	return ch->info.end == MYD_FRONTEND ? "frontend" : "backend";
}

static ssize_t end_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", end_name(to_channel(dev)));
}
static DEVICE_ATTR_RO(end);

static ssize_t devid_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_channel(dev)->info.devid);
}
static DEVICE_ATTR_RO(devid);

static ssize_t domid_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(to_channel(dev)->info.domid));
}
static DEVICE_ATTR_RO(domid);

static ssize_t name_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_channel(dev)->info.name);
}
static DEVICE_ATTR_RO(name);

static ssize_t guest_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_channel(dev)->info.guest);
}
static DEVICE_ATTR_RO(guest);

static ssize_t mode_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", myd_mode_name(to_channel(dev)->info.mode));
}
static DEVICE_ATTR_RO(mode);

static ssize_t session_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	static const char *const names[] = {
		[MYD_CLOSED] = "closed",
		[MYD_WAITING] = "waiting",
		[MYD_LIVE] = "live",
		[MYD_ENDED] = "ended",
	};
	struct myd_channel *ch = to_channel(dev);
	enum myd_phase phase;

	spin_lock_irq(&ch->lock);
	phase = ch->session.phase;
	spin_unlock_irq(&ch->lock);
	return sysfs_emit(buf, "%s\n", names[phase]);
}
static DEVICE_ATTR_RO(session);

static ssize_t ring_size_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct myd_channel *ch = to_channel(dev);
	u32 tx = 0, rx = 0;

	spin_lock_irq(&ch->lock);
	if (ch->linked) {
		tx = ch->tx.size;
		rx = ch->rx.size;
	}
	spin_unlock_irq(&ch->lock);
	return sysfs_emit(buf, "%u %u\n", tx, rx);
}
static DEVICE_ATTR_RO(ring_size);

static struct attribute *myd_attrs[] = {
	&dev_attr_end.attr,
	&dev_attr_devid.attr,
	&dev_attr_domid.attr,
	&dev_attr_name.attr,
	&dev_attr_guest.attr,
	&dev_attr_mode.attr,
	&dev_attr_session.attr,
	&dev_attr_ring_size.attr,
	NULL
};

static const struct attribute_group myd_group = {
	.attrs = myd_attrs,
};

static const struct attribute_group *myd_groups[] = {
	&myd_group,
	&myd_stats_group,
	NULL
};

static int myd_uevent(MYD_UEVENT_DEVICE *dev, struct kobj_uevent_env *env)
{
	const struct myd_channel *ch = to_channel(dev);
	int r;

	r = add_uevent_var(env, "MYDEVICE_END=%s", end_name(ch)) ?:
	    add_uevent_var(env, "MYDEVICE_DEVID=%u", ch->info.devid) ?:
	    add_uevent_var(env, "MYDEVICE_DOMID=%u", READ_ONCE(ch->info.domid));
	if (!r && ch->info.name[0])
		r = add_uevent_var(env, "MYDEVICE_NAME=%s", ch->info.name);
	if (!r && ch->info.guest[0])
		r = add_uevent_var(env, "MYDEVICE_GUEST=%s", ch->info.guest);
	return r;
}

/*
 * The domain goes on from an image of its memory, somewhere else, and no program
 * has run yet. What the peer wrote last may have come along in part: the rings are
 * not to be looked at any more, whatever becomes of the device.
 */
static int myd_restore(struct device *dev)
{
	struct myd_channel *ch = to_channel(dev);

	if (!ch->info.restored || ch->info.restored(ch->info.parent))
		myd_channel_disconnect(ch, false);
	return 0;
}

/* Not called where a suspend was cancelled, or only an image was made. */
static const struct dev_pm_ops myd_pm_ops = {
	.restore = myd_restore,
};

static struct class myd_class = {
	.name = MYDEVICE_CLASS,
	.dev_groups = myd_groups,
	.dev_uevent = myd_uevent,
	.pm = &myd_pm_ops,
};

/* In a device's name, "!" stands for the "/" of its node's path. */
static int set_node_name(struct myd_channel *ch)
{
	if (ch->info.end == MYD_FRONTEND)
		return dev_set_name(&ch->dev, "mydevice!%u", ch->info.devid);
	return dev_set_name(&ch->dev, "mydevice-back!%u-%u", ch->info.domid, ch->info.devid);
}

/*
 * A minor is reused as late as possible: an old node, or a device cgroup's rule, must
 * not open another channel than the one it was made for.
 */
static int alloc_minor(struct myd_channel *ch)
{
	int minor;

	idr_preload(GFP_KERNEL);
	spin_lock(&minors_lock);
	minor = idr_alloc_cyclic(&minors, ch, 0, MYD_MINORS, GFP_NOWAIT);
	spin_unlock(&minors_lock);
	idr_preload_end();
	return minor;
}

static void free_minor(int minor)
{
	spin_lock(&minors_lock);
	idr_remove(&minors, minor);
	spin_unlock(&minors_lock);
}

/**
 * myd_node_add() - make the node
 * @ch: the channel, its device initialised
 *
 * Return: 0 or a negative errno.
 */
int myd_node_add(struct myd_channel *ch)
{
	int minor, r;

	r = set_node_name(ch);
	if (r)
		return r;
	minor = alloc_minor(ch);
	if (minor < 0)
		return minor;

	ch->dev.class = &myd_class;
	ch->dev.parent = ch->info.parent;
	ch->dev.devt = first_node + minor;
	cdev_init(&ch->cdev, &myd_file_ops);
	ch->cdev.owner = THIS_MODULE;
	r = cdev_device_add(&ch->cdev, &ch->dev);
	if (r)
		free_minor(minor);
	return r;
}

/**
 * myd_channel_announce() - whose the node is to be may have changed
 * @ch: the channel
 *
 * udev looks at it again, for an event of the device's.
 */
void myd_channel_announce(struct myd_channel *ch)
{
	kobject_uevent(&ch->dev.kobj, KOBJ_CHANGE);
}
EXPORT_SYMBOL_GPL(myd_channel_announce);

/**
 * myd_node_remove() - take the node away; open files stay valid
 * @ch: the channel
 */
void myd_node_remove(struct myd_channel *ch)
{
	cdev_device_del(&ch->cdev, &ch->dev);
	free_minor(MINOR(ch->dev.devt));
}

int __init myd_node_init(void)
{
	int r;

	r = alloc_chrdev_region(&first_node, 0, MYD_MINORS, MYDEVICE_CLASS);
	if (r)
		return r;
	r = class_register(&myd_class);
	if (r)
		unregister_chrdev_region(first_node, MYD_MINORS);
	return r;
}

void myd_node_exit(void)
{
	class_unregister(&myd_class);
	unregister_chrdev_region(first_node, MYD_MINORS);
	idr_destroy(&minors);
}
