// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/device.h"
#include "engine/guest.h"
#include "engine/guest-policy.h"
#include "engine/host.h"

void domain_reconsider(struct domain *domain)
{
	struct policy_subject subject = {
		.guest = domain->name,
		.uuid = domain->uuid,
		.class = MYDEVICE_CLASS,
		.name = "",
	};
	struct policy_settings settings = policy_resolve(domain->manager->policy, &subject);
	struct device *device;

	domain->rate_burst = settings.rate_burst;
	domain->rate_interval_usec = settings.rate_interval_usec;
	for (device = domain->devices; device; device = device->next)
		device_reconsider(device);
	domain_rescan(domain);
}
