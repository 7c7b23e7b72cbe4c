/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel of this domain knows of the devices it serves. */
#ifndef ATTACHD_KERNEL_H
#define ATTACHD_KERNEL_H

#include <stdbool.h>

#include "model/paths.h"

/* Is there still a device for this backend directory? Always false for another domain's. */
bool kernel_has_backend(const struct device_key *key);

#define KERNEL_SYSFS "/sys"

/* Is a driver bound to it? 1, 0, or -ENODATA if this kernel has no such device. */
int kernel_has_driver(const char *sysfs, const struct device_key *key);

#endif
