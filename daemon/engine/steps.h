/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a device's drivers have written to take a step of the handshake. */
#ifndef ATTACHD_STEPS_H
#define ATTACHD_STEPS_H

struct device;
struct device_view;

/* By the states that were read before, as far as they make it matter: see awaited.h. 0 or -errno */
int steps_read(struct device *device);

/* For all who look: what it waits for. Nothing of a kind with another handshake. */
void steps_show(const struct device *device, struct device_view *view);

#endif
