// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "bus.h"
#include "log.h"

#define RETRY_USEC (5 * USEC_PER_SEC)
#define RETRY_ACCURACY_USEC (1 * USEC_PER_SEC)

struct bus {
	sd_event *event;
	struct registry *registry;
	sd_bus *bus;			/* NULL: not connected */
	sd_event_source *retry;
	bool missing;			/* and it was said */
};

static int append_entry(sd_bus_message *reply, const char *key, const char *type, ...)
{
	va_list args;
	int r;

	r = sd_bus_message_open_container(reply, 'e', "sv");
	if (r < 0)
		return r;
	r = sd_bus_message_append(reply, "s", key);
	if (r < 0)
		return r;
	r = sd_bus_message_open_container(reply, 'v', type);
	if (r < 0)
		return r;
	va_start(args, type);
	r = sd_bus_message_appendv(reply, type, args);
	va_end(args);
	if (r < 0)
		return r;
	r = sd_bus_message_close_container(reply);
	if (r < 0)
		return r;
	return sd_bus_message_close_container(reply);
}

static int append_device_entries(sd_bus_message *reply, const struct device_view *view)
{
	const struct record *record = &view->record;
	const struct {
		const char *key, *value;
	} strings[] = {
		{ "Guest", view->guest.text },
		{ "UUID", record->uuid },
		{ "Class", view->key.class },
		{ "Name", record->name },
		{ "Phase", phase_name(view->phase) },
		{ "FrontendState", end_state_name(view->frontend) },
		{ "BackendState", end_state_name(view->backend) },
		{ "Mode", channel_mode_name(record->mode) },
		{ "Node", view->node.text },
	};
	const struct {
		const char *key;
		uint32_t value;
	} numbers[] = {
		{ "DomID", view->key.guest },
		{ "BackendDomID", view->key.backend },
		{ "DevID", view->key.devid },
		{ "RingSize", record->ring_size },
	};
	const struct {
		const char *key;
		uint64_t value;
	} times[] = {
		{ "RequestedUSec", record->requested_usec },
		{ "WrittenAfterUSec", record->written_usec },
		{ "ConnectedAfterUSec", record->connected_usec },
	};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		r = append_entry(reply, strings[i].key, "s", strings[i].value);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		r = append_entry(reply, numbers[i].key, "u", numbers[i].value);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		r = append_entry(reply, times[i].key, "t", times[i].value);
		if (r < 0)
			return r;
	}
	return 0;
}

static int append_device(const struct device_view *view, void *userdata)
{
	sd_bus_message *reply = userdata;
	int r;

	/* gone for everybody but the daemon, which lets the id rest */
	if (view->phase >= PHASE_REMOVED)
		return 0;
	r = sd_bus_message_open_container(reply, 'a', "{sv}");
	if (r < 0)
		return r;
	r = append_device_entries(reply, view);
	if (r < 0)
		return r;
	return sd_bus_message_close_container(reply);
}

static int method_list(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct bus *bus = userdata;
	int r;

	r = sd_bus_message_new_method_return(call, &reply);
	if (r < 0)
		return r;
	r = sd_bus_message_open_container(reply, 'a', "a{sv}");
	if (r < 0)
		return r;
	r = registry_for_each(bus->registry, append_device, reply);
	if (r < 0)
		return r;
	r = sd_bus_message_close_container(reply);
	if (r < 0)
		return r;
	return sd_bus_send(NULL, reply, NULL);
}

static int append_status(sd_bus_message *reply, const struct registry_status *status)
{
	uint64_t silent = monotonic_usec() - status->beat_usec;
	int r;

	r = append_entry(reply, "Version", "s", MYDEVICE_VERSION);
	if (r < 0)
		return r;
	r = append_entry(reply, "XenStoreConnected", "b", (int)status->store_connected);
	if (r < 0)
		return r;
	r = append_entry(reply, "XenStoreSilentUSec", "t", silent);
	if (r < 0)
		return r;
	r = append_entry(reply, "DomainFacts", "s",
			 status->facts_degraded ? "xenstore" : "hypervisor");
	if (r < 0)
		return r;
	r = append_entry(reply, "Guests", "u", status->guests);
	if (r < 0)
		return r;
	r = append_entry(reply, "Devices", "u", status->devices);
	if (r < 0)
		return r;
	r = append_entry(reply, "Connected", "u", status->connected);
	if (r < 0)
		return r;
	return append_entry(reply, "RequestsAnswered", "t", status->served);
}

