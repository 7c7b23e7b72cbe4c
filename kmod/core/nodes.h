/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Nodes of the backend's directory that both faces read.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_NODES_H
#define MYD_NODES_H

#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <xen/xenbus.h>

#include "link.h"

/* "" if the node is missing or not a name that is safe. */
static inline void myd_read_name(const char *path, const char *node,
				 bool (*valid)(const char *name), char *ret_name, size_t size)
{
	char *name = xenbus_read(XBT_NIL, path, node, NULL);

	if (IS_ERR(name))
		return;
	if (valid(name))
		strscpy(ret_name, name, size);
	kfree(name);
}

/* A missing node is the default; a mode that we do not know is an error. */
static inline int myd_read_mode(const char *path, enum mydevice_mode *ret_mode)
{
	char *text = xenbus_read(XBT_NIL, path, "mode", NULL);
	int r;

	if (IS_ERR(text))
		return PTR_ERR(text) == -ENOENT ? 0 : PTR_ERR(text);
	r = myd_mode_parse(text);
	kfree(text);
	if (r < 0)
		return r;
	*ret_mode = r;
	return 0;
}

/* Likewise, for a direction: those that are closed. */
static inline int myd_read_direction(struct xenbus_transaction xbt, const char *path,
				     unsigned int *ret_closed)
{
	char *text = xenbus_read(xbt, path, "direction", NULL);
	int r = 0;

	if (!IS_ERR(text)) {
		r = myd_direction_parse(text);
		kfree(text);
	} else if (PTR_ERR(text) != -ENOENT) {
		r = PTR_ERR(text);
	}
	if (r < 0)
		return r;
	*ret_closed = r;
	return 0;
}

#endif /* MYD_NODES_H */
