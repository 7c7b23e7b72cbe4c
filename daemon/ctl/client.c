// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "bus.h"
#include "ctl/client.h"

#define TIMEOUT_USEC (10 * USEC_PER_SEC)

struct client {
	sd_bus *bus;
	char why[256];
};

/* Where an entry of a dictionary goes; type as in D-Bus: s, u, t or b. */
struct target {
	const char *key;
	char type;
	size_t offset;
};

static const struct target device_targets[] = {
	{ "Guest", 's', offsetof(struct client_device, guest) },
	{ "UUID", 's', offsetof(struct client_device, uuid) },
	{ "Class", 's', offsetof(struct client_device, class) },
	{ "Name", 's', offsetof(struct client_device, name) },
	{ "Phase", 's', offsetof(struct client_device, phase) },
	{ "FrontendState", 's', offsetof(struct client_device, frontend_state) },
	{ "BackendState", 's', offsetof(struct client_device, backend_state) },
	{ "Mode", 's', offsetof(struct client_device, mode) },
	{ "Node", 's', offsetof(struct client_device, node) },
	{ "DomID", 'u', offsetof(struct client_device, domid) },
	{ "BackendDomID", 'u', offsetof(struct client_device, backend_domid) },
	{ "DevID", 'u', offsetof(struct client_device, devid) },
	{ "RingSize", 'u', offsetof(struct client_device, ring_size) },
	{ "RequestedUSec", 't', offsetof(struct client_device, requested_usec) },
	{ "WrittenAfterUSec", 't', offsetof(struct client_device, written_after_usec) },
	{ "ConnectedAfterUSec", 't', offsetof(struct client_device, connected_after_usec) },
	{},
};

static const struct target status_targets[] = {
	{ "Version", 's', offsetof(struct client_status, version) },
	{ "DomainFacts", 's', offsetof(struct client_status, domain_facts) },
	{ "XenStoreConnected", 'b', offsetof(struct client_status, xenstore_connected) },
	{ "XenStoreSilentUSec", 't', offsetof(struct client_status, xenstore_silent_usec) },
	{ "Guests", 'u', offsetof(struct client_status, guests) },
	{ "Devices", 'u', offsetof(struct client_status, devices) },
	{ "Connected", 'u', offsetof(struct client_status, connected) },
	{ "RequestsAnswered", 't', offsetof(struct client_status, requests_answered) },
	{},
};

static void free_strings(const struct target *targets, void *into)
{
	for (const struct target *target = targets; target->key; target++)
		if (target->type == 's')
			free(*(char **)((char *)into + target->offset));
}

void client_device_done(struct client_device *device)
{
	free_strings(device_targets, device);
}

void client_devices_free(struct client_device *devices, size_t n)
{
	for (size_t i = 0; i < n; i++)
		client_device_done(&devices[i]);
	free(devices);
}

void client_status_done(struct client_status *status)
{
	free_strings(status_targets, status);
}

/* What the daemon left out is empty, not missing. */
static int fill_in_strings(const struct target *targets, void *into)
{
	for (const struct target *target = targets; target->key; target++) {
		char **string = (char **)((char *)into + target->offset);

		if (target->type != 's' || *string)
			continue;
		*string = strdup("");
		if (!*string)
			return -ENOMEM;
	}
	return 0;
}

static int read_value(sd_bus_message *reply, const struct target *target, void *into)
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

static int read_entry(sd_bus_message *reply, const struct target *targets, void *into)
{
	const struct target *target = targets;
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

/* 1, or 0 if there is no dictionary left, or -errno. */
static int read_dictionary(sd_bus_message *reply, const struct target *targets, void *into)
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

int client_open(struct client **ret, const char **ret_why)
{
	_cleanup_(client_closep) struct client *client = calloc(1, sizeof(*client));
	int r;

	if (!client) {
		*ret_why = "out of memory";
		return -ENOMEM;
	}
	r = sd_bus_open_system(&client->bus);
	if (r < 0) {
		*ret_why = "there is no D-Bus system bus here";
		return -EHOSTDOWN;
	}
	*ret = steal(&client);
	return 0;
}

void client_close(struct client *client)
{
	if (!client)
		return;
	sd_bus_flush_close_unref(client->bus);
	free(client);
}

static int call(struct client *client, const char *method, sd_bus_message **ret,
		const char **ret_why)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	r = sd_bus_message_new_method_call(client->bus, &message, BUS_NAME, BUS_PATH,
					   BUS_INTERFACE, method);
	if (r >= 0)
		r = sd_bus_call(client->bus, message, TIMEOUT_USEC, &error, ret);
	if (r >= 0)
		return 0;
	if (sd_bus_error_has_name(&error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
	    sd_bus_error_has_name(&error, SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
		*ret_why = "it is not running, or not on the bus; "
			   "try: systemctl status mydevice-attachd";
		return -EHOSTDOWN;
	}
	snprintf(client->why, sizeof(client->why), "%s", error.message ?: strerror(-r));
	*ret_why = client->why;
	return r;
}

static int compare_devices(const void *a, const void *b)
{
	const struct client_device *x = a, *y = b;
	int by_guest = strcmp(x->guest, y->guest);

	if (by_guest)
		return by_guest;
	if (x->domid != y->domid)
		return x->domid < y->domid ? -1 : 1;
	return x->devid < y->devid ? -1 : x->devid > y->devid;
}

static int read_devices(sd_bus_message *reply, struct client_device **devices, size_t *n)
{
	int r;

	r = sd_bus_message_enter_container(reply, 'a', "a{sv}");
	if (r < 0)
		return r;
	for (;;) {
		struct client_device *more, device = {};

		r = read_dictionary(reply, device_targets, &device);
		if (r <= 0) {
			client_device_done(&device);
			return r;
		}
		more = reallocarray(*devices, *n + 1, sizeof(**devices));
		if (!more) {
			client_device_done(&device);
			return -ENOMEM;
		}
		more[(*n)++] = device;
		*devices = more;
	}
}

int client_list(struct client *client, struct client_device **ret, size_t *ret_n,
		const char **ret_why)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct client_device *devices = NULL;
	size_t n = 0;
	int r;

	r = call(client, "List", &reply, ret_why);
	if (r < 0)
		return r;
	r = read_devices(reply, &devices, &n);
	if (r < 0) {
		client_devices_free(devices, n);
		*ret_why = "its answer is not understood; are both of the same version?";
		return r;
	}
	if (n)
		qsort(devices, n, sizeof(*devices), compare_devices);
	*ret = devices;
	*ret_n = n;
	return 0;
}

int client_status(struct client *client, struct client_status *ret, const char **ret_why)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct client_status status = {};
	int r;

	r = call(client, "Status", &reply, ret_why);
	if (r < 0)
		return r;
	r = read_dictionary(reply, status_targets, &status);
	if (r <= 0) {
		client_status_done(&status);
		*ret_why = "its answer is not understood; are both of the same version?";
		return r < 0 ? r : -EBADMSG;
	}
	*ret = status;
	return 0;
}
