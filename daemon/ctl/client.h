/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks and tells mydevice-attachd over the bus. */
#ifndef MYDEVICECTL_CLIENT_H
#define MYDEVICECTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "base/util.h"
#include "ctl/answers.h"

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
 * -ENOSPC (a quota), -EOPNOTSUPP (the backend's driver cannot do it), -EUNATCH (there is none
 * that could), -EUSERS (too many requests of this user), -ETIMEDOUT (no answer); -EIO for
 * everything else.
 */
int client_open(struct client **ret, const char **ret_why);
void client_close(struct client *client);
DEFINE_CLEANUP(struct client, client_close)

/* For follow.c alone. */
sd_bus *client_bus(struct client *client);

/* By name, domid or UUID, see guest-ref.h. */
int client_find_guest(struct client *client, const char *guest, uint32_t *ret_domid,
		      const char **ret_why);

/* By guest, domid, class and devid. */
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

/* The daemon reads its policy again. -EUCLEAN: it has mistakes, and is not used. */
int client_reload(struct client *client, const char **ret_why);

int client_sections(struct client *client, struct client_section **ret, size_t *ret_n,
		    const char **ret_why);
void client_sections_free(struct client_section *sections, size_t n);

#endif
