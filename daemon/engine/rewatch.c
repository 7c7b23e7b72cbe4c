// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "engine/device.h"
#include "engine/device-watch.h"
#include "engine/guest.h"
#include "engine/guest-log.h"
#include "engine/host.h"
#include "engine/requests.h"
#include "engine/rewatch.h"
#include "engine/throttle.h"

static struct device *throttled_device(struct domain *domain)
{
	struct device *device;

	for (device = domain->devices; device; device = device->next)
		if (device->throttled)
			return device;
	return NULL;
}

static int watch_requests(struct domain *domain)
{
	int r;

	domain->throttle.requests = false;
	if (domain->dead)
		return 0;
	r = store_watch(domain->manager->store, domain->requests.text, requests_on_event, domain,
			&domain->requests_watch);
	/* what changed is read, watched or not */
	if (r < 0)
		domain_rescan(domain);
	domain->throttle.requests = r < 0;
	return r;
}

static int watch_device(struct domain *domain)
{
	struct device *device = throttled_device(domain);
	int r;

	if (!device) {
		domain->throttle.devices = false;
		return 0;
	}
	r = device_watch(device);
	if (r < 0)
		device_look(device);
	device->throttled = r < 0;
	return r;
}

bool rewatch_turn(struct domain *domain)
{
	struct throttle *throttle = &domain->throttle;
	int r;

	if ((!throttle->requests && !throttle->devices) || throttle->restore)
		return false;
	r = throttle->requests ? watch_requests(domain) : watch_device(domain);
	if (r < 0 && r != -ENOTCONN) {
		domain_log(domain, NULL, LOG_WARNING, NULL,
			   "cannot watch its nodes: %s; trying again", store_strerror(r));
		throttle_set_restore(domain);
	}
	return true;
}
