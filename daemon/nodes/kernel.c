// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <unistd.h>

#include "nodes/kernel.h"

bool kernel_has_backend(const struct device_key *key)
{
	char path[128];

	if (key->backend)
		return false;
	snprintf(path, sizeof(path), "/sys/bus/xen-backend/devices/%s-%u-%u", key->class,
		 key->guest, key->devid);
	return access(path, F_OK) == 0;
}
