/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How both faces write the nodes of a device's own directory.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_OWN_H
#define MYD_OWN_H

#include <linux/errno.h>
#include <xen/xenbus.h>

#include "../compat/compat.h"

#define MYD_TRANSACTIONS_MAX	16

typedef int (*myd_write_fn)(struct xenbus_transaction xbt, struct xenbus_device *dev,
			    const void *arg);

/**
 * myd_write_own() - write nodes of a device's own directory, if it is still there
 * @dev: the device
 * @write: writes them; called again if it was not alone
 * @arg: its argument
 *
 * Without a transaction the nodes could bring back a directory that the toolstack has
 * just removed. But a domain has a quota of them, which its programs can use up, and
 * other writers can make each of them fail: then the nodes are written without one.
 *
 * Return: 0, -ENODEV if the directory has gone, or another negative errno.
 */
static inline int myd_write_own(struct xenbus_device *dev, myd_write_fn write, const void *arg)
{
	struct xenbus_transaction xbt;
	unsigned int i;
	int r, end;

	for (i = 0; i < MYD_TRANSACTIONS_MAX && !xenbus_transaction_start(&xbt); i++) {
		r = xenbus_exists(xbt, dev->nodename, "state") ? write(xbt, dev, arg) : -ENODEV;
		end = xenbus_transaction_end(xbt, r != 0);
		if (r || !end)
			return r;
		if (end != -EAGAIN)
			return end;
	}
	return xenbus_exists(XBT_NIL, dev->nodename, "state") ? write(XBT_NIL, dev, arg) : -ENODEV;
}

static inline int myd_write_state(struct xenbus_transaction xbt, struct xenbus_device *dev,
				  const void *arg)
{
	return xenbus_printf(xbt, dev->nodename, "state", "%d", *(const enum xenbus_state *)arg);
}

/*
 * As xenbus_switch_state(), which gives up if it gets no transaction, and loses
 * the state: the handshake would wait for ever.
 */
static inline int myd_switch_state(struct xenbus_device *dev, enum xenbus_state state)
{
	int r;

	if (dev->state == state || myd_has_vanished(dev))
		return 0;
	r = myd_write_own(dev, myd_write_state, &state);
	if (!r)
		dev->state = state;
	return r == -ENODEV ? 0 : r;
}

#endif /* MYD_OWN_H */
