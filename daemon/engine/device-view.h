/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is shown of a device. */
#ifndef ATTACHD_DEVICE_VIEW_H
#define ATTACHD_DEVICE_VIEW_H

struct device;

/* For all who look: it has changed. */
void device_publish(const struct device *device);

#endif
