// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's wish: which channels it asks the toolstack for.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/moduleparam.h>
#include <linux/kernel.h>
#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/sched/mm.h>
#include <linux/string.h>
#include <xen/xenbus.h>

#include "front.h"

#define REQUESTS_MAX	32
#define ATTEMPTS_MAX	64
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

static int write_nodes(struct xenbus_transaction xbt, const char *path, const struct wish *wish)
{
	int r;

	r = xenbus_printf(xbt, path, "name", "%s", wish->name);
	if (!r && wish->mode)
		r = xenbus_printf(xbt, path, "mode", "%s", wish->mode);
	if (!r && wish->ring_size)
		r = xenbus_printf(xbt, path, "ring-size", "%llu", wish->ring_size);
	/* The last one: now it is complete. */
	return r ?: xenbus_printf(xbt, path, "request", "%u", MYDEVICE_REQUEST_VERSION);
}

static int write_request(const char *path, const struct wish *wish)
{
	struct xenbus_transaction xbt;
	unsigned int attempts = 0;
	int r;

	do {
		r = xenbus_transaction_start(&xbt);
		if (r)
			return r;
		/* A request of an earlier load, with its answer, is over. */
		xenbus_rm(xbt, path, "");
		r = write_nodes(xbt, path, wish);
		if (r) {
			xenbus_transaction_end(xbt, 1);
			return r;
		}
		r = xenbus_transaction_end(xbt, 0);
	} while (r == -EAGAIN && ++attempts < ATTEMPTS_MAX);
	return r;
}

/* Without @again all of them, with it those that are not there. */
static void write_requests(bool again)
{
	char path[32];
	unsigned int i;
	int r;

	for (i = 0; i < channels_count; i++) {
		struct wish wish = {};

		snprintf(path, sizeof(path), REQUESTS "/%u", i);
		if (again && xenbus_exists(XBT_NIL, path, "request"))
			continue;
		if (parse_wish(channels[i], &wish)) {
			pr_err("channels: \"%s\" is not NAME[:stream|packet][:RING-SIZE]\n",
			       channels[i]);
			continue;
		}
		r = write_request(path, &wish);
		if (r)
			pr_err("cannot ask for channel \"%s\" in %s: error %d\n", channels[i],
			       path, r);
	}
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
	/* The guest's disks may be waiting for this thread to resume them. */
	flags = memalloc_noio_save();
	write_requests(true);
	memalloc_noio_restore(flags);
}

static struct xenbus_watch requests_watch = {
	.node = REQUESTS,
	.callback = requests_changed,
};

static bool watching;

static int xenstore_answers(struct notifier_block *nb, unsigned long event, void *data)
{
	int r;

	write_requests(false);
	r = register_xenbus_watch(&requests_watch);
	if (r)
		pr_err("cannot watch " REQUESTS ": error %d\n", r);
	watching = !r;
	return NOTIFY_DONE;
}

static struct notifier_block xenstore_ready = {
	.notifier_call = xenstore_answers,
};

/* Asks now, or as soon as XenStore answers. */
void myd_request_init(void)
{
	register_xenstore_notifier(&xenstore_ready);
}

/* Without a driver there is nothing to attach: withdraws what was asked for. */
void myd_request_exit(void)
{
	char devid[12];
	unsigned int i;

	unregister_xenstore_notifier(&xenstore_ready);
	if (watching)
		unregister_xenbus_watch(&requests_watch);
	for (i = 0; i < channels_count; i++) {
		snprintf(devid, sizeof(devid), "%u", i);
		xenbus_rm(XBT_NIL, REQUESTS, devid);
	}
}
