/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The path of a channel's node in the domain that serves it. The kernel names the node by
 * numbers. udev adds a link by the guest's name, which stays as it was when the nodes were
 * written: a path by name is given out only while the guest has that name.
 */
#ifndef ATTACHD_NODE_LINK_H
#define ATTACHD_NODE_LINK_H

struct device;
struct path;

/* For nodes that are about to be written: the guest's name, or "" if there can be no link. */
void node_link_choose(struct device *device);

/* Of a device that an earlier process attached. 0 or -errno. */
int node_link_read(struct device *device);

/* What exists now. */
struct path node_link_path(const struct device *device);

#endif
