/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kmod/core/own.h needs of xenbus; the test has the functions. */
#ifndef SHIM_XEN_XENBUS_H
#define SHIM_XEN_XENBUS_H

#include <linux/types.h>

enum xenbus_state {
	XenbusStateUnknown,
	XenbusStateInitialising,
	XenbusStateInitWait,
};

struct xenbus_transaction {
	u32 id;
};

#define XBT_NIL ((struct xenbus_transaction){ 0 })

struct xenbus_device {
	const char *nodename;
	enum xenbus_state state;
};

int xenbus_transaction_start(struct xenbus_transaction *xbt);
int xenbus_transaction_end(struct xenbus_transaction xbt, int abort);
int xenbus_exists(struct xenbus_transaction xbt, const char *dir, const char *node);
int xenbus_printf(struct xenbus_transaction xbt, const char *dir, const char *node,
		  const char *format, ...);

/* compat.h is left out */
static inline bool myd_has_vanished(const struct xenbus_device *dev)
{
	return !dev;
}

#endif
