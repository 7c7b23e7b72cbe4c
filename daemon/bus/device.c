// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/number.h"
#include "bus/device.h"
#include "bus/names.h"

enum field {
	FIELD_GUEST, FIELD_UUID, FIELD_CLASS, FIELD_NAME, FIELD_ORIGIN, FIELD_PHASE,
	FIELD_FRONTEND, FIELD_BACKEND, FIELD_MODE, FIELD_NODE,
	FIELD_HOTPLUG, FIELD_HOTPLUG_ERROR, FIELD_WAITING_FOR, FIELD_BACKEND_ERROR, FIELD_SETTINGS,
	FIELD_DOMID, FIELD_BACKEND_DOMID, FIELD_DEVID, FIELD_RING_SIZE,
	FIELD_REQUESTED, FIELD_WRITTEN, FIELD_CONNECTED,
	FIELD_MAX,
};

static const struct {
	const char *name;
	const char *type;
} fields[FIELD_MAX] = {
	[FIELD_GUEST] = { "Guest", "s" },
	[FIELD_UUID] = { "UUID", "s" },
	[FIELD_CLASS] = { "Class", "s" },
	[FIELD_NAME] = { "Name", "s" },
	[FIELD_ORIGIN] = { "Origin", "s" },
	[FIELD_PHASE] = { "Phase", "s" },
	[FIELD_FRONTEND] = { "FrontendState", "s" },
	[FIELD_BACKEND] = { "BackendState", "s" },
	[FIELD_MODE] = { "Mode", "s" },
	[FIELD_NODE] = { "Node", "s" },
	[FIELD_HOTPLUG] = { "Hotplug", "s" },
	[FIELD_HOTPLUG_ERROR] = { "HotplugError", "s" },
	[FIELD_WAITING_FOR] = { "WaitingFor", "s" },
	[FIELD_BACKEND_ERROR] = { "BackendError", "s" },
	[FIELD_SETTINGS] = { "Settings", "s" },
	[FIELD_DOMID] = { "DomID", "u" },
	[FIELD_BACKEND_DOMID] = { "BackendDomID", "u" },
	[FIELD_DEVID] = { "DevID", "u" },
	[FIELD_RING_SIZE] = { "RingSize", "u" },
	[FIELD_REQUESTED] = { "RequestedUSec", "t" },
	[FIELD_WRITTEN] = { "WrittenAfterUSec", "t" },
	[FIELD_CONNECTED] = { "ConnectedAfterUSec", "t" },
};

/* Devices of other classes have neither a mode nor rings that we know. */
static bool is_channel(const struct device_view *view)
{
	return !strcmp(view->key.class, MYDEVICE_CLASS);
}

static const char *string_of(const struct device_view *view, enum field field)
{
	const struct record *record = &view->record;

	switch (field) {
	case FIELD_GUEST:
		return view->guest.text;
	case FIELD_UUID:
		return record->uuid;
	case FIELD_CLASS:
		return view->key.class;
	case FIELD_NAME:
		return record->name;
	case FIELD_ORIGIN:
		return origin_name(record->origin);
	case FIELD_PHASE:
		return phase_name(view->phase);
	case FIELD_FRONTEND:
		return end_state_name(view->frontend);
	case FIELD_BACKEND:
		return end_state_name(view->backend);
	case FIELD_MODE:
		return is_channel(view) ? channel_mode_name(record->mode) : "";
	case FIELD_HOTPLUG:
		return hotplug_name(view->hotplug);
	case FIELD_HOTPLUG_ERROR:
		return view->hotplug_error.text;
	case FIELD_WAITING_FOR:
		return awaited_text(view->awaited);
	case FIELD_BACKEND_ERROR:
		return view->backend_error.text;
	case FIELD_SETTINGS:
		return view->settings;
	default:
		return view->node.text;
	}
}

static uint64_t number_of(const struct device_view *view, enum field field)
{
	const struct record *record = &view->record;

	switch (field) {
	case FIELD_DOMID:
		return view->key.guest;
	case FIELD_BACKEND_DOMID:
		return view->key.backend;
	case FIELD_DEVID:
		return view->key.devid;
	case FIELD_RING_SIZE:
		return is_channel(view) ? record->ring_size : 0;
	case FIELD_REQUESTED:
		return record->requested_usec;
	case FIELD_WRITTEN:
		return record->written_usec;
	default:
		return record->connected_usec;
	}
}

