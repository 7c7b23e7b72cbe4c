// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include <xen/io/mydevice.h>

#include "base/diagnosis.h"
#include "base/escape.h"
#include "ctl/driver.h"
#include "ctl/output.h"

enum column {
	COLUMN_GUEST,
	COLUMN_DOMID,
	COLUMN_DEVID,
	COLUMN_NAME,
	COLUMN_CLASS,
	COLUMN_FRONTEND,
	COLUMN_BACKEND,
	COLUMN_RING,
	COLUMN_NODE,
	COLUMN_MAX,
};

static const char *const headings[COLUMN_MAX] = {
	"GUEST", "DOMID", "DEV", "NAME", "CLASS", "FRONTEND", "BACKEND", "RING", "NODE",
};

#define CELL_SIZE 192

/* 0: there is no ring. */
static void format_bytes(uint32_t bytes, char *text, size_t size)
{
	if (!bytes)
		snprintf(text, size, "-");
	else if (bytes >= 1u << 20 && bytes % (1u << 20) == 0)
		snprintf(text, size, "%uM", bytes >> 20);
	else if (bytes % (1u << 10) == 0)
		snprintf(text, size, "%uK", bytes >> 10);
	else
		snprintf(text, size, "%u", bytes);
}

static void format_cell(const struct client_device *device, enum column column, char *text)
{
	switch (column) {
	case COLUMN_GUEST:
		snprintf(text, CELL_SIZE, "%s", device->guest);
		break;
	case COLUMN_DOMID:
		snprintf(text, CELL_SIZE, "%u", device->domid);
		break;
	case COLUMN_DEVID:
		snprintf(text, CELL_SIZE, "%u", device->devid);
		break;
	case COLUMN_NAME:
		snprintf(text, CELL_SIZE, "%s", device->name);
		break;
	case COLUMN_CLASS:
		snprintf(text, CELL_SIZE, "%s", device->class);
		break;
	case COLUMN_FRONTEND:
		snprintf(text, CELL_SIZE, "%s", device->frontend_state);
		break;
	case COLUMN_BACKEND:
		snprintf(text, CELL_SIZE, "%s", device->backend_state);
		break;
	case COLUMN_RING:
		format_bytes(device->ring_size, text, CELL_SIZE);
		break;
	case COLUMN_NODE:
		snprintf(text, CELL_SIZE, "%s", *device->node ? device->node : "-");
		break;
	case COLUMN_MAX:
		break;
	}
}

/* Columns of width 0 are left out. */
static void print_row(char (*cells)[CELL_SIZE], const size_t *widths)
{
	for (int column = 0; column < COLUMN_MAX - 1; column++)
		if (widths[column])
			printf("%-*s  ", (int)widths[column], cells[column]);
	puts(cells[COLUMN_MAX - 1]);
}

static bool is_of_one_class(const struct client_device *devices, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (strcmp(devices[i].class, devices[0].class) != 0)
			return false;
	return !n || !strcmp(devices[0].class, MYDEVICE_CLASS);
}

void output_table(const struct client_device *devices, size_t n)
{
	size_t widths[COLUMN_MAX];
	char cells[COLUMN_MAX][CELL_SIZE];

	for (int column = 0; column < COLUMN_MAX; column++) {
		widths[column] = strlen(headings[column]);
		for (size_t i = 0; i < n; i++) {
			format_cell(&devices[i], column, cells[column]);
			if (strlen(cells[column]) > widths[column])
				widths[column] = strlen(cells[column]);
		}
		strcpy(cells[column], headings[column]);
	}
	if (is_of_one_class(devices, n))
		widths[COLUMN_CLASS] = 0;
	print_row(cells, widths);
	for (size_t i = 0; i < n; i++) {
		for (int column = 0; column < COLUMN_MAX; column++)
			format_cell(&devices[i], column, cells[column]);
		print_row(cells, widths);
	}
}

/* What this kernel's bus says now, which no node of XenStore does. */
static bool driver_of(const struct client_device *device, char ret[DRIVER_SIZE])
{
	return driver_find("/sys", device->class, device->domid, device->devid, ret);
}

static void print_time(const char *label, uint64_t usec)
{
	time_t seconds = (time_t)(usec / USEC_PER_SEC);
	char text[64];
	struct tm tm;

	if (!usec)
		return;
	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", &tm);
	printf("%12s: %s\n", label, text);
}

static void print_after(const char *label, uint64_t usec, const char *otherwise)
{
	if (usec)
		printf("%12s: %" PRIu64 ".%03" PRIu64 " ms after the request\n", label,
		       usec / USEC_PER_MSEC, usec % USEC_PER_MSEC);
	else
		printf("%12s: %s\n", label, otherwise);
}

static const char *wanted_by(const char *origin)
{
	if (!strcmp(origin, "policy"))
		return "the policy";
	if (!strcmp(origin, "operator"))
		return "an operator";
	return "the guest";
}

