/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest has by its notes is taken over, or removed if it is not whole. */
#ifndef ATTACHD_RECORDS_H
#define ATTACHD_RECORDS_H

struct device_key;
struct manager;
struct path;

/* For a guest that was left out, or one that is gone. 0 or -errno. */
int records_settle(struct manager *manager, unsigned int guest);

/* Of a device that nobody has; note: about it, or NULL. 0 or -errno; why is for the log. */
int records_remove(struct manager *manager, const struct device_key *key, const struct path *note,
		   const char *why);

#endif
