// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "engine/device.h"
#include "engine/guest.h"
#include "engine/host.h"
#include "engine/wish.h"

/* Guests choose low ids for what they ask for. */
static unsigned int free_devid(struct domain *domain, const char *class)
{
	unsigned int devid = MYDEVICE_DEVID_MAX;

	while (devid && device_find(domain, class, devid))
		devid--;
	return devid;
}

static unsigned int count_requested(const struct domain *domain)
{
	const struct device *device;
	unsigned int n = 0;

	for (device = domain->devices; device; device = device->next)
		n += device->phase != PHASE_REMOVED && device->record.origin == ORIGIN_REQUEST;
	return n;
}

static unsigned int choose_devid(struct domain *domain, const struct wish *wish,
				 const struct policy_settings *settings)
{
	bool any = kind_of(wish->class, wish->mode)->any_devid;

	if (wish->devid == WISH_ANY_DEVID)
		return any ? free_devid(domain, wish->class) : settings->devid;
	/* a guest has chosen it */
	if (!any || wish->origin == ORIGIN_REQUEST)
		return wish->devid;
	return device_find(domain, wish->class, wish->devid) ? free_devid(domain, wish->class) :
							       wish->devid;
}

static int grant(struct domain *domain, const struct wish *wish,
		 struct policy_settings *settings, struct policy_grant *ret,
		 struct reason *ret_reason)
{
	struct request request = { .mode = wish->mode, .ring_size = wish->ring_size };

	if (wish->origin == ORIGIN_REQUEST) {
		strcpy(request.name, wish->name);
		return policy_decide(settings, &request, count_requested(domain), ret, ret_reason);
	}
	if (wish->mode != MODE_ANY)
		settings->mode = wish->mode;
	if (wish->ring_size)
		settings->ring_size = wish->ring_size;
	*ret = policy_gift_grant(settings);
	if (wish->granted)
		*ret = (struct policy_grant){ .mode = wish->mode,
					      .ring_size = (uint32_t)wish->ring_size };
	return 0;
}

int wish_resolve(struct domain *domain, const struct wish *wish, struct resolved_wish *ret,
		 struct reason *ret_reason)
{
	struct policy_subject subject = {
		.guest = domain->name,
		.uuid = domain->uuid,
		.class = wish->class,
		.name = wish->name,
	};
	int r;

	ret->settings = wish->settings ? *wish->settings :
		policy_resolve(domain->manager->policy, &subject);
	ret->plan = (struct device_plan){
		.class = wish->class,
		.name = wish->name,
		.origin = wish->origin,
		.settings = &ret->settings,
		.began_usec = wish->began_usec,
	};
	r = grant(domain, wish, &ret->settings, &ret->plan.grant, ret_reason);
	if (r < 0)
		return r;
	ret->plan.devid = choose_devid(domain, wish, &ret->settings);
	return 0;
}
