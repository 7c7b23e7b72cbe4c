// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "nodes/kernel.h"

static bool exists(const char *sysfs, const struct device_key *key, const char *file)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/bus/xen-backend/devices/%s-%u-%u%s", sysfs, key->class,
		 key->guest, key->devid, file);
	return access(path, F_OK) == 0;
}

bool kernel_has_backend(const struct device_key *key)
{
	return !key->backend && exists(KERNEL_SYSFS, key, "");
}

int kernel_has_driver(const char *sysfs, const struct device_key *key)
{
	if (key->backend || !exists(sysfs, key, ""))
		return -ENODATA;
	return exists(sysfs, key, "/driver");
}
