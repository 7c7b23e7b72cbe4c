/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A channel whose driver domain is gone: its guest's programs keep the frontend,
 * until there is another domain to serve it.
 */
#ifndef ATTACHD_STRANDED_H
#define ATTACHD_STRANDED_H

#include <stdbool.h>

#include "model/machine.h"

struct device;

/* This and stranded_move() return what its guest has to do, of enum device_outcome. */
unsigned int stranded_begin(struct device *device);

/* Is there a domain again that is to serve it? If not, it is looked at again when one comes. */
bool stranded_has_backend(const struct device *device);

/* Served by another domain: as a new device, but for the guest it is the same. */
unsigned int stranded_move(struct device *device, struct step *step);

#endif
