// SPDX-License-Identifier: GPL-2.0-or-later
/* reload: what "systemctl reload mydevice-attachd" runs */
#include <stdlib.h>

#include "ctl/client.h"
#include "ctl/command.h"

int run_reload(const struct command_context *context)
{
	_cleanup_(client_closep) struct client *client = NULL;
	const char *why = "";
	int r = client_open(&client, &why);

	if (r == 0)
		r = client_reload(client, &why);
	return r < 0 ? command_failed(r, why) : EXIT_SUCCESS;
}
