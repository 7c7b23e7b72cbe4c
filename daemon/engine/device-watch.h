/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The watches of a device, on what either end writes. */
#ifndef ATTACHD_DEVICE_WATCH_H
#define ATTACHD_DEVICE_WATCH_H

struct device;

/*
 * Sets the watches that are missing. Before its nodes are written: nothing is that cannot be
 * followed to its end. 0 or -errno.
 */
int device_watch(struct device *device);

#endif
