// SPDX-License-Identifier: GPL-2.0
/*
 * A channel's device node, its place in sysfs and its uevents.
 *
 * A face creates and destroys channels in xenwatch, which serves all domains. Adding
 * or removing a node waits for devtmpfs, and devtmpfs waits for every process that has
 * the directory locked. So a workqueue adds and removes the nodes, in the order in
 * which the channels were created and destroyed.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/atomic.h>
#include <linux/cdev.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/pm.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "../compat/compat.h"
#include "channel.h"

#define MYD_MINORS	65536

static dev_t first_node;

/* Ordered: a channel's node is removed before another of the same name is added. */
static struct workqueue_struct *node_queue;

/* The channels by minor number. */
static DEFINE_IDR(minors);
static DEFINE_SPINLOCK(minors_lock);

/* Channels whose memory has not been released. */
static atomic_t channels = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(channels_wait);

static DECLARE_COMPLETION(class_released);

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

static ssize_t direction_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct myd_channel *ch = to_channel(dev);
	unsigned int closed;

	spin_lock_irq(&ch->lock);
	closed = ch->closed;
	spin_unlock_irq(&ch->lock);
	return sysfs_emit(buf, "%s\n", myd_direction_name(closed));
}
static DEVICE_ATTR_RO(direction);

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
	&dev_attr_direction.attr,
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
 * The domain was restored from an image of its memory, and no program has run yet.
 * The image may have only part of what the peer wrote last, so the rings must not be
 * read any more, even if the device does not come back.
 *
 * Not called if the node is not added yet. Then no program has had the channel open,
 * and the frontend leaves the old rings when the device is resumed.
 */
static int myd_restore(struct device *dev)
{
	struct myd_channel *ch = to_channel(dev);
	bool gone;

	spin_lock_irq(&ch->lock);
	gone = ch->gone;
	spin_unlock_irq(&ch->lock);
	/* Nobody destroys the channel meanwhile: programs are frozen, and this is xenwatch. */
	if (gone || !ch->info.restored || ch->info.restored(ch->info.device))
		myd_channel_disconnect(ch, false);
	return 0;
}

/* Not called where a suspend was cancelled, or only an image was made. */
static const struct dev_pm_ops myd_pm_ops = {
	.restore = myd_restore,
};

static void myd_class_release(MYD_CLASS *class)
{
	complete(&class_released);
}

static struct class myd_class = {
	.name = MYDEVICE_CLASS,
	.dev_groups = myd_groups,
	.dev_uevent = myd_uevent,
	.class_release = myd_class_release,
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

static void add_node(struct myd_channel *ch)
{
	int r;

	cdev_init(&ch->cdev, &myd_file_ops);
	ch->cdev.owner = THIS_MODULE;
	r = cdev_device_add(&ch->cdev, &ch->dev);
	if (r)
		dev_err(&ch->dev, "cannot add the device node of channel \"%s\": error %d\n",
			ch->info.name, r);
	ch->node = r ? MYD_NODE_REMOVED : MYD_NODE_ADDED;
}

static void remove_node(struct myd_channel *ch)
{
	if (ch->node == MYD_NODE_ADDED)
		cdev_device_del(&ch->cdev, &ch->dev);
	ch->node = MYD_NODE_REMOVED;
}

static void update_node(struct work_struct *work)
{
	struct myd_channel *ch = container_of(work, struct myd_channel, node_work);
	bool announce, gone;

	spin_lock_irq(&ch->lock);
	announce = ch->announce;
	ch->announce = false;
	gone = ch->gone;
	spin_unlock_irq(&ch->lock);
	if (gone)
		remove_node(ch);
	else if (ch->node == MYD_NODE_NEW)
		add_node(ch);
	else if (ch->node == MYD_NODE_ADDED && announce)
		kobject_uevent(&ch->dev.kobj, KOBJ_CHANGE);
	put_device(&ch->dev);
}

/* A work item that is queued holds a reference to the channel. */
static void queue_update(struct myd_channel *ch)
{
	get_device(&ch->dev);
	if (!queue_work(node_queue, &ch->node_work))
		put_device(&ch->dev);
}

/**
 * myd_node_create() - name the channel's node, and have it added soon
 * @ch: the channel, its device initialised
 *
 * Return: 0 or a negative errno: -ENOSPC if all minors are in use.
 */
int myd_node_create(struct myd_channel *ch)
{
	int minor, r;

	atomic_inc(&channels);
	INIT_WORK(&ch->node_work, update_node);
	ch->dev.class = &myd_class;
	r = set_node_name(ch);
	if (r)
		return r;
	minor = alloc_minor(ch);
	if (minor < 0)
		return minor;
	ch->dev.devt = first_node + minor;
	queue_update(ch);
	return 0;
}

/**
 * myd_channel_announce() - the owner of the node may have changed
 * @ch: the channel, not destroyed
 *
 * Sends an event of the device, so that udev applies its rules again.
 */
void myd_channel_announce(struct myd_channel *ch)
{
	spin_lock_irq(&ch->lock);
	ch->announce = true;
	spin_unlock_irq(&ch->lock);
	queue_update(ch);
}
EXPORT_SYMBOL_GPL(myd_channel_announce);

/**
 * myd_node_remove() - have the node removed soon; open files stay valid
 * @ch: the channel, gone
 */
void myd_node_remove(struct myd_channel *ch)
{
	queue_update(ch);
}

/**
 * myd_node_release() - the channel's last reference was dropped
 * @ch: the channel; freed by the caller after this
 */
void myd_node_release(struct myd_channel *ch)
{
	if (ch->dev.devt) {
		spin_lock(&minors_lock);
		idr_remove(&minors, MINOR(ch->dev.devt));
		spin_unlock(&minors_lock);
	}
}

/**
 * myd_node_freed() - the channel's memory was freed
 */
void myd_node_freed(void)
{
	if (atomic_dec_and_test(&channels))
		wake_up(&channels_wait);
}

int __init myd_node_init(void)
{
	int r;

	node_queue = alloc_ordered_workqueue("mydevice", 0);
	if (!node_queue)
		return -ENOMEM;
	r = alloc_chrdev_region(&first_node, 0, MYD_MINORS, MYDEVICE_CLASS);
	if (r)
		goto fail_region;
	r = class_register(&myd_class);
	if (r)
		goto fail_class;
	return 0;
fail_class:
	unregister_chrdev_region(first_node, MYD_MINORS);
fail_region:
	destroy_workqueue(node_queue);
	return r;
}

/*
 * All channels are destroyed and no file is open. What the kernel still has to call in
 * this module are the release functions, which it may do seconds later
 * (CONFIG_DEBUG_KOBJECT_RELEASE).
 */
void myd_node_exit(void)
{
	destroy_workqueue(node_queue);
	wait_event(channels_wait, !atomic_read(&channels));
	class_unregister(&myd_class);
	wait_for_completion(&class_released);
	unregister_chrdev_region(first_node, MYD_MINORS);
	idr_destroy(&minors);
}
