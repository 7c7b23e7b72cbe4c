// SPDX-License-Identifier: GPL-2.0-or-later
/* connect: a channel as a terminal, or as the two ends of a pipe */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/escape.h"
#include "ctl/bridge.h"
#include "ctl/client.h"
#include "ctl/command.h"
#include "ctl/select.h"

static int no_channel(const struct command_context *context)
{
	fprintf(stderr, "mydevicectl: guest \"%s\" has no channel \"%s\"; see: mydevicectl list\n",
		escape(context->argv[0]).text, escape(context->argv[1]).text);
	return EXIT_NOT_FOUND;
}

static int several_guests(const struct command_context *context)
{
	char why[256];

	snprintf(why, sizeof(why), "several guests are \"%.100s\"", escape(context->argv[0]).text);
	return command_failed(-ENOTUNIQ, why);
}

/* The node of a guest's channel; EXIT_SUCCESS, or what was said. */
static int find_node(const struct command_context *context, char **ret)
{
	_cleanup_(client_closep) struct client *client = NULL;
	struct client_device *devices, *found = NULL;
	struct guest_ref guest;
	const char *why = "";
	bool several = false;
	size_t n;
	int r;

	*ret = NULL;
	r = client_open(&client, &why);
	if (r < 0)
		return command_failed(r, why);
	r = select_guest(client, context->argv[0], &guest);
	if (r)
		return r;
	r = client_list(client, &devices, &n, &why);
	if (r < 0)
		return command_failed(r, why);
	for (size_t i = 0; i < n; i++) {
		if (!is_guest(&devices[i], &guest) ||
		    !is_channel(&devices[i], context->argv[1]) || !*devices[i].node)
			continue;
		several = several || (found && found->domid != devices[i].domid);
		found = found ?: &devices[i];
	}
	if (found)
		*ret = strdup(found->node);
	client_devices_free(devices, n);
	if (several)
		return several_guests(context);
	return *ret ? EXIT_SUCCESS : no_channel(context);
}

/* A channel with a direction cannot be opened for the other one. */
static int open_channel(const char *path)
{
	static const int ways[] = { O_RDWR, O_RDONLY, O_WRONLY };

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		int fd = open(path, ways[i] | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

		if (fd >= 0)
			return fd;
		if (errno != EACCES)
			break;
	}
	fprintf(stderr, "mydevicectl: cannot open %s: %s\n", path,
		errno == EBUSY ? "another program has it open" :
		errno == EACCES ? "you may not; are you in its group?" :
		errno == ENOENT ? "it is not there; is its driver loaded in this domain?" :
				  strerror(errno));
	return -1;
}

static int run_bridge(int channel)
{
	bool terminal = isatty(STDIN_FILENO);
	struct termios before, raw;
	int r;

	if (terminal && tcgetattr(STDIN_FILENO, &before) == 0) {
		raw = before;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
		/* not before: who reads this may type at once */
		fputs("Connected; Ctrl-] leaves.\r\n", stderr);
	} else {
		terminal = false;
	}
	r = bridge(channel, STDIN_FILENO, STDOUT_FILENO,
		   terminal ? BRIDGE_ESCAPE : BRIDGE_NO_ESCAPE);
	if (terminal)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	return r;
}

/* A path instead of a guest needs no daemon, so it works in a guest too. */
int run_connect(const struct command_context *context)
{
	_cleanup_free_ char *node = NULL;
	bool is_path = context->argv[0][0] == '/';
	int status, channel, r;

	if (is_path == (context->argc > 1)) {
		fputs("mydevicectl: usage: mydevicectl connect GUEST NAME, or connect /PATH\n",
		      stderr);
		return EXIT_USAGE;
	}
	if (!is_path) {
		status = find_node(context, &node);
		if (status != EXIT_SUCCESS)
			return status;
	}
	channel = open_channel(is_path ? context->argv[0] : node);
	if (channel < 0)
		return EXIT_FAILURE;
	r = run_bridge(channel);
	close(channel);
	if (r < 0 && r != -ENODEV && r != -EPIPE) {
		fprintf(stderr, "mydevicectl: the connection has failed: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	if (r == -ENODEV)
		fputs("mydevicectl: the channel is gone\n", stderr);
	return r == -ENODEV ? EXIT_FAILURE : EXIT_SUCCESS;
}
