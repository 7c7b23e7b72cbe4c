/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices as objects on the bus, with properties that tell when they change. */
#ifndef ATTACHD_BUS_DEVICE_H
#define ATTACHD_BUS_DEVICE_H

#include <systemd/sd-bus.h>

#include "base/table.h"
#include "view/registry.h"

struct bus_devices {
	struct table known;		/* serial -> struct device_view, as the bus was told */
	struct device_view *latest;	/* of these; or NULL */
};

/* Makes the objects; devices must outlive the bus. */
int bus_devices_export(struct bus_devices *devices, sd_bus *bus);
/* Takes all changes there are; tells them if there is a bus. */
void bus_devices_update(struct bus_devices *devices, struct registry *registry, sd_bus *bus);
void bus_devices_done(struct bus_devices *devices);

/* One dictionary a{sv} with all properties. */
int bus_device_append(sd_bus_message *reply, const struct device_view *view);

/* The object's path, to be freed; NULL if out of memory. */
char *bus_device_path(const struct device_key *key);

#endif
