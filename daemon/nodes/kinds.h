/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which kind a device is of. */
#ifndef ATTACHD_KINDS_H
#define ATTACHD_KINDS_H

#include "nodes/kind.h"

/* mode: MODE_ANY if it is not chosen yet. */
const struct kind *kind_of(const char *class, enum channel_mode mode);

#endif
