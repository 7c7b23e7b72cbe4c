// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>
#include <string.h>

#include "engine/company.h"
#include "engine/device.h"
#include "engine/guest.h"
#include "engine/host.h"

static bool is_company(const struct device *device, const struct device *other)
{
	return other != device && other->phase != PHASE_REMOVED &&
		other->key.backend == device->key.backend &&
		!strcmp(other->key.class, device->key.class);
}

static bool has_company(const struct device *device, const struct domain *domain)
{
	const struct device *other;

	for (other = domain->devices; other; other = other->next)
		if (is_company(device, other))
			return true;
	return false;
}

enum company company_of(const struct device *device)
{
	const struct domain *domain;
	size_t cursor = 0;

	if (has_company(device, device->domain))
		return COMPANY_OF_GUEST;
	while ((domain = table_next(&device->domain->manager->domains, &cursor)))
		if (has_company(device, domain))
			return COMPANY_OF_CLASS;
	return COMPANY_UNKNOWN;
}
