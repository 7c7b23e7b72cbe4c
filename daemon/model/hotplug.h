/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a device's hotplug script has come to, as the node hotplug-status says.
 * Pure. The script is run in the domain that serves the device, by udev and
 * systemd there: see systemd/mydevice-hotplug@.service.
 */
#ifndef ATTACHD_HOTPLUG_H
#define ATTACHD_HOTPLUG_H

#include <stdbool.h>
#include <stddef.h>

enum hotplug {
	HOTPLUG_NONE,			/* no script is named, or it has undone its work */
	HOTPLUG_WAITING,		/* written by us: it has not begun */
	HOTPLUG_RUNNING,
	HOTPLUG_CONNECTED,		/* done: the backend may go on */
	HOTPLUG_ERROR,
	HOTPLUG_MAX,
};

/* data may be NULL: there is no node. */
enum hotplug hotplug_parse(const char *data, size_t len);
const char *hotplug_name(enum hotplug hotplug);

/* Is there something that the script has to undo? */
bool hotplug_is_held(enum hotplug hotplug);

#endif
