/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which devices the words of a command mean. */
#ifndef MYDEVICECTL_SELECT_H
#define MYDEVICECTL_SELECT_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ctl/client.h"

/* A guest is named by its name or by its domid. */
static inline bool is_guest(const struct client_device *device, const char *guest)
{
	char domid[16];

	snprintf(domid, sizeof(domid), "%u", device->domid);
	return !strcmp(device->guest, guest) || !strcmp(domid, guest);
}

static inline bool is_channel(const struct client_device *device, const char *channel)
{
	char devid[16];

	snprintf(devid, sizeof(devid), "%u", device->devid);
	return !strcmp(device->name, channel) || !strcmp(devid, channel);
}

/* class NULL: any */
static inline bool is_of_class(const struct client_device *device, const char *class)
{
	return !class || !strcmp(device->class, class);
}

#endif
