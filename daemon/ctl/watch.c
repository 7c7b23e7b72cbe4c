// SPDX-License-Identifier: GPL-2.0-or-later
/* wait and monitor */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "ctl/command.h"
#include "ctl/follow.h"
#include "ctl/output.h"
#include "ctl/select.h"

enum until {
	UNTIL_ATTACHED,
	UNTIL_CONNECTED,
	UNTIL_GONE,
	UNTIL_MAX,
};

static const char *const until_names[UNTIL_MAX] = {
	[UNTIL_ATTACHED] = "attached",
	[UNTIL_CONNECTED] = "connected",
	[UNTIL_GONE] = "gone",
};

struct watch {
	const struct command_context *context;
	struct guest_ref guest;		/* if there is an argument */
	enum until until;
	bool seen;			/* one that matches, since the beginning of the list */
	char *path;			/* until it is gone: the first that matched */
};

static void watch_done(struct watch *watch)
{
	free(watch->path);
}

static bool is_wanted(const struct watch *watch, const struct client_device *device)
{
	const struct command_context *context = watch->context;

	return (context->argc < 1 || is_guest(device, &watch->guest)) &&
	       (context->argc < 2 || is_channel(device, context->argv[1])) &&
	       is_of_class(device, context->class);
}

/* What is waited for to go is followed also if its guest is renamed. */
static bool is_followed(struct watch *watch, const char *path, const struct client_device *device)
{
	if (!is_wanted(watch, device))
		return watch->path && !strcmp(watch->path, path);
	if (watch->until == UNTIL_GONE && !watch->path)
		watch->path = strdup(path);
	return true;
}

static int on_wait(enum follow_event event, const char *path, const struct client_device *device,
		   void *userdata)
{
	struct watch *watch = userdata;
	bool seen;

	if (event == FOLLOW_NOTHING) {
		seen = watch->seen;
		watch->seen = false;
		return watch->until == UNTIL_GONE && !seen;
	}
	if (!is_followed(watch, path, device))
		return 0;
	watch->seen = event == FOLLOW_PRESENT;
	if (event == FOLLOW_DETACHED)
		return watch->until == UNTIL_GONE;
	if (watch->until == UNTIL_ATTACHED)
		return !strcmp(device->phase, "waiting") || !strcmp(device->phase, "moved") ||
		       !strcmp(device->phase, "connected");
	return watch->until == UNTIL_CONNECTED && !strcmp(device->phase, "connected");
}

/* Opens the client; EXIT_SUCCESS, or what was reported. */
static int begin(struct watch *watch, struct client **ret)
{
	const struct command_context *context = watch->context;
	struct guest_ref now;
	struct reason reason;
	const char *why = "";
	int r;

	if (context->argc > 1 && !select_is_channel(context->argv[1]))
		return EXIT_USAGE;
	r = client_open(ret, &why);
	if (r < 0)
		return command_failed(r, why);
	if (context->argc < 1)
		return EXIT_SUCCESS;
	r = select_guest(*ret, context->argv[0], &now);
	/* not the one that runs: it may end, and another come */
	return r ?: guest_ref_parse(context->argv[0], &watch->guest, &reason);
}

int run_wait(const struct command_context *context)
{
	_cleanup_(client_closep) struct client *client = NULL;
	_cleanup_(watch_done) struct watch watch = {
		.context = context,
		.until = UNTIL_CONNECTED,
	};
	const char *why = "";
	int r;

	if (context->state) {
		watch.until = 0;
		while (watch.until < UNTIL_MAX && strcmp(until_names[watch.until], context->state))
			watch.until++;
	}
	if (watch.until == UNTIL_MAX) {
		fprintf(stderr, "mydevicectl: --for=%s: expected attached, connected or gone\n",
			escape(context->state).text);
		return EXIT_USAGE;
	}
	r = begin(&watch, &client);
	if (r)
		return r;
	r = follow_devices(client, context->timeout_usec, on_wait, &watch, &why);
	if (r == -ETIMEDOUT) {
		fprintf(stderr, "mydevicectl: %s/%s is not %s\n", escape(context->argv[0]).text,
			escape(context->argv[1]).text, until_names[watch.until]);
		return EXIT_TIMED_OUT;
	}
	return r < 0 ? command_failed(r, why) : EXIT_SUCCESS;
}

static int on_monitor(enum follow_event event, const char *path,
		      const struct client_device *device, void *userdata)
{
	static const char *const names[] = {
		[FOLLOW_PRESENT] = "present",
		[FOLLOW_ATTACHED] = "attached",
		[FOLLOW_CHANGED] = "changed",
		[FOLLOW_DETACHED] = "detached",
	};
	const struct watch *watch = userdata;
	int r = 0;

	if (event != FOLLOW_NOTHING && is_wanted(watch, device))
		r = watch->context->json ? output_event_json(names[event], device) :
					   output_event(names[event], device);
	/* who reads it wants it now, or has gone */
	return r < 0 ? r : fflush(stdout) ? -EPIPE : 0;
}

int run_monitor(const struct command_context *context)
{
	_cleanup_(client_closep) struct client *client = NULL;
	struct watch watch = { .context = context };
	const char *why = "";
	int r;

	r = begin(&watch, &client);
	if (r)
		return r;
	r = follow_devices(client, context->timeout_usec, on_monitor, &watch, &why);
	return r == -ETIMEDOUT || r == -EPIPE ? EXIT_SUCCESS : command_failed(r, why);
}
