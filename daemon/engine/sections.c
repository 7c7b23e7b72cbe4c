// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/device.h"
#include "engine/guest.h"
#include "engine/host.h"
#include "engine/sections.h"
#include "policy/setting.h"

static void count(struct manager *manager, const struct policy_section *section,
		  struct section_use *use)
{
	const struct device *device;
	struct domain *domain;
	size_t cursor = 0;

	while ((domain = table_next(&manager->domains, &cursor))) {
		if (domain->dead || !*domain->name ||
		    !policy_guest_matches(section, domain->name, domain->uuid))
			continue;
		use->guests++;
		for (device = domain->devices; device; device = device->next)
			use->devices += device_is_serving(device) &&
					policy_device_matches(section, device->key.class,
							      device->record.name);
	}
}

int sections_list(struct manager *manager, struct section_use **ret, size_t *ret_n)
{
	const struct policy *policy = manager->policy;
	struct section_use *sections = calloc(policy->n_sections + 1, sizeof(*sections));

	if (!sections)
		return -ENOMEM;
	for (size_t i = 0; i < policy->n_sections; i++) {
		const struct policy_section *section = &policy->sections[i];
		char title[256];

		snprintf(title, sizeof(title), "[%s%s%s]", policy_scope_name(section->scope),
			 section->name ? " " : "", section->name ?: "");
		sections[i].title = escape(title);
		sections[i].line = section->line;
		sections[i].file = strdup(section->file ?: "");
		if (!sections[i].file) {
			sections_free(sections, i);
			return -ENOMEM;
		}
		count(manager, section, &sections[i]);
	}
	*ret = sections;
	*ret_n = policy->n_sections;
	return 0;
}
