/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which driver is bound to a backend that this kernel has. */
#ifndef MYDEVICECTL_DRIVER_H
#define MYDEVICECTL_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

/* A module's name, with its null, has at most so many bytes. */
#define DRIVER_SIZE 64

/*
 * sysfs: where it is mounted. Whether this kernel has the backend; ret is the
 * driver's module, or its name if it is built in, or "" if none is bound.
 */
bool driver_find(const char *sysfs, const char *class, uint32_t domid, uint32_t devid,
		 char ret[DRIVER_SIZE]);

#endif
