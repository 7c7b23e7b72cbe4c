// SPDX-License-Identifier: GPL-2.0-or-later
/* attach, detach and set */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "ctl/command.h"
#include "ctl/follow.h"
#include "ctl/output.h"

/* Longer than the longest DetachTimeoutSec= */
#define DETACH_TIMEOUT_USEC (310 * USEC_PER_SEC)

static struct client_options options_of(const struct command_context *context)
{
	return (struct client_options){
		.class = context->class,
		.mode = context->mode,
		.ring_size = context->ring_size,
		.force = context->force,
	};
}

/* Which object is being looked for, and whether it shows. */
struct wanted {
	const char *path;
	bool json;
};

static int show_attached(enum follow_event event, const char *path,
			 const struct client_device *device, void *userdata)
{
	const struct wanted *wanted = userdata;

	if (event == FOLLOW_NOTHING)
		return -ENODEV;
	if (strcmp(path, wanted->path))
		return 0;
	if (wanted->json)
		return output_device_json(device) < 0 ? -ENOMEM : 1;
	printf("%s/%s is attached, as device %u of domain %u\n", device->guest, device->name,
	       device->devid, device->domid);
	if (*device->node)
		printf("Here it is %s\n", device->node);
	return 1;
}

int run_attach(const struct command_context *context)
{
	_cleanup_(client_closep) struct client *client = NULL;
	struct client_options options = options_of(context);
	_cleanup_free_ char *path = NULL;
	struct wanted wanted = { .json = context->json };
	const char *why = "";
	int r;

	r = client_open(&client, &why);
	if (r == 0)
		r = client_attach(client, context->argv[0], context->argv[1], &options, &path,
				  &why);
	if (r < 0)
		return command_failed(r, why);
	wanted.path = path;
	r = follow_devices(client, UINT64_MAX, show_attached, &wanted, &why);
	/* gone again already: that is for those to tell who asked for it */
	if (r < 0 && r != -ENODEV)
		return command_failed(r, why);
	return EXIT_SUCCESS;
}

struct ending {
	const char *path;
	bool there;			/* since the beginning of the list */
};

static int on_ending(enum follow_event event, const char *path,
		     const struct client_device *device, void *userdata)
{
	struct ending *ending = userdata;
	bool there = ending->there;

	/* there is another list when the daemon was started again */
	if (event == FOLLOW_NOTHING) {
		ending->there = false;
		return !there;
	}
	if (strcmp(path, ending->path))
		return 0;
	ending->there = event == FOLLOW_PRESENT;
	return event == FOLLOW_DETACHED;
}

int run_detach(const struct command_context *context)
{
	_cleanup_(client_closep) struct client *client = NULL;
	struct client_options options = options_of(context);
	_cleanup_free_ char *path = NULL;
	struct ending ending = {};
	const char *why = "";
	int r;

	r = client_open(&client, &why);
	if (r == 0)
		r = client_detach(client, context->argv[0], context->argv[1], &options, &path,
				  &why);
	if (r < 0)
		return command_failed(r, why);
	ending.path = path;
	r = follow_devices(client,
			   context->timeout_usec == UINT64_MAX ? DETACH_TIMEOUT_USEC :
								 context->timeout_usec,
			   on_ending, &ending, &why);
	if (r == -ETIMEDOUT) {
		fputs("mydevicectl: it was told to go, and is still there\n", stderr);
		return EXIT_TIMED_OUT;
	}
	return r < 0 ? command_failed(r, why) : EXIT_SUCCESS;
}

int run_set(const struct command_context *context)
{
	_cleanup_(client_closep) struct client *client = NULL;
	struct client_options options = {
		.settings = context->argv + 2,
		.n_settings = context->argc - 2,
	};
	_cleanup_free_ char *path = NULL;
	const char *why = "";
	int r;

	for (int i = 0; i < options.n_settings; i++)
		if (!strchr(options.settings[i], '=')) {
			fprintf(stderr, "mydevicectl: \"%s\" is no setting; expected KEY=VALUE, as in: "
				"paused=yes\n", escape(options.settings[i]).text);
			return EXIT_USAGE;
		}
	r = client_open(&client, &why);
	if (r == 0)
		r = client_set(client, context->argv[0], context->argv[1], &options, &path, &why);
	return r < 0 ? command_failed(r, why) : EXIT_SUCCESS;
}
