// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "engine/guest.h"
#include "engine/guest-turn.h"
#include "engine/host.h"
#include "engine/lookup.h"
#include "engine/manager.h"
#include "model/guest-ref.h"

/* Candidates that an error lists. */
#define CANDIDATES_MAX 6

int lookup_prepare(struct manager *manager)
{
	struct domain *domain;
	size_t cursor = 0;
	int r = manager_catch_up(manager);

	if (r < 0)
		return r;
	while ((domain = table_next(&manager->domains, &cursor))) {
		r = domain_update_identity(domain);
		if (r == -ENOTCONN)
			return r;
	}
	return 0;
}

/* Of one whose name could not be read, nobody knows whether it is still the same. */
static bool matches(const struct domain *domain, const struct guest_ref *ref)
{
	if (domain->dead || !*domain->name || (domain->misread && ref->kind == GUEST_BY_NAME))
		return false;
	return guest_ref_matches(ref, domain->domid, domain->uuid, escape(domain->name).text);
}

/* One that leaves by migration has its name and its UUID only until its copy has them. */
static struct domain *next_match(struct manager *manager, const struct guest_ref *ref,
				 bool leaving, size_t *cursor)
{
	struct domain *domain;

	while ((domain = table_next(&manager->domains, cursor)))
		if (domain->leaving == leaving && matches(domain, ref))
			return domain;
	return NULL;
}

static const char *other_of_name(struct manager *manager, const char *name, char *buffer,
				 size_t size)
{
	struct domain *domain;
	size_t cursor = 0;

	*buffer = '\0';
	while ((domain = table_next(&manager->domains, &cursor)))
		if (!domain->dead && !strcmp(domain->name, name))
			snprintf(buffer, size, "; domain %u (UUID %s) has this name, address it by "
				 "its domid or its UUID", domain->domid, domain->uuid);
	return buffer;
}

static int not_found(struct manager *manager, const struct guest_ref *ref, struct reason *reason)
{
	char hint[160];

	switch (ref->kind) {
	case GUEST_BY_DOMID:
		snprintf(reason->text, sizeof(reason->text), "there is no guest with domid %u%s",
			 ref->domid, other_of_name(manager, ref->name, hint, sizeof(hint)));
		break;
	case GUEST_BY_UUID:
		snprintf(reason->text, sizeof(reason->text), "there is no guest with UUID %s%s",
			 ref->uuid, other_of_name(manager, ref->name, hint, sizeof(hint)));
		break;
	default:
		snprintf(reason->text, sizeof(reason->text), "there is no guest \"%s\"",
			 escape(ref->name).text);
	}
	return -ESRCH;
}

static int ambiguous(struct manager *manager, const struct guest_ref *ref, bool leaving,
		     struct reason *reason)
{
	struct domain *domain;
	size_t cursor = 0, n = 0, len;

	len = (size_t)snprintf(reason->text, sizeof(reason->text),
			       "\"%.40s\" is not the only guest of this %s:",
			       escape(ref->name).text,
			       ref->kind == GUEST_BY_UUID ? "UUID" : "name");
	while (len < sizeof(reason->text) &&
	       (domain = next_match(manager, ref, leaving, &cursor))) {
		if (n++ < CANDIDATES_MAX)
			len += (size_t)snprintf(reason->text + len, sizeof(reason->text) - len,
						"%s domid %u UUID %s", n > 1 ? "," : "",
						domain->domid, *domain->uuid ? domain->uuid : "-");
		else if (n == CANDIDATES_MAX + 1)
			len += (size_t)snprintf(reason->text + len, sizeof(reason->text) - len,
						" and others");
	}
	return -ENOTUNIQ;
}

int lookup_guest(struct manager *manager, const char *text, struct domain **ret,
		 struct reason *ret_reason)
{
	struct guest_ref ref;
	bool leaving = false;
	struct domain *found;
	size_t cursor = 0;
	int r = guest_ref_parse(text, &ref, ret_reason);

	if (r < 0)
		return r;
	found = next_match(manager, &ref, leaving, &cursor);
	if (!found) {
		leaving = true;
		cursor = 0;
		found = next_match(manager, &ref, leaving, &cursor);
	}
	if (!found)
		return not_found(manager, &ref, ret_reason);
	if (next_match(manager, &ref, leaving, &cursor))
		return ambiguous(manager, &ref, leaving, ret_reason);
	*ret = found;
	return 0;
}
