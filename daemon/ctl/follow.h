/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices as they come, change and go. */
#ifndef MYDEVICECTL_FOLLOW_H
#define MYDEVICECTL_FOLLOW_H

#include <stdint.h>

#include "ctl/client.h"

enum follow_event {
	FOLLOW_PRESENT,			/* was there when it began, or when the daemon came back */
	FOLLOW_ATTACHED,
	FOLLOW_CHANGED,
	FOLLOW_DETACHED,
	FOLLOW_NOTHING,			/* all that were there have been told; device is NULL */
};

/* Not 0: enough, and follow_devices() returns it. */
typedef int (*follow_fn)(enum follow_event event, const char *path,
			 const struct client_device *device, void *userdata);

/*
 * Until fn has had enough, or -ETIMEDOUT; timeout_usec UINT64_MAX waits without
 * end, also for a daemon that is started again. Other errors as in client.h.
 */
int follow_devices(struct client *client, uint64_t timeout_usec, follow_fn fn, void *userdata,
		   const char **ret_why);

#endif
