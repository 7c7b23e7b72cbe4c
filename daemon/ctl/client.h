/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mydevice-attachd tells over the bus, as plain data. */
#ifndef MYDEVICECTL_CLIENT_H
#define MYDEVICECTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util.h"

struct client_device {
	char *guest;			/* escaped by the daemon */
	char *uuid;
	char *class;
	char *name;
	char *phase;
	char *frontend_state, *backend_state;
	char *mode;
	char *node;
	uint32_t domid, backend_domid, devid;
	uint32_t ring_size;		/* bytes */
	uint64_t requested_usec;	/* since 1970 */
	uint64_t written_after_usec;	/* from the request; 0: not known */
	uint64_t connected_after_usec;	/* from the request; 0: not yet, or not known */
};

struct client_status {
	char *version;
	char *domain_facts;
	int xenstore_connected;		/* a bus boolean is an int */
	uint64_t xenstore_silent_usec;
	uint32_t guests, devices, connected;
	uint64_t requests_answered;
};

struct client;

/* All return 0 or -errno; -EHOSTDOWN if the daemon is not on the bus. ret_why is for a person. */
int client_open(struct client **ret, const char **ret_why);
void client_close(struct client *client);
DEFINE_CLEANUP(struct client, client_close)

/* By guest, then devid. */
int client_list(struct client *client, struct client_device **ret, size_t *ret_n,
		const char **ret_why);
void client_devices_free(struct client_device *devices, size_t n);
void client_device_done(struct client_device *device);

int client_status(struct client *client, struct client_status *ret, const char **ret_why);
void client_status_done(struct client_status *status);

#endif
