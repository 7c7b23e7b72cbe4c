/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which devices the words of a command mean. */
#ifndef MYDEVICECTL_SELECT_H
#define MYDEVICECTL_SELECT_H

#include <stdbool.h>

#include "ctl/client.h"
#include "model/guest-ref.h"

/*
 * The guest that runs and is addressed like this; if there is none, or the daemon cannot look,
 * the guest as it is addressed. 0, or what was reported, as an exit status: no guest can be
 * addressed like this, or several are.
 */
int select_guest(struct client *client, const char *text, struct guest_ref *ret);

/* Whether a channel can be addressed like this; reports it if not. */
bool select_is_channel(const char *text);

bool is_guest(const struct client_device *device, const struct guest_ref *guest);
bool is_channel(const struct client_device *device, const char *channel);
/* class NULL: any */
bool is_of_class(const struct client_device *device, const char *class);

#endif
