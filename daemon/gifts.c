// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "device.h"
#include "domain.h"
#include "gifts.h"
#include "manager.h"
#include "messages.h"

/* Guests choose low ids for what they ask for. */
unsigned int gifts_free_devid(struct domain *domain, const char *class)
{
	unsigned int devid = MYDEVICE_DEVID_MAX;

	while (devid && device_find(domain, class, devid))
		devid--;
	return devid;
}

static void give(struct domain *domain, const struct policy_gift *gift)
{
	bool channel = !strcmp(gift->class, MYDEVICE_CLASS);
	struct device_plan plan = {
		.class = gift->class,
		.name = gift->name,
		.devid = channel ? gifts_free_devid(domain, gift->class) : gift->settings.devid,
		.origin = ORIGIN_POLICY,
		.grant = policy_gift_grant(&gift->settings),
		.settings = &gift->settings,
		.began_usec = monotonic_usec(),
	};
	struct reason reason = {};
	int r;

	/* on its way out: when it is gone, all are looked at again */
	if (device_find(domain, plan.class, plan.devid))
		return;
	r = device_attach(domain, &plan, &reason);
	if (r == 0 || r == -ENOTCONN || r == -ESRCH)
		return;
	if (r != -EHOSTUNREACH)
		domain_retry(domain);
	domain_log(domain, NULL, LOG_WARNING, MSG_DENIED, "%s %s is to be given: %s", plan.class,
		   plan.name, reason.text);
}

bool gifts_turn(struct domain *domain)
{
	struct policy_gift gift;

	/* not before it is known whose they are */
	if (!domain->ungiven || !*domain->name)
		return false;
	while (policy_next_gift(domain->manager->policy, domain->name, domain->uuid,
				&domain->next_gift, &gift)) {
		if (device_find_named(domain, gift.class, gift.name) ||
		    withheld_has(&domain->withheld, gift.class, gift.name))
			continue;
		give(domain, &gift);
		return true;
	}
	domain->ungiven = false;
	return false;
}
