// SPDX-License-Identifier: GPL-2.0-or-later
/* reload: what "systemctl reload mydevice-attachd" runs */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/client.h"
#include "ctl/command.h"

/* It cannot say whether the policy is used. */
static int reload_by_signal(pid_t pid, const char *why_no_bus)
{
	char why[512];
	int r = kill(pid, SIGHUP) < 0 ? -errno : 0;

	if (r == 0) {
		fprintf(stderr, "mydevicectl: cannot ask over the bus (%s); sent SIGHUP to process "
			"%d instead: whether it uses the policy is in its log\n", why_no_bus,
			(int)pid);
		return EXIT_SUCCESS;
	}
	snprintf(why, sizeof(why), "%s; nor can process %d be sent SIGHUP: %s", why_no_bus,
		 (int)pid, strerror(-r));
	return command_failed(r == -EPERM ? -EACCES : -EHOSTDOWN, why);
}

int run_reload(const struct command_context *context)
{
	_cleanup_(client_closep) struct client *client = NULL;
	const char *why = "";
	int r = client_open(&client, &why);

	if (r == 0)
		r = client_reload(client, &why);
	if (r == -EHOSTDOWN && context->pid)
		return reload_by_signal(context->pid, why);
	return r < 0 ? command_failed(r, why) : EXIT_SUCCESS;
}
