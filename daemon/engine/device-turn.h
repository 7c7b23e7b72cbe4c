/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device's turn: what its states, the policy and time call for. */
#ifndef ATTACHD_DEVICE_TURN_H
#define ATTACHD_DEVICE_TURN_H

struct device;

/*
 * Looks at both ends and does what is due. May free the device. Errors are its own:
 * it has logged them, and tries again later. Returns what its guest has to do, of
 * enum device_outcome.
 */
unsigned int device_turn(struct device *device);

#endif
