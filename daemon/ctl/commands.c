// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "ctl/client.h"
#include "ctl/command.h"
#include "ctl/output.h"
#include "ctl/requests.h"
#include "ctl/select.h"

struct devices {
	struct client_device *list;
	size_t n;
	struct client_requests requests;	/* that were not granted */
};

static void devices_done(struct devices *devices)
{
	client_devices_free(devices->list, devices->n);
	client_requests_done(&devices->requests);
}

static void keep_only(struct devices *devices, const struct guest_ref *guest, const char *channel)
{
	size_t kept = 0;

	for (size_t i = 0; i < devices->n; i++) {
		if (is_guest(&devices->list[i], guest) &&
		    (!channel || is_channel(&devices->list[i], channel)))
			devices->list[kept++] = devices->list[i];
		else
			client_device_done(&devices->list[i]);
	}
	devices->n = kept;
}

/* guest and channel NULL: all. */
static int ask_for_devices(struct devices *ret, const char *guest, const char *channel)
{
	_cleanup_(client_closep) struct client *client = NULL;
	_cleanup_(client_status_done) struct client_status status = {};
	struct guest_ref ref;
	const char *why = "";
	int r;

	r = client_open(&client, &why);
	if (r == 0)
		r = client_status(client, &status, &why);
	if (r < 0)
		return command_failed(r, why);
	if (!status.xenstore_connected)
		fputs("mydevicectl: mydevice-attachd waits for xenstored; it knew these last\n",
		      stderr);
	if (guest) {
		r = select_guest(client, guest, &ref);
		if (r)
			return r;
	}
	r = client_list(client, &ret->list, &ret->n, &why);
	if (r == 0)
		r = client_requests(client, &ret->requests, &why);
	if (r < 0)
		return command_failed(r, why);
	if (guest) {
		keep_only(ret, &ref, channel);
		client_requests_keep(&ret->requests, &ref, channel);
	}
	return EXIT_SUCCESS;
}

static int print_devices(const struct command_context *context, const struct devices *devices,
			 void (*print)(const struct client_device *devices, size_t n))
{
	if (!context->json) {
		print(devices->list, devices->n);
		if (context->all || print == output_details)
			output_requests(&devices->requests);
		return EXIT_SUCCESS;
	}
	if ((context->all ?
	     output_all_json(devices->list, devices->n, requests_json(&devices->requests)) :
	     output_devices_json(devices->list, devices->n)) < 0) {
		fputs("mydevicectl: out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static int run_list(const struct command_context *context)
{
	_cleanup_(devices_done) struct devices devices = {};
	int status = ask_for_devices(&devices, context->argc ? context->argv[0] : NULL, NULL);

	if (status != EXIT_SUCCESS)
		return status;
	return print_devices(context, &devices, output_table);
}

static int daemon_status(const struct command_context *context)
{
	_cleanup_(client_closep) struct client *client = NULL;
	_cleanup_(client_status_done) struct client_status status = {};
	_cleanup_(client_requests_done) struct client_requests requests = {};
	const char *why = "";
	int r;

	r = client_open(&client, &why);
	if (r == 0)
		r = client_status(client, &status, &why);
	if (r == 0)
		r = client_requests(client, &requests, &why);
	if (r < 0)
		return command_failed(r, why);
	if (!context->json) {
		output_status(&status);
		output_requests_sum(&requests);
		return EXIT_SUCCESS;
	}
	return output_status_json(&status, requests_sum_json(&requests)) < 0 ? EXIT_FAILURE :
									       EXIT_SUCCESS;
}

static int run_status(const struct command_context *context)
{
	_cleanup_(devices_done) struct devices devices = {};
	const char *channel = context->argc > 1 ? context->argv[1] : NULL;
	int status;

	if (!context->argc)
		return daemon_status(context);
	status = ask_for_devices(&devices, context->argv[0], channel);
	if (status != EXIT_SUCCESS)
		return status;
	if (devices.n || (devices.requests.n && (context->all || !context->json)))
		return print_devices(context, &devices, output_details);
	if (channel)
		fprintf(stderr,
			"mydevicectl: guest \"%s\" has no channel \"%s\"; see: mydevicectl list\n",
			escape(context->argv[0]).text, escape(channel).text);
	else
		fprintf(stderr, "mydevicectl: guest \"%s\" has no channel; see: mydevicectl list\n",
			escape(context->argv[0]).text);
	return EXIT_NOT_FOUND;
}

const struct command commands[] = {
	{ "list", "[GUEST]", "the channels of all guests, or of one", 0, 1, TAKES_JSON | TAKES_ALL,
	  run_list },
	{ "status", "[GUEST [NAME]]", "the daemon's state, or all about a guest's channels", 0, 2,
	  TAKES_JSON | TAKES_ALL, run_status },
	{ "attach", "GUEST NAME", "give a guest a channel", 2, 2,
	  TAKES_JSON | TAKES_CLASS | TAKES_MODE | TAKES_RING_SIZE, run_attach },
	{ "detach", "GUEST NAME", "take it away, until it is attached again", 2, 2,
	  TAKES_CLASS | TAKES_FORCE | TAKES_TIMEOUT, run_detach },
	{ "set", "GUEST NAME KEY=VALUE...", "limit, pause or tune it while it is connected", 3, 32,
	  0, run_set },
	{ "wait", "GUEST NAME", "until it is connected", 2, 2,
	  TAKES_CLASS | TAKES_FOR | TAKES_TIMEOUT, run_wait },
	{ "monitor", "[GUEST [NAME]]", "tell what happens, as it happens", 0, 2,
	  TAKES_JSON | TAKES_CLASS | TAKES_TIMEOUT, run_monitor },
	{ "connect", "GUEST NAME", "join this terminal, or a pipe, to a channel", 1, 2, 0,
	  run_connect },
	{ "policy", "[GUEST [NAME]]", "what attachd.conf says, or which sections match", 0, 2,
	  TAKES_JSON | TAKES_CLASS, run_policy },
	{ "reload", "", "read attachd.conf again; fails if it has mistakes", 0, 0, TAKES_PID,
	  run_reload },
	{ "metrics", "", "counters and times, for monitoring", 0, 0, TAKES_OUTPUT, run_metrics },
	{},
};