void output_details(const struct client_device *devices, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct client_device *device = &devices[i];
		char ring[32], driver[DRIVER_SIZE];

		format_bytes(device->ring_size, ring, sizeof(ring));
		printf("%s%s/%s - %s\n", i ? "\n" : "", device->guest, device->name,
		       device->phase);
		printf("%12s: domain %u, %s\n", "Guest", device->domid,
		       *device->uuid ? device->uuid : "UUID not known");
		printf("%12s: %s %u, backend in domain %u\n", "Device", device->class,
		       device->devid, device->backend_domid);
		printf("%12s: %s\n", "Wanted by", wanted_by(device->origin));
		printf("%12s: frontend %s, backend %s\n", "States", device->frontend_state,
		       device->backend_state);
		if (*device->waiting_for)
			printf("%12s: %s\n", "Waiting for", device->waiting_for);
		if (*device->backend_error)
			printf("%12s: %s\n", "Error", device->backend_error);
		if (driver_of(device, driver))
			printf("%12s: %s\n", "Driver", *driver ? driver : "none is bound here");
		if (device->ring_size)
			printf("%12s: %s, %s each way\n", "Channel", device->mode, ring);
		if (*device->node)
			printf("%12s: %s\n", "Node", device->node);
		if (*device->hotplug)
			printf("%12s: %s%s%s\n", "Hotplug", device->hotplug,
			       *device->hotplug_error ? ": " : "", device->hotplug_error);
		if (*device->settings)
			printf("%12s: %s\n", "Settings", device->settings);
		print_time("Requested", device->requested_usec);
		print_after("Written", device->written_after_usec, "not known");
		print_after("Connected", device->connected_after_usec,
			    strcmp(device->phase, "connected") ? "not yet" : "not known");
	}
}

static void print_policy(const struct client_status *status)
{
	static const struct {
		const char *source, *text;
	} texts[] = {
		{ "files", "as in its files" },
		{ "older", "an older one, since the files were refused" },
		{ "saved", "the last good one, since the files were refused" },
		{ "none", "none is valid; guests get no new devices" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!strcmp(texts[i].source, status->policy))
			printf("%14s: %s\n", "Policy", texts[i].text);
	if (*status->policy_error)
		printf("%14s: %s\n", "Policy error", status->policy_error);
	if (*status->policy_save_error)
		printf("%14s: %s\n", "Not saved", status->policy_save_error);
}

static void print_driver(void)
{
	char version[HOST_VERSION_SIZE];

	switch (diagnose_driver(HOST_SYSFS, version)) {
	case HOST_DRIVER_MISSING:
		printf("%14s: mydeviceback is not loaded; run: modprobe mydeviceback\n", "Driver");
		break;
	case HOST_DRIVER_OTHER:
		printf("%14s: mydeviceback %s, which is not this version; run: mydevice-reload\n",
		       "Driver", escape(version).text);
		break;
	case HOST_DRIVER_FINE:
		printf("%14s: mydeviceback %s\n", "Driver", version);
		break;
	case HOST_DRIVER_UNKNOWN:
		break;
	}
}

void output_status(const struct client_status *status)
{
	printf("mydevice-attachd %s\n", status->version);
	if (!status->xenstore_connected)
		printf("%14s: not connected; waiting for xenstored\n", "XenStore");
	else if (status->xenstore_silent_usec > 5 * USEC_PER_SEC)
		printf("%14s: no answer for %" PRIu64 " s\n", "XenStore",
		       status->xenstore_silent_usec / USEC_PER_SEC);
	else
		printf("%14s: connected\n", "XenStore");
	printf("%14s: from %s\n", "Domain facts",
	       strcmp(status->domain_facts, "hypervisor") ? "XenStore alone" : "the hypervisor");
	printf("%14s: %u\n", "Guests", status->guests);
	printf("%14s: %u, %u of them connected\n", "Channels", status->devices,
	       status->connected);
	print_policy(status);
	print_driver();
	printf("%14s: %" PRIu64 " requests since the start\n", "Answered",
	       status->requests_answered);
}

static struct json_object *time_json(uint64_t usec)
{
	return usec ? json_object_new_int64((int64_t)usec) : NULL;
}

static struct json_object *text_json(const char *text)
{
	return *text ? json_object_new_string(text) : NULL;
}

/* Numbers are numbers, but for those that name somebody. */
static bool is_number(const char *key, const char *value)
{
	return strncmp(key, "node-", 5) != 0 && strspn(value, "0123456789") == strlen(value);
}

static struct json_object *settings_json(const char *settings)
{
	struct json_object *object = json_object_new_object();
	_cleanup_free_ char *words = strdup(settings);
	char *rest = words, *value;

	while (object && rest && (value = strsep(&rest, " "))) {
		char *key = strsep(&value, "=");

		if (value)
			json_object_object_add(object, key, is_number(key, value) ?
					       json_object_new_int64(strtoll(value, NULL, 10)) :
					       json_object_new_string(value));
	}
	return object;
}

static struct json_object *device_json(const struct client_device *device)
{
	struct json_object *object = json_object_new_object();
	char driver[DRIVER_SIZE];

	if (!object)
		return NULL;
	json_object_object_add(object, "guest", json_object_new_string(device->guest));
	json_object_object_add(object, "domid", json_object_new_int64(device->domid));
	json_object_object_add(object, "uuid", text_json(device->uuid));
	json_object_object_add(object, "class", json_object_new_string(device->class));
	json_object_object_add(object, "devid", json_object_new_int64(device->devid));
	json_object_object_add(object, "name", json_object_new_string(device->name));
	json_object_object_add(object, "origin", json_object_new_string(device->origin));
	json_object_object_add(object, "phase", json_object_new_string(device->phase));
	json_object_object_add(object, "frontend_state",
			       json_object_new_string(device->frontend_state));
	json_object_object_add(object, "backend_state",
			       json_object_new_string(device->backend_state));
	json_object_object_add(object, "backend_domid",
			       json_object_new_int64(device->backend_domid));
	json_object_object_add(object, "mode", text_json(device->mode));
	json_object_object_add(object, "ring_size", device->ring_size ?
			       json_object_new_int64(device->ring_size) : NULL);
	json_object_object_add(object, "node", json_object_new_string(device->node));
	json_object_object_add(object, "hotplug", text_json(device->hotplug));
	json_object_object_add(object, "hotplug_error", text_json(device->hotplug_error));
	json_object_object_add(object, "waiting_for", text_json(device->waiting_for));
	json_object_object_add(object, "backend_error", text_json(device->backend_error));
	json_object_object_add(object, "driver",
			       driver_of(device, driver) ? text_json(driver) : NULL);
	json_object_object_add(object, "settings", settings_json(device->settings));
	json_object_object_add(object, "requested_usec", time_json(device->requested_usec));
	json_object_object_add(object, "written_after_usec",
			       time_json(device->written_after_usec));
	json_object_object_add(object, "connected_after_usec",
			       time_json(device->connected_after_usec));
	return object;
}

int output_json(struct json_object *object)
{
	if (!object)
		return -ENOMEM;
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	return 0;
}

static struct json_object *devices_json(const struct client_device *devices, size_t n)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < n; i++) {
		struct json_object *object = device_json(&devices[i]);

