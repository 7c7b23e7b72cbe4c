// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/log.h"
#include "bus/bus.h"
#include "bus/device.h"
#include "bus/manage.h"
#include "bus/requests.h"

#define RETRY_USEC (5 * USEC_PER_SEC)
/* What RequestName replies, by the specification of D-Bus. */
#define NAME_IS_OURS 1
#define NAME_WAS_OURS 4
#define RETRY_ACCURACY_USEC (1 * USEC_PER_SEC)

struct bus {
	sd_event *event;
	struct registry *registry;
	struct bus_orders orders;
	struct bus_devices devices;
	sd_event_source *changes, *done;
	sd_bus *bus;			/* NULL: not connected */
	sd_event_source *retry;
	bool joined;			/* or it tries to */
	bool missing;			/* and it was said */
	void (*on_settled)(void *userdata);
	void *userdata;
	bus_reload_fn reload;
	void *reload_userdata;
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

static int append_device(const struct device_view *view, void *userdata)
{
	/* gone for everybody but the daemon, which lets the id rest */
	if (view->phase >= PHASE_REMOVED)
		return 0;
	return bus_device_append(userdata, view);
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
	r = append_entry(reply, "XenStoreConnected", "b", (int)status->metrics.store_connected);
	if (r < 0)
		return r;
	r = append_entry(reply, "XenStoreSilentUSec", "t", silent);
	if (r < 0)
		return r;
	r = append_entry(reply, "DomainFacts", "s",
			 status->metrics.facts_degraded ? "xenstore" : "hypervisor");
	if (r < 0)
		return r;
	r = append_entry(reply, "Guests", "u", status->metrics.guests);
	if (r < 0)
		return r;
	r = append_entry(reply, "Devices", "u", status->metrics.devices);
	if (r < 0)
		return r;
	r = append_entry(reply, "Connected", "u", status->metrics.connected);
	if (r < 0)
		return r;
	r = append_entry(reply, "Policy", "s", policy_source_name(status->policy.source));
	if (r < 0)
		return r;
	r = append_entry(reply, "PolicyError", "s", status->policy.error.text);
	if (r < 0)
		return r;
	r = append_entry(reply, "PolicySaveError", "s", status->policy.save_error.text);
	if (r < 0)
		return r;
	return append_entry(reply, "RequestsAnswered", "t", status->metrics.served);
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

static int print_metrics(struct registry *registry, enum metrics_format format, char **ret)
{
	_cleanup_free_ struct guest_counts *guests = NULL;
	struct registry_status status = registry_status(registry);
	size_t n, size;
	FILE *stream;
	int r;

	r = registry_guests(registry, &guests, &n);
	if (r < 0)
		return r;
	stream = open_memstream(ret, &size);
	if (!stream)
		return -ENOMEM;
	registry_count_requests(registry, &status.metrics);
	status.metrics.silent_usec = monotonic_usec() - status.beat_usec;
	metrics_print(stream, format, &status.metrics, guests, n);
	/* it may move the text */
	return fclose(stream) ? -ENOMEM : 0;
}

static int method_metrics(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	enum metrics_format format = METRICS_OPENMETRICS;
	_cleanup_free_ char *text = NULL;
	struct bus *bus = userdata;
	const char *name;
	int r;

	r = sd_bus_message_read(call, "s", &name);
	if (r < 0)
		return r;
	if (!strcmp(name, "prometheus"))
		format = METRICS_PROMETHEUS;
	else if (strcmp(name, "openmetrics"))
		return sd_bus_error_setf(ret_error, SD_BUS_ERROR_INVALID_ARGS,
					 "format \"%s\" is not openmetrics or prometheus",
					 escape(name).text);
	r = print_metrics(bus->registry, format, &text);
	return r < 0 ? r : sd_bus_reply_method_return(call, "s", text);
}

static int get_version(sd_bus *bus, const char *path, const char *interface,
		       const char *property, sd_bus_message *reply, void *userdata,
		       sd_bus_error *ret_error)
{
	return sd_bus_message_append(reply, "s", MYDEVICE_VERSION);
}

static int method_attach(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	return bus_method_attach(call, &((struct bus *)userdata)->orders, ret_error);
}

static int method_detach(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	return bus_method_detach(call, &((struct bus *)userdata)->orders, ret_error);
}

static int method_set(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	return bus_method_set(call, &((struct bus *)userdata)->orders, ret_error);
}

static int method_policy(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	return bus_method_policy(call, &((struct bus *)userdata)->orders, ret_error);
}

static int method_sections(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	return bus_method_sections(call, &((struct bus *)userdata)->orders, ret_error);
}

static int method_find_guest(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	return bus_method_find_guest(call, &((struct bus *)userdata)->orders, ret_error);
}

static int method_requests(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	return bus_answer_requests(call, ((struct bus *)userdata)->registry);
}

/* Of root, and whoever runs the daemon. */
static int method_reload(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
	struct bus *bus = userdata;
	struct reason reason = {};
	uid_t uid;
	int r;

	r = sd_bus_query_sender_creds(call, SD_BUS_CREDS_EUID, &creds);
	if (r >= 0)
		r = sd_bus_creds_get_euid(creds, &uid);
	if (r < 0)
		return r;
	if (uid && uid != geteuid())
		return sd_bus_error_setf(ret_error, SD_BUS_ERROR_ACCESS_DENIED,
					 "only root may reload the policy");
	r = bus->reload(bus->reload_userdata, &reason);
	if (r < 0)
		return sd_bus_error_setf(ret_error, BUS_ERROR_BAD_POLICY, "%s", reason.text);
	return sd_bus_reply_method_return(call, NULL);
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_METHOD_WITH_ARGS("List", SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", devices),
				method_list, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Status", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", status),
				method_status, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Metrics", SD_BUS_ARGS("s", format), SD_BUS_RESULT("s", text),
				method_metrics, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Requests", SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", requests),
				method_requests, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Reload", NULL, NULL, method_reload, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Attach",
				SD_BUS_ARGS("s", guest, "s", name, "a{sv}", options),
				SD_BUS_RESULT("o", device),
				method_attach, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Detach",
				SD_BUS_ARGS("s", guest, "s", name, "a{sv}", options),
				SD_BUS_RESULT("o", device),
				method_detach, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Set",
				SD_BUS_ARGS("s", guest, "s", name, "a{sv}", settings),
				SD_BUS_RESULT("o", device),
				method_set, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Policy",
				SD_BUS_ARGS("s", guest, "s", name, "a{sv}", options),
				SD_BUS_RESULT("s", settings),
				method_policy, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("PolicySections", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("a(ssuuu)", sections),
				method_sections, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("FindGuest", SD_BUS_ARGS("s", guest),
				SD_BUS_RESULT("u", domid, "s", uuid, "s", name),
				method_find_guest, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static int retry_later(struct bus *bus);

static void settle(struct bus *bus)
{
	if (bus->on_settled)
		bus->on_settled(bus->userdata);
	bus->on_settled = NULL;
}

static void leave(struct bus *bus, int error, const char *what)
{
	if (!bus->missing)
		log_warning("%s (%s); trying again, mydevicectl cannot reach this daemon meanwhile",
			    what, strerror(-error));
	bus->missing = true;
	bus_drop_questions(&bus->orders);
	sd_bus_close_unref(steal(&bus->bus));
	retry_later(bus);
	settle(bus);
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	leave(userdata, -ENOTCONN, "the system bus has gone");
	return 0;
}

/* The reply is no error if another process has the name: it has a code. */
static bool is_taken(sd_bus_message *message)
{
	uint32_t code;

	return sd_bus_message_read(message, "u", &code) < 0 ||
	       (code != NAME_IS_OURS && code != NAME_WAS_OURS);
}

static int on_name(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(message);
	struct bus *bus = userdata;

	if (error) {
		int r = -sd_bus_message_get_errno(message);

		leave(bus, r, "the bus refuses the name " BUS_NAME);
		return 0;
	}
	if (is_taken(message)) {
		log_error(-EEXIST, "another mydevice-attachd has taken the name " BUS_NAME " on "
			  "the system bus; leaving the guests to it");
		log_notice("stop one of them, as with: systemctl stop mydevice-attachd");
		sd_event_exit(bus->event, -EEXIST);
		return 0;
	}
	bus->missing = false;
	log_info("on the system bus as " BUS_NAME);
	settle(bus);
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
	r = bus_devices_export(&bus->devices, bus->bus);
	if (r < 0)
		return r;
	return sd_bus_request_name_async(bus->bus, NULL, BUS_NAME, 0, on_name, bus);
}

static void try_to_join(struct bus *bus)
{
	int r = join(bus);

	if (r < 0)
		leave(bus, r, "no system bus");
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	try_to_join(userdata);
	return 0;
}

static int retry_later(struct bus *bus)
{
	int r = sd_event_source_set_time_relative(bus->retry, RETRY_USEC);

	return r < 0 ? r : sd_event_source_set_enabled(bus->retry, SD_EVENT_ONESHOT);
}

static int on_changes(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct bus *bus = userdata;

	bus_devices_update(&bus->devices, bus->registry, bus->bus);
	return 0;
}

static int on_done(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct bus *bus = userdata;

	/* who is told that it is done may look at once */
	bus_devices_update(&bus->devices, bus->registry, bus->bus);
	bus_answer_orders(&bus->orders);
	return 0;
}

int bus_new(sd_event *event, struct registry *registry, struct engine *engine, struct bus **ret)
{
	_cleanup_(bus_freep) struct bus *bus = calloc(1, sizeof(*bus));
	int r;

	if (!bus)
		return -ENOMEM;
	bus->event = sd_event_ref(event);
	bus->registry = registry;
	bus_orders_init(&bus->orders, engine);
	r = sd_event_add_io(event, &bus->changes, registry_fd(registry), EPOLLIN, on_changes, bus);
	if (r < 0)
		return r;
	r = sd_event_add_io(event, &bus->done, engine_done_fd(engine), EPOLLIN, on_done, bus);
	if (r < 0)
		return r;
	r = sd_event_add_time_relative(event, &bus->retry, CLOCK_MONOTONIC, 0,
				       RETRY_ACCURACY_USEC, on_retry, bus);
	if (r < 0)
		return r;
	r = sd_event_source_set_enabled(bus->retry, SD_EVENT_OFF);
	if (r < 0)
		return r;
	*ret = steal(&bus);
	return 0;
}

void bus_set_reload(struct bus *bus, bus_reload_fn reload, void *userdata)
{
	bus->reload = reload;
	bus->reload_userdata = userdata;
}

void bus_join(struct bus *bus, void (*on_settled)(void *userdata), void *userdata)
{
	if (bus->joined)
		return;
	bus->joined = true;
	bus->on_settled = on_settled;
	bus->userdata = userdata;
	try_to_join(bus);
}

void bus_free(struct bus *bus)
{
	if (!bus)
		return;
	sd_event_source_disable_unref(bus->retry);
	sd_event_source_disable_unref(bus->changes);
	sd_event_source_disable_unref(bus->done);
	bus_orders_done(&bus->orders);
	sd_bus_flush_close_unref(bus->bus);
	bus_devices_done(&bus->devices);
	sd_event_unref(bus->event);
	free(bus);
}