static int append_value(sd_bus_message *message, const struct device_view *view, enum field field)
{
	const char *type = fields[field].type;

	switch (*type) {
	case 's':
		return sd_bus_message_append(message, type, string_of(view, field));
	case 'u':
		return sd_bus_message_append(message, type, (uint32_t)number_of(view, field));
	default:
		return sd_bus_message_append(message, type, number_of(view, field));
	}
}

static bool differs(const struct device_view *a, const struct device_view *b, enum field field)
{
	if (*fields[field].type == 's')
		return strcmp(string_of(a, field), string_of(b, field));
	return number_of(a, field) != number_of(b, field);
}

static int append_entry(sd_bus_message *reply, const struct device_view *view, enum field field)
{
	int r;

	r = sd_bus_message_open_container(reply, 'e', "sv");
	if (r < 0)
		return r;
	r = sd_bus_message_append(reply, "s", fields[field].name);
	if (r < 0)
		return r;
	r = sd_bus_message_open_container(reply, 'v', fields[field].type);
	if (r < 0)
		return r;
	r = append_value(reply, view, field);
	if (r < 0)
		return r;
	r = sd_bus_message_close_container(reply);
	if (r < 0)
		return r;
	return sd_bus_message_close_container(reply);
}

int bus_device_append(sd_bus_message *reply, const struct device_view *view)
{
	int r;

	r = sd_bus_message_open_container(reply, 'a', "{sv}");
	if (r < 0)
		return r;
	for (enum field field = 0; field < FIELD_MAX; field++) {
		r = append_entry(reply, view, field);
		if (r < 0)
			return r;
	}
	return sd_bus_message_close_container(reply);
}

char *bus_device_path(const struct device_key *key)
{
	char name[MYDEVICE_NAME_MAX + 32], *path;

	snprintf(name, sizeof(name), "%u-%s-%u", key->guest, key->class, key->devid);
	return sd_bus_path_encode(BUS_DEVICES, name, &path) < 0 ? NULL : path;
}

/* DOMID-CLASS-DEVID, as bus_device_path() has it. */
static int parse_name(const char *name, struct device_key *ret)
{
	const char *class = strchr(name, '-'), *devid = strrchr(name, '-');
	struct device_key key = {};

	if (!class || class == devid || (size_t)(devid - class) > sizeof(key.class))
		return -EINVAL;
	memcpy(key.class, class + 1, (size_t)(devid - class) - 1);
	if (number_domid(name, (size_t)(class - name), &key.guest) < 0 ||
	    number_devid(devid + 1, strlen(devid + 1), &key.devid) < 0)
		return -EINVAL;
	*ret = key;
	return 0;
}

static bool is_same(const struct device_key *a, const struct device_key *b)
{
	return a->guest == b->guest && a->devid == b->devid && !strcmp(a->class, b->class);
}

static struct device_view *find(struct bus_devices *devices, const char *path)
{
	_cleanup_free_ char *name = NULL;
	struct device_view *view;
	struct device_key key;
	size_t cursor = 0;

	if (sd_bus_path_decode(path, BUS_DEVICES, &name) <= 0 || parse_name(name, &key) < 0)
		return NULL;
	/* a signal is about the device that has just changed */
	if (devices->latest && is_same(&devices->latest->key, &key))
		return devices->latest;
	while ((view = table_next(&devices->known, &cursor)))
		if (is_same(&view->key, &key))
			return view;
	return NULL;
}

static int find_object(sd_bus *bus, const char *path, const char *interface, void *userdata,
		       void **ret, sd_bus_error *ret_error)
{
	struct device_view *view = find(userdata, path);

	if (!view)
		return 0;
	*ret = view;
	return 1;
}

static int get_property(sd_bus *bus, const char *path, const char *interface,
			const char *property, sd_bus_message *reply, void *userdata,
			sd_bus_error *ret_error)
{
	enum field field = 0;

	while (strcmp(fields[field].name, property))
		field++;
	return append_value(reply, userdata, field);
}

