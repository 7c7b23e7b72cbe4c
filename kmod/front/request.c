// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's wish: which channels it asks the toolstack for.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/kernel.h>
#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/sched/mm.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <xen/xenbus.h>

#include "front.h"

#define REQUESTS_MAX	32
#define REQUESTS	"data/" MYDEVICE_CLASS

static char *channels[REQUESTS_MAX];
static unsigned int channels_count;
module_param_array(channels, charp, &channels_count, 0444);
MODULE_PARM_DESC(channels,
		 "Channels to ask for, the first as device 0 and so on: NAME[:stream|packet][:RING-SIZE]");

/**
 * struct wish - a channel to ask for
 * @name: its name
 * @mode: "stream", "packet", or NULL for the host's default
 * @ring_size: bytes for each direction, or 0 likewise
 */
struct wish {
	char name[MYDEVICE_NAME_MAX + 1];
	const char *mode;
	unsigned long long ring_size;
};

static int parse_wish(const char *text, struct wish *wish)
{
	char copy[MYDEVICE_NAME_MAX + 32], *rest = copy, *option, *end;
	int mode;

	if (strscpy(copy, text, sizeof(copy)) < 0)
		return -EINVAL;
	option = strsep(&rest, ":");
	if (!myd_name_valid(option))
		return -EINVAL;
	strscpy(wish->name, option, sizeof(wish->name));
	while ((option = strsep(&rest, ":"))) {
		mode = myd_mode_parse(option);
		if (mode >= 0) {
			wish->mode = myd_mode_name(mode);
			continue;
		}
		wish->ring_size = memparse(option, &end);
		if (*end || !wish->ring_size)
			return -EINVAL;
	}
	return 0;
}

/*
 * Without a transaction, of which the guest's programs may have used up all: the host
 * takes notice of a request only if `request` is there.
 */
static int write_request(const char *path, const struct wish *wish)
{
	/* A request of an earlier load, with its answer, is over. */
	int r = xenbus_rm(XBT_NIL, path, "");

	if (r && r != -ENOENT)
		return r;
	r = xenbus_printf(XBT_NIL, path, "name", "%s", wish->name);
	if (!r && wish->mode)
		r = xenbus_printf(XBT_NIL, path, "mode", "%s", wish->mode);
	if (!r && wish->ring_size)
		r = xenbus_printf(XBT_NIL, path, "ring-size", "%llu", wish->ring_size);
	/* The last one: now it is complete. */
	return r ?: xenbus_printf(XBT_NIL, path, "request", "%u", MYDEVICE_REQUEST_VERSION);
}

/* All below */
static DEFINE_MUTEX(lock);

static void retry(struct work_struct *work);
static DECLARE_DELAYED_WORK(retry_work, retry);
static unsigned int delay;	/* of the next try, in seconds */
static bool written[REQUESTS_MAX];
static bool watching;
static bool over;

static void write_wish(unsigned int i)
{
	struct wish wish = {};
	char path[32];
	int r;

	snprintf(path, sizeof(path), REQUESTS "/%u", i);
	if (written[i] && xenbus_exists(XBT_NIL, path, "request"))
		return;
	if (parse_wish(channels[i], &wish)) {
		if (!written[i])
			pr_err("channels: \"%s\" is not NAME[:stream|packet][:RING-SIZE]\n",
			       channels[i]);
		written[i] = true;
		return;
	}
	r = write_request(path, &wish);
	written[i] = !r;
	/* One line for each time that it is refused, not for each try. */
	if (r && delay <= MYD_FRONT_DELAY_MIN)
		pr_err("cannot ask for channel \"%s\" in %s: error %d; trying again later\n",
		       channels[i], path, r);
}

static bool all_written(void)
{
	unsigned int i;

	for (i = 0; i < channels_count; i++)
		if (!written[i])
			return false;
	return true;
}

/* Those that are not there; those of an earlier load are written anew. */
static void write_wishes(void)
{
	unsigned int i;

	for (i = 0; i < channels_count; i++)
		write_wish(i);
}

static void retry_later(void)
{
	if (myd_front_schedule(&retry_work, delay))
		delay = min_t(unsigned int, 2 * delay, MYD_FRONT_DELAY_MAX);
}

/*
 * Fires when it is registered and after each resume: after a restore or a migration
 * the guest is another domain, which has not asked for anything. Requests may be
 * taken back one by one, by hand: these changes are below the node.
 */
static void requests_changed(struct xenbus_watch *watch, const char *path, const char *token)
{
	unsigned int flags;

	if (strcmp(path, watch->node))
		return;
	mutex_lock(&lock);
	/* The guest's disks may be waiting for this thread to resume them. */
	flags = memalloc_noio_save();
	delay = MYD_FRONT_DELAY_MIN;
	write_wishes();
	if (!over && !all_written())
		retry_later();
	memalloc_noio_restore(flags);
	mutex_unlock(&lock);
}

static struct xenbus_watch requests_watch = {
	.node = REQUESTS,
	.callback = requests_changed,
};

/* Asks for what has not been asked for, or has been refused so far. */
static void ask(void)
{
	unsigned int flags;
	int r = 0;

	mutex_lock(&lock);
	flags = memalloc_noio_save();
	write_wishes();
	if (!watching && !over) {
		r = register_xenbus_watch(&requests_watch);
		watching = !r;
		if (r && delay <= MYD_FRONT_DELAY_MIN)
			pr_err("cannot watch " REQUESTS ": error %d; trying again later\n", r);
	}
	if (!over && (r || !all_written()))
		retry_later();
	memalloc_noio_restore(flags);
	mutex_unlock(&lock);
}

static void retry(struct work_struct *work)
{
	ask();
}

static int xenstore_answers(struct notifier_block *nb, unsigned long event, void *data)
{
	delay = MYD_FRONT_DELAY_MIN;
	ask();
	return NOTIFY_DONE;
}

static struct notifier_block xenstore_ready = {
	.notifier_call = xenstore_answers,
};

/**
 * myd_request_init() - ask now, or as soon as XenStore answers
 *
 * What is refused is tried again after a pause, each time after a longer one.
 */
void myd_request_init(void)
{
	register_xenstore_notifier(&xenstore_ready);
}

/**
 * myd_request_exit() - withdraw what was asked for
 *
 * Without a driver there is nothing to attach.
 */
void myd_request_exit(void)
{
	char devid[12];
	unsigned int i;

	unregister_xenstore_notifier(&xenstore_ready);
	mutex_lock(&lock);
	over = true;
	mutex_unlock(&lock);
	/* not with the lock held, for which xenwatch may be waiting */
	if (watching)
		unregister_xenbus_watch(&requests_watch);
	cancel_delayed_work_sync(&retry_work);
	for (i = 0; i < channels_count; i++) {
		snprintf(devid, sizeof(devid), "%u", i);
		xenbus_rm(XBT_NIL, REQUESTS, devid);
	}
}
