// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/host.h"

struct domain *manager_find_domain(struct manager *manager, unsigned int domid)
{
	return table_get(&manager->domains, domid);
}

void manager_wake(struct manager *manager)
{
	sd_event_source_set_enabled(manager->turns, SD_EVENT_ON);
}
