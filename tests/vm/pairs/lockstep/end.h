/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lockstep: what both ends do alike once they share the page.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef LOCKSTEP_END_H
#define LOCKSTEP_END_H

#include <linux/device.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>
#include <xen/events.h>
#include <xen/xenbus.h>

#include "page.h"

/**
 * struct lockstep_end - one end of a device
 * @dev: the xenbus device
 * @part: lets go of the page and all that belongs to it, if there is any
 * @work: hears the other end; the event is over only when this has run
 * @rung: there was an event, and its end is owed
 * @mutex: held by whoever joins, parts, says or hears
 * @mine: our line, or NULL while there is no page
 * @theirs: the other end's line
 * @irq: of the event channel
 * @said: the count in our line; what stands there the other end may have written
 * @heard_count: the count in theirs when we last looked
 * @say: our text
 * @heard: their last one
 */
struct lockstep_end {
	struct xenbus_device *dev;
	void (*part)(struct lockstep_end *end);
	struct work_struct work;
	bool rung;
	struct mutex mutex;	/* all below */
	struct lockstep_line *mine;
	const struct lockstep_line *theirs;
	int irq;
	u32 said;
	u32 heard_count;
	char say[LOCKSTEP_TEXT_MAX + 1];
	char heard[LOCKSTEP_TEXT_MAX + 1];
};

static inline bool lockstep_text_valid(const char *text, u32 length)
{
	u32 i;

	for (i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return true;
}

static inline void lockstep_say(struct lockstep_end *end)
{
	u32 length = strlen(end->say);

	if (!end->mine)
		return;
	memcpy(end->mine->text, end->say, length);
	WRITE_ONCE(end->mine->length, length);
	/* The text before the count that promises it; pairs with lockstep_hear(). */
	virt_wmb();
	WRITE_ONCE(end->mine->count, ++end->said);
	notify_remote_via_irq(end->irq);
}

/*
 * Each word is fetched once; what is checked and kept is our copy. If the other
 * end is just writing, the copy is of two texts: an event follows that one.
 * Return: 1 if there was something new, 0 if not, -EPROTO for what cannot be.
 */
static inline int lockstep_hear(struct lockstep_end *end)
{
	u32 count = READ_ONCE(end->theirs->count), length;
	char text[LOCKSTEP_TEXT_MAX];

	if (count == end->heard_count)
		return 0;
	/* Pairs with lockstep_say(). */
	virt_rmb();
	length = READ_ONCE(end->theirs->length);
	if (length > sizeof(text))
		return -EPROTO;
	memcpy(text, end->theirs->text, length);
	if (!lockstep_text_valid(text, length))
		return -EPROTO;
	memcpy(end->heard, text, length);
	end->heard[length] = '\0';
	end->heard_count = count;
	return 1;
}

/* Only from here does the other end learn that we left: it waits for nothing else. */
static inline void lockstep_fail(struct lockstep_end *end, int error, const char *what)
{
	dev_err_ratelimited(&end->dev->dev, "domain %d: %s: error %d\n", end->dev->otherend_id,
			    what, error);
	end->part(end);
	xenbus_switch_state(end->dev, XenbusStateClosing);
}

static inline void lockstep_listen(struct work_struct *work)
{
	struct lockstep_end *end = container_of(work, struct lockstep_end, work);
	int r;

	mutex_lock(&end->mutex);
	if (end->mine && READ_ONCE(end->rung)) {
		r = lockstep_hear(end);
		WRITE_ONCE(end->rung, false);
		/* No end of interrupt for a liar: it cannot interrupt us again. */
		if (r < 0)
			lockstep_fail(end, r, "the other end broke the protocol");
		else
			xen_irq_lateeoi(end->irq, r ? 0 : XEN_EOI_FLAG_SPURIOUS);
	}
	mutex_unlock(&end->mutex);
}

/* Masked until its xen_irq_lateeoi(), so that there is one piece of work for each. */
static inline irqreturn_t lockstep_event(int irq, void *data)
{
	struct lockstep_end *end = data;

	WRITE_ONCE(end->rung, true);
	schedule_work(&end->work);
	return IRQ_HANDLED;
}

static inline void lockstep_join(struct lockstep_end *end, struct lockstep_line *mine,
				 const struct lockstep_line *theirs, int irq)
{
	end->mine = mine;
	end->theirs = theirs;
	end->irq = irq;
	end->said = 0;
	end->heard_count = 0;
	lockstep_say(end);
}

/* Before the memory goes: the handler and the work must not see it any more. */
static inline void lockstep_leave(struct lockstep_end *end)
{
	if (!end->mine)
		return;
	unbind_from_irqhandler(end->irq, end);
	WRITE_ONCE(end->rung, false);
	end->mine = NULL;
	end->theirs = NULL;
}

/* The first text may come with the device: the node "greeting" of our directory. */
static inline void lockstep_read_greeting(struct lockstep_end *end)
{
	char *text = xenbus_read(XBT_NIL, end->dev->nodename, "greeting", NULL);

	if (IS_ERR(text))
		return;
	if (strlen(text) <= LOCKSTEP_TEXT_MAX && lockstep_text_valid(text, strlen(text)))
		strscpy(end->say, text, sizeof(end->say));
	kfree(text);
}

static inline void lockstep_end_init(struct lockstep_end *end, struct xenbus_device *dev,
				     void (*part)(struct lockstep_end *end))
{
	end->dev = dev;
	end->part = part;
	mutex_init(&end->mutex);
	INIT_WORK(&end->work, lockstep_listen);
	lockstep_read_greeting(end);
	dev_set_drvdata(&dev->dev, end);
}

/* The work ends last: until the end has parted it may be scheduled anew. */
static inline void lockstep_end_exit(struct lockstep_end *end)
{
	mutex_lock(&end->mutex);
	end->part(end);
	mutex_unlock(&end->mutex);
	cancel_work_sync(&end->work);
	dev_set_drvdata(&end->dev->dev, NULL);
}

static ssize_t heard_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct lockstep_end *end = dev_get_drvdata(dev);
	ssize_t n;

	mutex_lock(&end->mutex);
	n = sysfs_emit(buf, "%s\n", end->heard);
	mutex_unlock(&end->mutex);
	return n;
}
static DEVICE_ATTR_RO(heard);

static ssize_t say_store(struct device *dev, struct device_attribute *attr, const char *buf,
			 size_t count)
{
	struct lockstep_end *end = dev_get_drvdata(dev);
	size_t length = count - (count && buf[count - 1] == '\n');

	if (length > LOCKSTEP_TEXT_MAX || !lockstep_text_valid(buf, length))
		return -EINVAL;
	mutex_lock(&end->mutex);
	memcpy(end->say, buf, length);
	end->say[length] = '\0';
	lockstep_say(end);
	mutex_unlock(&end->mutex);
	return count;
}
static DEVICE_ATTR_WO(say);

static struct attribute *lockstep_attrs[] = {
	&dev_attr_heard.attr,
	&dev_attr_say.attr,
	NULL
};
ATTRIBUTE_GROUPS(lockstep);

#endif /* LOCKSTEP_END_H */
