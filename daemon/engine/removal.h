/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a device goes: both drivers are asked to close, its script to undo its work, and its
 * nodes are removed, by force if that takes longer than it may. device-turn.h says when.
 */
#ifndef ATTACHD_REMOVAL_H
#define ATTACHD_REMOVAL_H

#include "model/machine.h"

struct device;

/* It is to go by force: nobody is waited for. */
void removal_force(struct device *device);

/* Each begins a step, and sets its deadline. 0, or -errno: it cannot be set. */
int removal_close(struct device *device);
int removal_unplug(struct device *device);
/* Goes back to PHASE_CLOSING, and sets step->next, if XenStore refuses. */
int removal_of_nodes(struct device *device, struct step *step);

/*
 * Frees the device, unless the kernel's bus has not seen yet that its nodes are gone. Returns
 * what its guest has to do, of enum device_outcome.
 */
unsigned int removal_finish(struct device *device);

#endif
