// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's wish: which channels it asks the toolstack for.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/moduleparam.h>
#include <linux/notifier.h>
#include <linux/printk.h>
#include <xen/xenbus.h>

#include "front.h"

#define REQUESTS_MAX	32
#define ATTEMPTS_MAX	64
#define REQUESTS	"data/" MYDEVICE_CLASS

static char *channels[REQUESTS_MAX];
static unsigned int channels_count;
module_param_array(channels, charp, &channels_count, 0444);
MODULE_PARM_DESC(channels, "Names of channels to ask for, the first as device 0 and so on");

static int write_request(unsigned int devid)
{
	struct xenbus_transaction xbt;
	unsigned int attempts = 0;
	char path[32];
	int r;

	snprintf(path, sizeof(path), REQUESTS "/%u", devid);
	do {
		r = xenbus_transaction_start(&xbt);
		if (r)
			return r;
		/* A request of an earlier load, with its answer, is over. */
		xenbus_rm(xbt, path, "");
		r = xenbus_printf(xbt, path, "name", "%s", channels[devid]) ?:
		    xenbus_printf(xbt, path, "request", "%u", MYDEVICE_REQUEST_VERSION);
		if (r) {
			xenbus_transaction_end(xbt, 1);
			return r;
		}
		r = xenbus_transaction_end(xbt, 0);
	} while (r == -EAGAIN && ++attempts < ATTEMPTS_MAX);
	return r;
}

static int write_requests(struct notifier_block *nb, unsigned long event, void *data)
{
	unsigned int i;
	int r;

	for (i = 0; i < channels_count; i++) {
		if (!myd_name_valid(channels[i])) {
			pr_err("channels: \"%s\" is not a channel name\n", channels[i]);
			continue;
		}
		r = write_request(i);
		if (r)
			pr_err("cannot ask for channel \"%s\" in " REQUESTS "/%u: error %d\n",
			       channels[i], i, r);
	}
	return NOTIFY_DONE;
}

static struct notifier_block xenstore_ready = {
	.notifier_call = write_requests,
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
	for (i = 0; i < channels_count; i++) {
		snprintf(devid, sizeof(devid), "%u", i);
		xenbus_rm(XBT_NIL, REQUESTS, devid);
	}
}
