/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of channels and guests, by the rules of <xen/io/mydevice.h>. Pure. */
#ifndef ATTACHD_NAME_H
#define ATTACHD_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* A channel's name; also: a guest's name that may stand in a file name. */
bool name_is_safe(const char *name, size_t len);

/* The toolstack's name for a domain that arrives here or has left by migration. */
bool name_is_migrating(const char *guest);

#endif
