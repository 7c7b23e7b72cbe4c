// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/driver.h"

/* The last component of where a link points to; false if there is no such link. */
static bool read_name(const char *dir, const char *link, char ret[DRIVER_SIZE])
{
	char path[PATH_MAX], target[PATH_MAX], *name;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, link);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	name = strrchr(target, '/');
	snprintf(ret, DRIVER_SIZE, "%.*s", DRIVER_SIZE - 1, name ? name + 1 : target);
	return true;
}

bool driver_find(const char *sysfs, const char *class, uint32_t domid, uint32_t devid,
		 char ret[DRIVER_SIZE])
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s/bus/xen-backend/devices/%s-%" PRIu32 "-%" PRIu32, sysfs,
		 class, domid, devid);
	if (access(dir, F_OK))
		return false;
	/* many drivers have the name of the class: the module tells them apart */
	if (!read_name(dir, "driver/module", ret) && !read_name(dir, "driver", ret))
		*ret = '\0';
	return true;
}
