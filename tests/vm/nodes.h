/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single nodes of a device's directory, for programs that write what they like. */
#ifndef VM_NODES_H
#define VM_NODES_H

#include <stdbool.h>
#include <xenstore.h>

/* NULL removes it. False if it was refused, or not there. */
bool node_put(struct xs_handle *xs, const char *dir, const char *node, const char *value);

/* Its number, -1 if it is not there, 0 if it is none. */
int node_get(struct xs_handle *xs, const char *dir, const char *node);

#endif