static int method_status(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct bus *bus = userdata;
	struct registry_status status = registry_status(bus->registry);
	int r;

	r = sd_bus_message_new_method_return(call, &reply);
	if (r < 0)
		return r;
	r = sd_bus_message_open_container(reply, 'a', "{sv}");
	if (r < 0)
		return r;
	r = append_status(reply, &status);
	if (r < 0)
		return r;
	r = sd_bus_message_close_container(reply);
	if (r < 0)
		return r;
	return sd_bus_send(NULL, reply, NULL);
}

static int get_version(sd_bus *bus, const char *path, const char *interface,
		       const char *property, sd_bus_message *reply, void *userdata,
		       sd_bus_error *ret_error)
{
	return sd_bus_message_append(reply, "s", MYDEVICE_VERSION);
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_METHOD_WITH_ARGS("List", SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", devices),
				method_list, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Status", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", status),
				method_status, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static int retry_later(struct bus *bus);

static void leave(struct bus *bus, int error, const char *what)
{
	if (!bus->missing)
		log_warning("%s (%s); trying again, mydevicectl cannot reach this daemon meanwhile",
			    what, strerror(-error));
	bus->missing = true;
	sd_bus_close_unref(steal(&bus->bus));
	retry_later(bus);
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	leave(userdata, -ENOTCONN, "the system bus has gone");
	return 0;
}

static int on_name(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(message);
	struct bus *bus = userdata;

	if (error) {
		int r = -sd_bus_message_get_errno(message);

		leave(bus, r, r == -EEXIST ? "another mydevice-attachd is on the bus: stop one" :
					     "the bus refuses the name " BUS_NAME);
		return 0;
	}
	bus->missing = false;
	log_info("on the system bus as " BUS_NAME);
	return 0;
}

static int join(struct bus *bus)
{
	int r;

	r = sd_bus_open_system(&bus->bus);
	if (r < 0)
		return r;
	r = sd_bus_set_exit_on_disconnect(bus->bus, 0);
	if (r < 0)
		return r;
	r = sd_bus_attach_event(bus->bus, bus->event, SD_EVENT_PRIORITY_NORMAL);
	if (r < 0)
		return r;
	r = sd_bus_match_signal(bus->bus, NULL, NULL, "/org/freedesktop/DBus/Local",
				"org.freedesktop.DBus.Local", "Disconnected", on_disconnected,
				bus);
	if (r < 0)
		return r;
	r = sd_bus_add_object_vtable(bus->bus, NULL, BUS_PATH, BUS_INTERFACE, vtable, bus);
	if (r < 0)
		return r;
	return sd_bus_request_name_async(bus->bus, NULL, BUS_NAME, 0, on_name, bus);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct bus *bus = userdata;
	int r;

	r = join(bus);
	if (r < 0)
		leave(bus, r, "no system bus");
	return 0;
}

static int retry_later(struct bus *bus)
{
	int r = sd_event_source_set_time_relative(bus->retry, RETRY_USEC);

	return r < 0 ? r : sd_event_source_set_enabled(bus->retry, SD_EVENT_ONESHOT);
}

int bus_new(sd_event *event, struct registry *registry, struct bus **ret)
{
	_cleanup_(bus_freep) struct bus *bus = calloc(1, sizeof(*bus));
	int r;

	if (!bus)
		return -ENOMEM;
	bus->event = sd_event_ref(event);
	bus->registry = registry;
	r = sd_event_add_time_relative(event, &bus->retry, CLOCK_MONOTONIC, 0,
				       RETRY_ACCURACY_USEC, on_retry, bus);
	if (r < 0)
		return r;
	*ret = steal(&bus);
	return 0;
}

void bus_free(struct bus *bus)
{
	if (!bus)
		return;
	sd_event_source_disable_unref(bus->retry);
	sd_bus_flush_close_unref(bus->bus);
	sd_event_unref(bus->event);
	free(bus);
}
