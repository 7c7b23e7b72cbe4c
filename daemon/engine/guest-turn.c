// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/messages.h"
#include "engine/backend.h"
#include "engine/device.h"
#include "engine/device-turn.h"
#include "engine/gifts.h"
#include "engine/guest-log.h"
#include "engine/guest-name.h"
#include "engine/guest-notes.h"
#include "engine/guest-turn.h"
#include "engine/host.h"
#include "engine/records.h"
#include "engine/requests.h"
#include "engine/rewatch.h"
#include "engine/throttle.h"

struct domain *domain_new(struct manager *manager, unsigned int domid, const char *uuid)
{
	struct domain *domain = calloc(1, sizeof(*domain));

	if (!domain)
		return NULL;
	domain->manager = manager;
	domain->domid = domid;
	domain->generation = ++manager->last_generation;
	strcpy(domain->uuid, uuid);
	domain->requests = path_requests(domid, MYDEVICE_CLASS);
	domain->unidentified = true;
	domain->mentioned = true;
	/* as an earlier connection may have left it */
	domain->waits = true;
	return domain;
}

void domain_free(struct domain *domain)
{
	if (!domain)
		return;
	while (domain->devices)
		device_free(domain->devices);
	queue_remove(&domain->manager->queue, &domain->place);
	registry_withdraw_guest(domain->manager->registry, domain->generation);
	sd_event_source_disable_unref(domain->retry);
	sd_event_source_disable_unref(domain->pause);
	throttle_done(&domain->throttle);
	store_unwatch(domain->requests_watch);
	store_unwatch(domain->name_watch);
	note_list_done(&domain->kept);
	note_list_done(&domain->withheld);
	memo_done(&domain->refusals);
	memo_done(&domain->gift_errors);
	free(domain->suspects);
	manager_await_none(domain);
	free(domain);
}

void domain_bury(struct domain *domain)
{
	struct device *device;

	domain->dead = true;
	/* what waits for a script waits all the same */
	for (device = domain->devices; device; device = device->next)
		if (device->phase != PHASE_UNPLUGGING)
			device_drop_deadline(device);
	domain->retry = sd_event_source_disable_unref(domain->retry);
	domain->pause = sd_event_source_disable_unref(domain->pause);
	store_unwatch(steal(&domain->requests_watch));
	store_unwatch(steal(&domain->name_watch));
	manager_orphan_devices(domain->manager, domain->domid);
	manager_backend_came(domain->manager, domain->name);
	/* its grants are held until its backends let go */
	queue_prepend(&domain->manager->queue, &domain->place);
	manager_wake(domain->manager);
}

static const char *identity(const struct domain *domain, char *buffer)
{
	if (*domain->uuid)
		return domain->uuid;
	snprintf(buffer, UUID_SIZE, "%u", domain->domid);
	return buffer;
}

void domain_shun(struct domain *domain)
{
	char buffer[UUID_SIZE];
	uint64_t wait = shun_add(&domain->manager->shun, identity(domain, buffer),
				 monotonic_usec());

	registry_count(domain->manager->registry, COUNT_SHUNNED);
	domain_log(domain, NULL, LOG_WARNING, MSG_SHUNNED,
		   "it reads none of its XenStore events, so that xenstored served this daemon no "
		   "more; left alone for %llu s", (unsigned long long)(wait / USEC_PER_SEC));
}

int domain_stay_away(struct domain *domain)
{
	char buffer[UUID_SIZE];
	uint64_t left = shun_left(&domain->manager->shun, identity(domain, buffer),
				  monotonic_usec());
	int r;

	if (!left || domain->devices)
		return 0;
	r = domain_pause(domain, left);
	if (r < 0)
		return r;
	queue_remove(&domain->manager->queue, &domain->place);
	domain->unreconciled = true;
	domain_note_waiting(domain, "it held up XenStore and is left alone for a while");
	return 1;
}

bool domain_is_shunned(const struct domain *domain)
{
	char buffer[UUID_SIZE];

	return shun_left(&domain->manager->shun, identity(domain, buffer), monotonic_usec());
}

