/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every XenStore path the daemon uses, made and taken apart here only. Pure.
 * See <xen/io/mydevice.h> for what stands at each of them.
 */
#ifndef ATTACHD_PATHS_H
#define ATTACHD_PATHS_H

#include <stdbool.h>

#include <xen/io/mydevice.h>

#define PATH_SIZE 192

/* The whole private record of the daemon lives below this node. */
#define PATH_RECORDS "/mydevice"
#define PATH_KEPT PATH_RECORDS "/kept"
/* In the directory of a guest's notes. */
#define PATH_WITHHELD "withheld"
#define PATH_DOMAINS "/local/domain"

struct path {
	char text[PATH_SIZE];
};

/* Which device of the whole host. */
struct device_key {
	char class[MYDEVICE_NAME_MAX + 1];
	unsigned int guest;	/* domid of the frontend */
	unsigned int backend;	/* domid of the backend */
	unsigned int devid;
};

struct path path_domain(unsigned int domid);
struct path path_frontend(const struct device_key *key);
struct path path_backend(const struct device_key *key);
/* Where the notes about a guest's devices are, those that are withheld, and those kept for it. */
struct path path_guest_notes(unsigned int guest);
struct path path_withheld(unsigned int guest);
struct path path_kept(const char *uuid);
/* One of them, CLASS@NAME, with "@" for each "." */
struct path path_note(const struct path *dir, const char *class, const char *name);
/* Its last part. 0 or -EINVAL */
int path_parse_note(const char *node, char ret_class[static MYDEVICE_NAME_MAX + 1],
		    char ret_name[static MYDEVICE_NAME_MAX + 1]);
/* The one of a device. */
struct path path_record(const struct device_key *key, const char *name);
/* "CLASS-DEVID", as earlier releases named it: class and devid of ret. 0 or -EINVAL */
int path_parse_record(const char *node, struct device_key *ret);
struct path path_requests(unsigned int guest, const char *class);
struct path path_request(unsigned int guest, const char *class, unsigned int devid);
/* All backends a domain has of a class, and those that serve one guest. */
struct path path_backends(unsigned int backend, const char *class);
struct path path_guest_backends(unsigned int backend, const char *class, unsigned int guest);

struct path path_child(const struct path *dir, const char *node);

/* For which guest a path of those above is. 0 or -EINVAL */
int path_parse_guest(const char *path, unsigned int *ret);

/*
 * Which device of a request directory an event speaks of, and whether it can
 * mean a new, complete or withdrawn request: 1 if so, 0 if it can't (the guest
 * is still writing its wishes, or the daemon wrote its answer), 2 if the whole
 * directory may have changed, -EINVAL if the devid is none.
 */
int path_parse_request_event(const struct path *requests, const char *path,
			     unsigned int *ret_devid);

/*
 * The device's node in the backend domain: udev's name for it if both names
 * are safe, else the kernel's. Empty for a device of another class.
 */
struct path path_backend_node(const struct device_key *key, const char *guest, const char *name);

#endif
