// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls attachd without waiting for answers: flood COUNT METHOD [ARGUMENT...], where the
 * arguments are strings, and Attach has no options. Writes "sent", then a line for each
 * answer: ok, or the name of the error. Ends after the last one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

static int left;

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);

	puts(error ? error->name : "ok");
	fflush(stdout);
	left--;
	return 0;
}

static int send_call(sd_bus *bus, const char *method, char **arguments)
{
	sd_bus_message *call = NULL;
	int r = sd_bus_message_new_method_call(bus, &call, "org.mydevice.Attach1",
					       "/org/mydevice/Attach1", "org.mydevice.Attach1",
					       method);

	for (; r >= 0 && *arguments; arguments++)
		r = sd_bus_message_append(call, "s", *arguments);
	if (r >= 0 && strcmp(method, "FindGuest") && strcmp(method, "PolicySections"))
		r = sd_bus_message_append(call, "a{sv}", 0);
	if (r >= 0)
		r = sd_bus_call_async(bus, NULL, call, on_answer, NULL, UINT64_MAX);
	sd_bus_message_unref(call);
	return r;
}

int main(int argc, char *argv[])
{
	sd_bus *bus;
	int r;

	if (argc < 3)
		return 2;
	left = atoi(argv[1]);
	r = sd_bus_open_system(&bus);
	for (int i = left; r >= 0 && i > 0; i--)
		r = send_call(bus, argv[2], argv + 3);
	if (r >= 0)
		r = sd_bus_flush(bus);
	puts("sent");
	fflush(stdout);
	while (r >= 0 && left) {
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
	}
	if (r < 0)
		fprintf(stderr, "flood: %s\n", strerror(-r));
	return r < 0;
}
