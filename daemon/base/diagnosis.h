/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this machine is to Xen, for diagnosis only: nothing is refused because of it. Each
 * diagnosis is two lines for a person: what is wrong, and what to do.
 */
#ifndef ATTACHD_DIAGNOSIS_H
#define ATTACHD_DIAGNOSIS_H

#include <stdbool.h>

#define HOST_SYSFS "/sys"
#define HOST_VERSION_SIZE 64

enum host_role {
	HOST_UNKNOWN,
	HOST_BARE,			/* Xen does not run */
	HOST_GUEST,			/* a guest */
	HOST_CONTROL,			/* domain 0 */
};

enum host_driver {
	HOST_DRIVER_UNKNOWN,		/* not domain 0: none is needed */
	HOST_DRIVER_MISSING,		/* mydeviceback is not loaded */
	HOST_DRIVER_OTHER,		/* of another version than this program */
	HOST_DRIVER_FINE,
};

enum host_role diagnose_role(const char *sysfs);

/* NULL: nothing that this machine would explain. */
const char *diagnose_role_text(enum host_role role);

/* What to do about XenStore, which cannot be used; denied: this user may not. */
const char *diagnose_store(enum host_role role, bool denied);
/* What to do about a daemon that is not on the bus. */
const char *diagnose_daemon(enum host_role role);

/* ret_version: of the loaded one; "" if it is not known. */
enum host_driver diagnose_driver(const char *sysfs, char ret_version[HOST_VERSION_SIZE]);

#endif
