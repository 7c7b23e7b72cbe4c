// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/messages.h"
#include "engine/device.h"
#include "engine/device-attach.h"
#include "engine/gifts.h"
#include "engine/guest.h"
#include "engine/guest-log.h"
#include "engine/host.h"

/* Guests choose low ids for what they ask for. */
unsigned int gifts_free_devid(struct domain *domain, const char *class)
{
	unsigned int devid = MYDEVICE_DEVID_MAX;

	while (devid && device_find(domain, class, devid))
		devid--;
	return devid;
}

/* FNV-1a: of the few gifts that a policy has none has the same as another. */
static uint64_t number_of(const struct device_plan *plan)
{
	const char *const parts[] = { plan->class, "/", plan->name };
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		for (const char *at = parts[i]; *at; at++)
			hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	return hash;
}

/* It is tried again for many reasons; that it does not work is logged once. */
static void log_error_once(struct domain *domain, const struct device_plan *plan,
			   const struct reason *reason)
{
	uint64_t number = number_of(plan);

	if (memo_has(&domain->gift_errors, number, reason->text))
		return;
	memo_set(&domain->gift_errors, number, reason->text);
	domain_log(domain, NULL, LOG_WARNING, MSG_DENIED, "%s %s is to be given: %s", plan->class,
		   plan->name, reason->text);
}

static void give(struct domain *domain, const struct device_plan *plan)
{
	struct reason reason = {};
	int r;

	/* on its way out: when it is gone, all are looked at again */
	if (device_find(domain, plan->class, plan->devid))
		return;
	r = device_attach(domain, plan, &reason);
	if (r == 0)
		memo_drop(&domain->gift_errors, number_of(plan));
	if (r == 0 || r == -ENOTCONN || r == -ESRCH)
		return;
	if (r != -EHOSTUNREACH)
		domain_retry(domain);
	log_error_once(domain, plan, &reason);
}

static void give_gift(struct domain *domain, const struct policy_gift *gift)
{
	bool any = kind_of(gift->class, gift->settings.mode)->any_devid;
	struct device_plan plan = {
		.class = gift->class,
		.name = gift->name,
		.devid = any ? gifts_free_devid(domain, gift->class) : gift->settings.devid,
		.origin = ORIGIN_POLICY,
		.grant = policy_gift_grant(&gift->settings),
		.settings = &gift->settings,
		.began_usec = monotonic_usec(),
	};

	give(domain, &plan);
}

/* As its operator wanted it, whatever the policy says by now of the rest. */
static void give_kept(struct domain *domain, const struct kept *kept)
{
	struct policy_subject subject = {
		.guest = domain->name,
		.uuid = domain->uuid,
		.class = kept->class,
		.name = kept->record.name,
	};
	struct policy_settings settings = policy_resolve(domain->manager->policy, &subject);
	struct device_plan plan = {
		.class = kept->class,
		.name = kept->record.name,
		.devid = kept->devid,
		.origin = ORIGIN_OPERATOR,
		.grant = { .mode = kept->record.mode, .ring_size = kept->record.ring_size },
		.settings = &settings,
		.began_usec = monotonic_usec(),
	};

	if (kind_of(kept->class, kept->record.mode)->any_devid && device_find(domain, plan.class, plan.devid))
		plan.devid = gifts_free_devid(domain, kept->class);
	give(domain, &plan);
}

static bool has_or_must_not(struct domain *domain, const char *class, const char *name)
{
	return device_find_named(domain, class, name) ||
	       withheld_has(&domain->withheld, class, name);
}

bool gifts_turn(struct domain *domain)
{
	struct policy_gift gift;

	/* not before it is known whose they are */
	if (!domain->ungiven || !*domain->name)
		return false;
	/* what an operator wanted comes first: the policy may give another by the name */
	while (domain->next_kept < domain->kept.n) {
		const struct kept *kept = &domain->kept.list[domain->next_kept++];

		if (has_or_must_not(domain, kept->class, kept->record.name) ||
		    !policy_knows_class(domain->manager->policy, kept->class))
			continue;
		give_kept(domain, kept);
		return true;
	}
	while (policy_next_gift(domain->manager->policy, domain->name, domain->uuid,
				&domain->next_gift, &gift)) {
		if (has_or_must_not(domain, gift.class, gift.name))
			continue;
		give_gift(domain, &gift);
		return true;
	}
	domain->ungiven = false;
	return false;
}
