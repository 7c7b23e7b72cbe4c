// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "model/hotplug.h"

static const char *const names[HOTPLUG_MAX] = {
	[HOTPLUG_NONE] = "",
	[HOTPLUG_WAITING] = "waiting",
	[HOTPLUG_RUNNING] = "running",
	[HOTPLUG_CONNECTED] = "connected",
	[HOTPLUG_ERROR] = "error",
};

/* A script may write a word of its own, which is then one of work under way. */
enum hotplug hotplug_parse(const char *data, size_t len)
{
	if (!data)
		return HOTPLUG_NONE;
	for (enum hotplug hotplug = HOTPLUG_WAITING; hotplug < HOTPLUG_MAX; hotplug++)
		if (len == strlen(names[hotplug]) && !memcmp(data, names[hotplug], len))
			return hotplug;
	return HOTPLUG_RUNNING;
}

const char *hotplug_name(enum hotplug hotplug)
{
	return names[hotplug];
}

bool hotplug_is_held(enum hotplug hotplug)
{
	return hotplug == HOTPLUG_RUNNING || hotplug == HOTPLUG_CONNECTED;
}
