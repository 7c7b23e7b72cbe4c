// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A polkit for the bus of a test: polkit ANSWER..., where ANSWER, yes, no or
 * silence, is for the next question, and the last for all that follow. Writes
 * a line for each question, with its details as KEY=VALUE.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define NAME "org.freedesktop.PolicyKit1"
#define INTERFACE NAME ".Authority"
#define PATH "/org/freedesktop/PolicyKit1/Authority"

static char **answers;

static int read_details(sd_bus_message *call, char *ret, size_t size)
{
	const char *key, *value;
	size_t len = 0;
	int r = sd_bus_message_enter_container(call, 'a', "{ss}");

	while (r >= 0 && (r = sd_bus_message_read(call, "{ss}", &key, &value)) > 0 && len < size)
		len += (size_t)snprintf(ret + len, size - len, " %s=%s", key, value);
	return r < 0 ? r : sd_bus_message_exit_container(call);
}

static int on_question(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	sd_bus_message *reply = NULL;
	char details[1024] = "";
	const char *kind, *key, *sender, *action, *answer = *answers;
	uint32_t flags;
	int r;

	if (answers[1])
		answers++;
	r = sd_bus_message_read(call, "(sa{sv})s", &kind, 1, &key, "s", &sender, &action);
	if (r >= 0)
		r = read_details(call, details, sizeof(details));
	if (r >= 0)
		r = sd_bus_message_read(call, "u", &flags);
	if (r < 0)
		return r;
	printf("%s %s %u %s%s\n", kind, action, flags, sender, details);
	fflush(stdout);
	if (!strcmp(answer, "silence"))
		return 1;
	r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = sd_bus_message_append(reply, "(bba{ss})", !strcmp(answer, "yes"), 0, 0);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	return r;
}

static int on_cancel(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	puts("cancel");
	fflush(stdout);
	return sd_bus_reply_method_return(call, "");
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("CheckAuthorization", "(sa{sv})sa{ss}us", "(bba{ss})", on_question,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("CancelCheckAuthorization", "s", "", on_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

int main(int argc, char *argv[])
{
	sd_bus *bus;
	int r;

	if (argc < 2)
		return 2;
	answers = argv + 1;
	r = sd_bus_open_system(&bus);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, PATH, INTERFACE, vtable, NULL);
	if (r >= 0)
		r = sd_bus_request_name(bus, NAME, 0);
	if (r >= 0)
		puts("ready");
	fflush(stdout);
	while (r >= 0) {
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
	}
	fprintf(stderr, "polkit: %s\n", strerror(-r));
	return 1;
}
