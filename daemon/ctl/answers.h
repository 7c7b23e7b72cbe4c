/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mydevice-attachd tells over the bus, as plain data. */
#ifndef MYDEVICECTL_ANSWERS_H
#define MYDEVICECTL_ANSWERS_H

#include <stdint.h>

struct client_device {
	char *guest;			/* escaped by the daemon */
	char *uuid;
	char *class;
	char *name;
	char *origin;
	char *phase;
	char *frontend_state, *backend_state;
	char *mode;
	char *node;
	char *hotplug, *hotplug_error;	/* "": none */
	char *waiting_for;		/* the next step of the handshake; "": nothing */
	char *backend_error;		/* what a backend that has closed says, or "" */
	char *settings;			/* "key=value" words; "": none */
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
	char *policy;			/* which is in use; "": an earlier daemon */
	char *policy_error, *policy_save_error;
};

/* A section of the policy. */
struct client_section {
	char *title, *file;
	uint32_t line;
	uint32_t guests, devices;	/* that it matches now */
};

#endif
