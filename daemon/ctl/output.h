/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How devices and the daemon are shown: to people, and as JSON. */
#ifndef MYDEVICECTL_OUTPUT_H
#define MYDEVICECTL_OUTPUT_H

#include "ctl/client.h"

struct json_object;

/* One line for each. */
void output_table(const struct client_device *devices, size_t n);
/* One block for each, with all there is to know. */
void output_details(const struct client_device *devices, size_t n);
void output_status(const struct client_status *status);

/* The schema is in mydevicectl(1). 0 or -ENOMEM */
int output_devices_json(const struct client_device *devices, size_t n);
/* Take the other object, as output_json(). */
int output_all_json(const struct client_device *devices, size_t n, struct json_object *requests);
int output_status_json(const struct client_status *status, struct json_object *not_granted);
int output_device_json(const struct client_device *device);
/* Takes the object, which may be NULL for want of memory. */
int output_json(struct json_object *object);

/* One line for one event. 0 or -ENOMEM */
int output_event(const char *event, const struct client_device *device);
int output_event_json(const char *event, const struct client_device *device);

#endif