		if (object && json_object_array_add(array, object) == 0)
			continue;
		json_object_put(object);
		json_object_put(array);
		array = NULL;
	}
	return array;
}

int output_devices_json(const struct client_device *devices, size_t n)
{
	return output_json(devices_json(devices, n));
}

int output_all_json(const struct client_device *devices, size_t n, struct json_object *requests)
{
	struct json_object *object = json_object_new_object(), *list = devices_json(devices, n);

	if (!object || !list || !requests) {
		json_object_put(object);
		json_object_put(list);
		json_object_put(requests);
		return -ENOMEM;
	}
	json_object_object_add(object, "devices", list);
	json_object_object_add(object, "requests", requests);
	return output_json(object);
}

int output_status_json(const struct client_status *status, struct json_object *not_granted)
{
	struct json_object *object = json_object_new_object();

	if (!object || !not_granted) {
		json_object_put(object);
		json_object_put(not_granted);
		return -ENOMEM;
	}
	json_object_object_add(object, "requests_not_granted", not_granted);
	json_object_object_add(object, "version", json_object_new_string(status->version));
	json_object_object_add(object, "xenstore_connected",
			       json_object_new_boolean(status->xenstore_connected));
	json_object_object_add(object, "xenstore_silent_usec",
			       json_object_new_int64((int64_t)status->xenstore_silent_usec));
	json_object_object_add(object, "domain_facts",
			       json_object_new_string(status->domain_facts));
	json_object_object_add(object, "guests", json_object_new_int64(status->guests));
	json_object_object_add(object, "devices", json_object_new_int64(status->devices));
	json_object_object_add(object, "connected", json_object_new_int64(status->connected));
	json_object_object_add(object, "requests_answered",
			       json_object_new_int64((int64_t)status->requests_answered));
	json_object_object_add(object, "policy", text_json(status->policy));
	json_object_object_add(object, "policy_error", text_json(status->policy_error));
	json_object_object_add(object, "policy_save_error", text_json(status->policy_save_error));
	return output_json(object);
}

int output_device_json(const struct client_device *device)
{
	return output_json(device_json(device));
}

int output_event(const char *event, const struct client_device *device)
{
	struct timespec now;
	char text[32];
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	printf("%s.%03ld %-8s %s/%s (domain %u, %s %u): %s, frontend %s, backend %s\n", text,
	       now.tv_nsec / 1000000, event, device->guest, device->name, device->domid,
	       device->class, device->devid, device->phase, device->frontend_state,
	       device->backend_state);
	return 0;
}

int output_event_json(const char *event, const struct client_device *device)
{
	struct json_object *object = device_json(device);

	if (!object)
		return -ENOMEM;
	json_object_object_add(object, "event", json_object_new_string(event));
	json_object_object_add(object, "time_usec",
			       json_object_new_int64((int64_t)realtime_usec()));
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	return 0;
}
