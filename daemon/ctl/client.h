/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mydevice-attachd tells over the bus, as plain data, and what it is told. */
#ifndef MYDEVICECTL_CLIENT_H
#define MYDEVICECTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

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
};

/* A section of the policy. */
struct client_section {
	char *title, *file;
	uint32_t line;
	uint32_t guests, devices;	/* that it matches now */
};

/* What an order may say more than guest and device; NULL and 0: nothing. */
struct client_options {
	const char *class, *mode;
	uint64_t ring_size;
	bool force;
	char *const *settings;		/* "key=value", which are sent as they are */
	int n_settings;
};

struct client;

/*
 * All return 0 or -errno, and ret_why for a person. -EHOSTDOWN: the daemon is not on the bus;
 * -ENOENT: it knows no such guest or device; -ENOTUNIQ: several guests; -EACCES: not allowed;
 * -EINVAL, -EEXIST, -EBUSY, -ENOTCONN (no XenStore), -EHOSTUNREACH (no backend domain),
 * -ENOSPC (a quota), -EUSERS (too many requests of this user), -ETIMEDOUT (no answer);
 * -EIO for everything else.
 */
int client_open(struct client **ret, const char **ret_why);
void client_close(struct client *client);
DEFINE_CLEANUP(struct client, client_close)

/* By name, domid or UUID, see guest-ref.h. */
int client_find_guest(struct client *client, const char *guest, uint32_t *ret_domid,
		      const char **ret_why);

/* By guest, then devid. */
int client_list(struct client *client, struct client_device **ret, size_t *ret_n,
		const char **ret_why);
void client_devices_free(struct client_device *devices, size_t n);
void client_device_done(struct client_device *device);

int client_status(struct client *client, struct client_status *ret, const char **ret_why);
void client_status_done(struct client_status *status);

/* format: openmetrics or prometheus; the text is to be freed. */
int client_metrics(struct client *client, const char *format, char **ret_text,
		   const char **ret_why);

/* ret_path: to be freed; names the device until it is gone, see follow.h. */
int client_attach(struct client *client, const char *guest, const char *name,
		  const struct client_options *options, char **ret_path, const char **ret_why);
int client_detach(struct client *client, const char *guest, const char *name,
		  const struct client_options *options, char **ret_path, const char **ret_why);
int client_set(struct client *client, const char *guest, const char *name,
	       const struct client_options *options, char **ret_path, const char **ret_why);
/* "Setting=value" lines, to be freed. */
int client_policy(struct client *client, const char *guest, const char *name,
		  const struct client_options *options, char **ret_text, const char **ret_why);

int client_sections(struct client *client, struct client_section **ret, size_t *ret_n,
		    const char **ret_why);
void client_sections_free(struct client_section *sections, size_t n);

#endif
