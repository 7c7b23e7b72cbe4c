/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel of this domain knows of the devices it serves. */
#ifndef ATTACHD_KERNEL_H
#define ATTACHD_KERNEL_H

#include <stdbool.h>

#include "model/paths.h"

/* Is there still a device for this backend directory? Always false for another domain's. */
bool kernel_has_backend(const struct device_key *key);

#endif
