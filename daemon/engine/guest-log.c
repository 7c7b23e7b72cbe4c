// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>

#include "base/escape.h"
#include "engine/device.h"
#include "engine/guest.h"
#include "engine/guest-log.h"
#include "engine/host.h"

void domain_log(struct domain *domain, const struct device *device, int level,
		const char *message_id, const char *format, ...)
{
	struct escaped guest = escape(domain->name);
	struct log_about about = {
		.message_id = message_id,
		.domid = (int)domain->domid,
		.devid = device ? (int)device->key.devid : -1,
		.guest = guest.text,
		.channel = device ? device->record.name : NULL,
	};
	char message[512], which[32] = "";
	unsigned int suppressed;
	va_list args;

	if (!log_limit_pass(&domain->log_limit, monotonic_usec(), &suppressed)) {
		registry_count(domain->manager->registry, COUNT_LINES_LEFT_OUT);
		return;
	}
	if (suppressed)
		log_about(LOG_NOTICE, 0, &about, "guest %s (%u): %u lines about it were left out",
			  guest.text, domain->domid, suppressed);
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (device)
		snprintf(which, sizeof(which), " device %u", device->key.devid);
	log_about(level, 0, &about, "guest %s (%u)%s%s%s: %s", guest.text, domain->domid, which,
		  device ? " " : "", device ? device->record.name : "", message);
}
