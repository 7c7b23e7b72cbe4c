// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/messages.h"
#include "engine/device.h"
#include "engine/gifts.h"
#include "engine/guest.h"
#include "engine/guest-log.h"
#include "engine/host.h"
#include "engine/wish.h"

/* FNV-1a: of the few gifts that a policy has none has the same as another. */
static uint64_t number_of(const struct wish *wish)
{
	const char *const parts[] = { wish->class, "/", wish->name };
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		for (const char *at = parts[i]; *at; at++)
			hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	return hash;
}

/* It is tried again for many reasons; that it does not work is logged once. */
static void log_error_once(struct domain *domain, const struct wish *wish,
			   const struct reason *reason)
{
	uint64_t number = number_of(wish);

	if (memo_has(&domain->gift_errors, number, reason->text))
		return;
	memo_set(&domain->gift_errors, number, reason->text);
	domain_log(domain, NULL, LOG_WARNING, MSG_DENIED, "%s %s is to be given: %s", wish->class,
		   wish->name, reason->text);
}

static void give(struct domain *domain, const struct wish *wish)
{
	struct reason reason = {};
	struct resolved_wish resolved;
	int r;

	/* only a request can be refused */
	wish_resolve(domain, wish, &resolved, &reason);
	/* on its way out: when it is gone, all are looked at again */
	if (device_find(domain, wish->class, resolved.plan.devid))
		return;
	r = device_attach(domain, &resolved.plan, &reason);
	if (r == 0)
		memo_drop(&domain->gift_errors, number_of(wish));
	if (r == 0 || r == -ENOTCONN || r == -ESRCH)
		return;
	if (r != -EHOSTUNREACH)
		domain_retry(domain);
	log_error_once(domain, wish, &reason);
}

static void give_gift(struct domain *domain, const struct policy_gift *gift)
{
	struct wish wish = {
		.origin = ORIGIN_POLICY,
		.class = gift->class,
		.name = gift->name,
		.devid = WISH_ANY_DEVID,
		.mode = MODE_ANY,
		.began_usec = monotonic_usec(),
		.settings = &gift->settings,
	};

	give(domain, &wish);
}

/* As its operator wanted it, whatever the policy says by now of the rest. */
static void give_kept(struct domain *domain, const struct note *kept)
{
	struct wish wish = {
		.origin = ORIGIN_OPERATOR,
		.class = kept->class,
		.name = kept->record.name,
		.devid = kept->devid,
		.mode = kept->record.mode,
		.ring_size = kept->record.ring_size,
		.granted = true,
		.began_usec = monotonic_usec(),
	};

	give(domain, &wish);
}

static bool has_or_must_not(struct domain *domain, const char *class, const char *name)
{
	return device_find_named(domain, class, name) ||
	       note_list_find(&domain->withheld, class, name);
}

bool gifts_turn(struct domain *domain)
{
	struct policy_gift gift;

	/* not before it is known whose they are */
	if (!domain->ungiven || !*domain->name)
		return false;
	/* what an operator wanted comes first: the policy may give another by the name */
	while (domain->next_kept < domain->kept.n) {
		const struct note *kept = &domain->kept.list[domain->next_kept++];

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
