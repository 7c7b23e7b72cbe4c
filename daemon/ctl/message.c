// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/answers.h"
#include "ctl/message.h"

const struct message_target message_device[] = {
	{ "Guest", 's', offsetof(struct client_device, guest) },
	{ "UUID", 's', offsetof(struct client_device, uuid) },
	{ "Class", 's', offsetof(struct client_device, class) },
	{ "Name", 's', offsetof(struct client_device, name) },
	{ "Origin", 's', offsetof(struct client_device, origin) },
	{ "Phase", 's', offsetof(struct client_device, phase) },
	{ "FrontendState", 's', offsetof(struct client_device, frontend_state) },
	{ "BackendState", 's', offsetof(struct client_device, backend_state) },
	{ "Mode", 's', offsetof(struct client_device, mode) },
	{ "Node", 's', offsetof(struct client_device, node) },
	{ "Hotplug", 's', offsetof(struct client_device, hotplug) },
	{ "HotplugError", 's', offsetof(struct client_device, hotplug_error) },
	{ "WaitingFor", 's', offsetof(struct client_device, waiting_for) },
	{ "BackendError", 's', offsetof(struct client_device, backend_error) },
	{ "Settings", 's', offsetof(struct client_device, settings) },
	{ "DomID", 'u', offsetof(struct client_device, domid) },
	{ "BackendDomID", 'u', offsetof(struct client_device, backend_domid) },
	{ "DevID", 'u', offsetof(struct client_device, devid) },
	{ "RingSize", 'u', offsetof(struct client_device, ring_size) },
	{ "RequestedUSec", 't', offsetof(struct client_device, requested_usec) },
	{ "WrittenAfterUSec", 't', offsetof(struct client_device, written_after_usec) },
	{ "ConnectedAfterUSec", 't', offsetof(struct client_device, connected_after_usec) },
	{},
};

const struct message_target message_status[] = {
	{ "Version", 's', offsetof(struct client_status, version) },
	{ "DomainFacts", 's', offsetof(struct client_status, domain_facts) },
	{ "XenStoreConnected", 'b', offsetof(struct client_status, xenstore_connected) },
	{ "XenStoreSilentUSec", 't', offsetof(struct client_status, xenstore_silent_usec) },
	{ "Guests", 'u', offsetof(struct client_status, guests) },
	{ "Devices", 'u', offsetof(struct client_status, devices) },
	{ "Connected", 'u', offsetof(struct client_status, connected) },
	{ "Policy", 's', offsetof(struct client_status, policy) },
	{ "PolicyError", 's', offsetof(struct client_status, policy_error) },
	{ "PolicySaveError", 's', offsetof(struct client_status, policy_save_error) },
	{ "RequestsAnswered", 't', offsetof(struct client_status, requests_answered) },
	{},
};

void message_free(const struct message_target *targets, void *into)
{
	for (const struct message_target *target = targets; target->key; target++)
		if (target->type == 's')
			free(*(char **)((char *)into + target->offset));
}

/* What the daemon left out is empty, not missing. */
static int fill_in_strings(const struct message_target *targets, void *into)
{
	for (const struct message_target *target = targets; target->key; target++) {
		char **string = (char **)((char *)into + target->offset);

		if (target->type != 's' || *string)
			continue;
		*string = strdup("");
		if (!*string)
			return -ENOMEM;
	}
	return 0;
}

static int read_value(sd_bus_message *reply, const struct message_target *target, void *into)
{
	const char signature[] = { target->type, '\0' };
	void *field = (char *)into + target->offset;
	const char *text;
	char *copy;
	int r;

	if (target->type != 's')
		return sd_bus_message_read(reply, "v", signature, field);
	r = sd_bus_message_read(reply, "v", signature, &text);
	if (r < 0)
		return r;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	free(*(char **)field);
	*(char **)field = copy;
	return r;
}

static int read_entry(sd_bus_message *reply, const struct message_target *targets, void *into)
{
	const struct message_target *target = targets;
	const char *key;
	int r;

	r = sd_bus_message_read(reply, "s", &key);
	if (r < 0)
		return r;
	while (target->key && strcmp(target->key, key) != 0)
		target++;
	/* a newer daemon may tell more */
	return target->key ? read_value(reply, target, into) : sd_bus_message_skip(reply, "v");
}

int message_read(sd_bus_message *reply, const struct message_target *targets, void *into)
{
	int r;

	r = sd_bus_message_enter_container(reply, 'a', "{sv}");
	if (r <= 0)
		return r;
	while ((r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
		r = read_entry(reply, targets, into);
		if (r < 0)
			return r;
		r = sd_bus_message_exit_container(reply);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	r = sd_bus_message_exit_container(reply);
	if (r < 0)
		return r;
	r = fill_in_strings(targets, into);
	return r < 0 ? r : 1;
}
