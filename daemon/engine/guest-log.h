/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines about a guest in the log, so many and no more. */
#ifndef ATTACHD_GUEST_LOG_H
#define ATTACHD_GUEST_LOG_H

#include "base/log.h"
#include "base/util.h"

struct device;
struct domain;

/* About a device of it, too, unless NULL. */
void domain_log(struct domain *domain, const struct device *device, int level,
		const char *message_id, const char *format, ...) _printf_(5, 6);

#endif