void domain_set_aside(struct domain *domain, int error)
{
	domain->unreconciled = true;
	domain_note_waiting(domain, "what it has cannot be read from XenStore");
	domain_log(domain, NULL, LOG_ERR, NULL,
		   "what it has cannot be read from XenStore: %s; trying again",
		   store_strerror(error));
	domain_retry(domain);
}

static struct device *device_with_work(struct domain *domain)
{
	struct device *device;

	for (device = domain->devices; device; device = device->next)
		if (device_has_work(device))
			return device;
	return NULL;
}

static bool is_left_out(const struct device_view *view, void *userdata)
{
	const struct domain *domain = manager_find_domain(userdata, view->key.guest);

	return domain && domain->unreconciled;
}

void domains_let_go(struct manager *manager)
{
	registry_let_go(manager->registry, is_left_out, manager);
}

/* Its time is over, or itself, and what it has was not read. */
static void read_devices(struct domain *domain)
{
	int r = records_settle(domain->manager, domain->domid);

	domain->unreconciled = false;
	if (r < 0)
		domain_set_aside(domain, r);
	domains_let_go(domain->manager);
}

/* That of a detach which could not be saved: it is no reason not to serve the guest. */
static void save_notes(struct domain *domain)
{
	int r = guest_notes_save(domain);

	if (r == 0 || r == -ENOTCONN)
		return;
	domain_log(domain, NULL, LOG_WARNING, NULL,
		   "cannot save which devices were detached by order: %s; trying again",
		   store_strerror(r));
	domain_retry(domain);
}

/* Who it is comes first: without its UUID what it has would be taken for another's. */
static int get_ready(struct domain *domain)
{
	int r = 0;

	if (domain->unidentified && !domain->dead) {
		domain->unidentified = false;
		r = domain_identify(domain);
		if (r == 0)
			r = domain_stay_away(domain);
	}
	if (r == 0 && domain->unreconciled)
		read_devices(domain);
	else if (r == 0 && domain->unnoted)
		save_notes(domain);
	return r;
}

static int try_to_get_ready(struct domain *domain)
{
	int r = get_ready(domain);

	if (r < 0) {
		domain_log(domain, NULL, LOG_ERR, NULL, "cannot be served: %s; trying again",
			   store_strerror(r));
		domain_retry(domain);
	}
	return r;
}

static int check_name(struct domain *domain)
{
	return domain->dead || !domain_name_is_stale(domain) ? 0 : domain_identify(domain);
}

int domain_update_identity(struct domain *domain)
{
	if (domain->dead || !domain->unidentified || domain->unreconciled || domain->retry)
		return check_name(domain);
	return try_to_get_ready(domain);
}

static void serve_device(struct domain *domain, struct device *device)
{
	unsigned int outcome = device_turn(device);

	if (outcome & DEVICE_PAUSED)
		domain_count_pause(domain);
	if (outcome & DEVICE_RESCAN)
		domain_rescan(domain);
}

static bool do_turn(struct domain *domain)
{
	struct device *device;

	if (rewatch_turn(domain))
		return true;
	device = device_with_work(domain);
	if (device) {
		serve_device(domain, device);
		return true;
	}
	if (domain->dead && !domain->unreconciled)
		return false;
	/* it was tried, and is to be tried again */
	if (domain->unreconciled && domain->retry)
		return false;
	if (domain->unreconciled || domain->unidentified)
		return try_to_get_ready(domain) >= 0;
	return gifts_turn(domain) || requests_turn(domain);
}

bool domain_turn(struct domain *domain)
{
	struct rate before = domain->rate;
	bool worked;

	if (!domain->dead && throttle_turn(domain))
		return false;
	worked = do_turn(domain);
	/* to find that there is nothing to do is free */
	if (!worked)
		domain->rate = before;
	if (!worked && domain->waits && !domain->unreconciled && !domain->throttle.requests)
		domain_note_served(domain);
	return worked;
}
