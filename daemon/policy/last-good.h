/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last good policy, saved in a file of the state directory: the texts of its files, with a
 * version and a checksum. After a restart with a broken policy the daemon goes on with it.
 */
#ifndef ATTACHD_LAST_GOOD_H
#define ATTACHD_LAST_GOOD_H

#include <time.h>

#include "policy/file.h"

#define LAST_GOOD_DIRECTORY "/var/lib/mydevice"

/*
 * Replaces the file in one step, unless it has this policy already. Creates the directory.
 * 0 or -errno; then the file is as it was.
 */
int last_good_save(const char *directory, const struct policy *policy);

/*
 * 0; -ENOENT: there is no such file; or another error and the reason why it is not used.
 * ret_saved: when it was saved.
 */
int last_good_load(const char *directory, struct policy **ret, time_t *ret_saved,
		   struct reason *ret_reason);

/* The same from memory. 0, -ENOMEM or -EBADMSG and the reason. */
int last_good_parse(const char *data, size_t len, struct policy **ret,
		    struct reason *ret_reason);

#endif