#define PROPERTY(name, type) \
	SD_BUS_PROPERTY(name, type, get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	PROPERTY("Guest", "s"),
	PROPERTY("UUID", "s"),
	PROPERTY("Class", "s"),
	PROPERTY("Name", "s"),
	PROPERTY("Origin", "s"),
	PROPERTY("Phase", "s"),
	PROPERTY("FrontendState", "s"),
	PROPERTY("BackendState", "s"),
	PROPERTY("Mode", "s"),
	PROPERTY("Node", "s"),
	PROPERTY("Hotplug", "s"),
	PROPERTY("HotplugError", "s"),
	PROPERTY("WaitingFor", "s"),
	PROPERTY("BackendError", "s"),
	PROPERTY("Settings", "s"),
	PROPERTY("DomID", "u"),
	PROPERTY("BackendDomID", "u"),
	PROPERTY("DevID", "u"),
	PROPERTY("RingSize", "u"),
	PROPERTY("RequestedUSec", "t"),
	PROPERTY("WrittenAfterUSec", "t"),
	PROPERTY("ConnectedAfterUSec", "t"),
	SD_BUS_VTABLE_END,
};

static int enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret,
		     sd_bus_error *ret_error)
{
	struct bus_devices *devices = userdata;
	const struct device_view *view;
	size_t cursor = 0, n = 0;
	char **paths;

	paths = calloc(devices->known.used + 1, sizeof(*paths));
	if (!paths)
		return -ENOMEM;
	while ((view = table_next(&devices->known, &cursor))) {
		paths[n] = bus_device_path(&view->key);
		n += paths[n] != NULL;
	}
	*ret = paths;
	return 0;
}

int bus_devices_export(struct bus_devices *devices, sd_bus *bus)
{
	int r;

	r = sd_bus_add_fallback_vtable(bus, NULL, BUS_DEVICES, BUS_DEVICE_INTERFACE, vtable,
				       find_object, devices);
	if (r < 0)
		return r;
	r = sd_bus_add_node_enumerator(bus, NULL, BUS_DEVICES, enumerate, devices);
	return r < 0 ? r : sd_bus_add_object_manager(bus, NULL, BUS_PATH);
}

static int tell_changed(sd_bus *bus, const char *path, const struct device_view *before,
			const struct device_view *after)
{
	char *names[FIELD_MAX + 1] = {};
	size_t n = 0;

	for (enum field field = 0; field < FIELD_MAX; field++)
		if (differs(before, after, field))
			names[n++] = (char *)fields[field].name;
	if (!n)
		return 0;
	return sd_bus_emit_properties_changed_strv(bus, path, BUS_DEVICE_INTERFACE, names);
}

static int take_change(struct bus_devices *devices, const struct device_view *view, sd_bus *bus)
{
	struct device_view *known = table_get(&devices->known, view->serial), before;
	_cleanup_free_ char *path = bus_device_path(&view->key);
	int r;

	if (!path)
		return -ENOMEM;
	devices->latest = known;
	if (known) {
		before = *known;
		*known = *view;
		return bus ? tell_changed(bus, path, &before, view) : 0;
	}
	known = malloc(sizeof(*known));
	if (!known)
		return -ENOMEM;
	*known = *view;
	r = table_add(&devices->known, view->serial, known);
	if (r < 0) {
		free(known);
		return r;
	}
	devices->latest = known;
	return bus ? sd_bus_emit_interfaces_added(bus, path, BUS_DEVICE_INTERFACE, NULL) : 0;
}

static int take_end(struct bus_devices *devices, const struct device_view *view, sd_bus *bus)
{
	struct device_view *known = table_remove(&devices->known, view->serial);
	_cleanup_free_ char *path = bus_device_path(&view->key);

	if (!known)
		return 0;
	free(known);
	devices->latest = NULL;
	if (!path)
		return -ENOMEM;
	return bus ? sd_bus_emit_interfaces_removed(bus, path, BUS_DEVICE_INTERFACE, NULL) : 0;
}

void bus_devices_update(struct bus_devices *devices, struct registry *registry, sd_bus *bus)
{
	enum registry_change change;
	struct device_view view;
	int r;

	while ((change = registry_next_change(registry, &view)) != REGISTRY_NONE) {
		/* gone for everybody but the daemon, which lets the id rest */
		if (change == REGISTRY_GONE || view.phase >= PHASE_REMOVED)
			r = take_end(devices, &view, bus);
		else
			r = take_change(devices, &view, bus);
		if (r < 0 && r != -ENOTCONN)
			log_warning("cannot tell the bus of a change: %s", strerror(-r));
	}
}

void bus_devices_done(struct bus_devices *devices)
{
	size_t cursor = 0;
	void *view;

	while ((view = table_next(&devices->known, &cursor)))
		free(view);
	table_done(&devices->known);
}
