// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/messages.h"
#include "base/name.h"
#include "engine/guest.h"
#include "engine/host.h"

/* Once for each storm. */
#define PAUSE_LOG_USEC (60 * USEC_PER_SEC)

void domain_enqueue(struct domain *domain)
{
	/* who has to wait comes back by himself */
	if (domain->pause)
		return;
	queue_append(&domain->manager->queue, &domain->place);
	manager_wake(domain->manager);
}

static int on_pause_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct domain *domain = userdata;

	domain->pause = sd_event_source_disable_unref(domain->pause);
	domain_enqueue(domain);
	return 0;
}

int domain_pause(struct domain *domain, uint64_t usec)
{
	domain->pause = sd_event_source_disable_unref(domain->pause);
	return sd_event_add_time_relative(domain->manager->event, &domain->pause, CLOCK_MONOTONIC,
					  usec, 0, on_pause_over, domain);
}

void domain_publish_counts(const struct domain *domain)
{
	struct guest_counts counts = {
		.domid = domain->domid,
		.guest = escape(domain->name),
		.requests = domain->n_requests,
		.refused = domain->n_refused,
		.pauses = domain->n_pauses,
	};

	registry_publish_guest(domain->manager->registry, domain->generation, &counts);
}

void domain_note_request(const struct domain *domain, const struct request_entry *entry)
{
	struct request_log guest = { .domid = domain->domid, .guest = escape(domain->name) };

	strcpy(guest.uuid, domain->uuid);
	registry_note_request(domain->manager->registry, &guest, entry);
}

void domain_note_waiting(struct domain *domain, const char *reason)
{
	struct request_entry entry = { .devid = REQUEST_LOG_NO_DEVID, .state = REQUEST_WAITING };

	snprintf(entry.reason, sizeof(entry.reason), "all its requests: %s", reason);
	domain_note_request(domain, &entry);
	domain->waits = true;
}

void domain_note_served(struct domain *domain)
{
	registry_grant_request(domain->manager->registry, domain->domid, REQUEST_LOG_NO_DEVID, "");
	domain->waits = false;
}

void domain_count_pause(struct domain *domain)
{
	registry_count(domain->manager->registry, COUNT_PAUSES);
	domain->n_pauses++;
	domain_publish_counts(domain);
}

void domain_note_throttled(struct domain *domain)
{
	struct escaped guest = escape(domain->name);
	struct log_about about = {
		.message_id = MSG_THROTTLED,
		.domid = (int)domain->domid,
		.devid = -1,
		.guest = guest.text,
	};

	domain_count_pause(domain);
	domain_note_waiting(domain, "it keeps the daemon busy and has to wait for its turns "
			    "(RateLimitBurst= in attachd.conf)");
	if (!rate_take(&domain->pause_log, monotonic_usec(), 1, PAUSE_LOG_USEC))
		log_about(LOG_WARNING, 0, &about,
			  "guest %s (%u): it keeps this daemon busy and has to wait for its turns "
			  "(RateLimitBurst= in attachd.conf)",
			  guest.text, domain->domid);
}

void domain_rescan(struct domain *domain)
{
	domain->unscanned = true;
	domain->ungiven = true;
	domain->next_gift = 0;
	domain->next_kept = 0;
	domain_enqueue(domain);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct domain *domain = userdata;

	domain->retry = sd_event_source_disable_unref(domain->retry);
	domain->unidentified = true;
	domain_rescan(domain);
	return 0;
}

void domain_retry(struct domain *domain)
{
	if (domain->retry)
		return;
	sd_event_add_time_relative(domain->manager->event, &domain->retry, CLOCK_MONOTONIC,
				   backoff_retry(&domain->retries, monotonic_usec()), 0,
				   on_retry, domain);
}

int domain_read(const struct domain *domain, const char *node, char **ret)
{
	struct path home = path_domain(domain->domid), path = path_child(&home, node);
	int r = store_read(domain->manager->store, 0, path.text, ret, NULL);

	return r == -ENOENT ? 0 : r;
}

bool domain_name_is_stale(const struct domain *domain)
{
	return domain->misread ||
	       (domain->unidentified && (domain->unreconciled || domain->retry || domain->pause));
}

bool domain_has_name(const struct domain *domain, const char *name)
{
	_cleanup_free_ char *now = NULL;

	if (!domain_name_is_stale(domain))
		return !strcmp(domain->name, name);
	return domain_read(domain, "name", &now) == 0 && now && !strcmp(now, name);
}

/* Its name as it is now: the event of a change may still be on its way. */
static int is_leaving(const struct domain *domain)
{
	_cleanup_free_ char *name = NULL;
	int r = domain_read(domain, "name", &name);

	if (r < 0)
		return r;
	return !name || !*name || name_is_migrating(name);
}

int domain_has_twin(const struct domain *domain)
{
	const struct domain *other;
	size_t cursor = 0;

	while ((other = table_next(&domain->manager->domains, &cursor))) {
		int r;

		if (other == domain || other->dead || strcmp(other->uuid, domain->uuid) != 0)
			continue;
		r = is_leaving(other);
		if (r <= 0)
			return r < 0 ? r : 1;
	}
	return 0;
}
