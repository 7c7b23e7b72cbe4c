/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does a device still have the nodes and permissions that it was attached with?
 * Another program may have written its own. What differs is logged and restored.
 */
#ifndef ATTACHD_VERIFY_H
#define ATTACHD_VERIFY_H

#include "model/machine.h"

struct device;

/*
 * After both states were read: they were these before. An event without another
 * state, and a state that has gone back, are what is seen of such a program; the
 * nodes are compared a little later.
 */
void verify_suspect(struct device *device, enum end_state frontend, enum end_state backend);

/* If that time has come. */
void verify_turn(struct device *device);

#endif
