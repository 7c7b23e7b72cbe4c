// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/diagnosis.h"
#include "base/messages.h"
#include "engine/guest.h"
#include "engine/guest-policy.h"
#include "engine/guest-turn.h"
#include "engine/host.h"
#include "engine/manager.h"
#include "engine/reconcile.h"
#include "notes/kept.h"
#include "notes/withheld.h"
#include "store/socket.h"

/* Domain 0, or the domain that stands in for it, serves all channels. */
#define BACKEND_DOMID 0

#define PROBE_USEC (2 * USEC_PER_SEC)
#define PROBE_ACCURACY_USEC (250 * USEC_PER_MSEC)

/* In which two guests that hold up XenStore are held to be innocent. */
#define STALL_USEC (60 * USEC_PER_SEC)

/*
 * There is work for as long as a guest storms. Deadlines, the probe and the
 * policy's mail come before it, or they would come after the storm.
 */
#define WORK_PRIORITY (SD_EVENT_PRIORITY_NORMAL + 10)

/* Events are cheap, since they only set marks; but turns must come in between. */
#define EVENTS_PER_DISPATCH 512
#define CATCH_UP_DISPATCHES 64

static int on_store_events(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct manager *manager = userdata;

	store_dispatch(manager->store, EVENTS_PER_DISPATCH);
	return 0;
}

/* The events carry no domid. */
static void on_domain_came(const char *path, void *userdata)
{
	struct manager *manager = userdata;

	manager->domains_came = true;
	manager_wake(manager);
}

static void on_domains_changed(const char *path, void *userdata)
{
	struct manager *manager = userdata;

	manager->domains_changed = true;
	manager_wake(manager);
}

static int add_domain(struct manager *manager, const struct domain_fact *fact)
{
	struct domain *domain;
	int r;

	/* still being built: there will be an event when it is introduced */
	r = store_is_introduced(manager->store, fact->domid);
	if (r <= 0)
		return r;
	domain = domain_new(manager, fact->domid, fact->uuid);
	if (!domain)
		return -ENOMEM;
	r = table_add(&manager->domains, domain->domid, domain);
	if (r < 0) {
		domain_free(domain);
		return r;
	}
	domain_enqueue(domain);
	return 0;
}

static bool is_domid(const struct request_log *guest, void *userdata)
{
	return guest->domid == *(unsigned int *)userdata;
}

static bool is_unknown(const struct request_log *guest, void *userdata)
{
	return !manager_find_domain(userdata, guest->domid);
}

static void forget_domain(struct manager *manager, struct domain *domain)
{
	if (domain->withheld.n)
		withheld_drop_all(manager->store, domain->domid);
	if (domain->reborn)
		on_domains_changed(NULL, manager);
	table_remove(&manager->domains, domain->domid);
	registry_end_requests(manager->registry, is_domid, &domain->domid);
	registry_set_guests(manager->registry, (unsigned int)manager->domains.used);
	domain_free(domain);
}

static int meet_domain(struct manager *manager, const struct domain_fact *fact)
{
	struct domain *domain = manager_find_domain(manager, fact->domid);
	bool same;

	if (fact->domid == manager->backend || !fact->running)
		return 0;
	if (!domain)
		return add_domain(manager, fact);
	same = !*fact->uuid || !strcmp(fact->uuid, domain->uuid);
	domain->mentioned = same;
	domain->reborn = domain->dead || !same;
	return 0;
}

/* One that is still being built is met again. */
static int meet_domains(struct manager *manager, unsigned int first)
{
	_cleanup_free_ struct domain_fact *facts = NULL;
	unsigned int next = first;
	bool all = true;
	size_t n;
	int r;

	r = facts_list(manager->facts, manager->store, first, &facts, &n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = meet_domain(manager, &facts[i]);
		if (facts[i].domid != manager->backend && facts[i].running)
			all = all && manager_find_domain(manager, facts[i].domid);
		if (all && facts[i].domid >= next)
			next = facts[i].domid + 1;
	}
	if (r < 0)
		return r;
	manager->next_domid = next;
	registry_set_guests(manager->registry, (unsigned int)manager->domains.used);
	registry_set_store(manager->registry, true, facts_degraded(manager->facts));
	return 0;
}

/*
 * Compares the domains there are with those that are known, and begins and
 * ends accordingly.
 */
static int refresh_domains(struct manager *manager)
{
	struct domain *domain;
	size_t cursor;
	int r;

	manager->domains_came = false;
	manager->domains_changed = false;
	manager->domains_unsure = false;
	for (cursor = 0; (domain = table_next(&manager->domains, &cursor));)
		domain->mentioned = false;
	r = meet_domains(manager, 0);
	if (r < 0)
		return r;
	for (cursor = 0; (domain = table_next(&manager->domains, &cursor));)
		if (!domain->mentioned && !domain->dead)
			domain_bury(domain);
	return 0;
}

/*
 * A new domain has a higher domid than all before it, until these begin anew or a
 * toolstack chooses one. To list all of them for each would be dear among many.
 */
static int look_for_new_domains(struct manager *manager)
{
	size_t before = manager->domains.used;
	int r;

	manager->domains_came = false;
	r = meet_domains(manager, manager->next_domid);
	if (r < 0)
		return r;
	manager->domains_unsure = true;
	return manager->domains.used > before ? 0 : refresh_domains(manager);
}

static int list_domains(struct manager *manager)
{
	if (manager->domains_changed)
		return refresh_domains(manager);
	return manager->domains_came ? look_for_new_domains(manager) : 0;
}

int manager_catch_up(struct manager *manager)
{
	int r = store_sync(manager->store);

	if (r < 0)
		return r;
	/* with a bound: a guest may cause events without end */
	for (unsigned int i = 0; i < CATCH_UP_DISPATCHES; i++)
		if (store_dispatch(manager->store, EVENTS_PER_DISPATCH) < EVENTS_PER_DISPATCH)
			break;
	r = list_domains(manager);
	/* the next probe lists them again */
	if (r < 0)
		manager->domains_changed = true;
	return r;
}

/*
 * The one for whom something was written last. If it was another only just now, both
 * may have a reader in common that reads nothing, and it is not them.
 */
static bool shun_who_stalls(struct manager *manager)
{
	const char *path = manager->store ? store_stalled_at(manager->store) : NULL;
	uint64_t last_usec = manager->stalled_usec, now = monotonic_usec();
	unsigned int domid, last = manager->stalled_by;
	struct domain *domain;

	if (!path || path_parse_guest(path, &domid) < 0)
		return false;
	manager->stalled_usec = now;
	manager->stalled_by = domid;
	domain = manager_find_domain(manager, domid);
	if (!domain || (last_usec && last != domid && now - last_usec < STALL_USEC))
		return false;
	domain_shun(domain);
	return true;
}

static void disconnect(struct manager *manager)
{
	struct domain *domain;
	size_t cursor = 0;

	/* the channels go on, and most of them are found again */
	registry_hold(manager->registry);
	manager->store_events = sd_event_source_disable_unref(manager->store_events);
	manager->remains = sd_event_source_disable_unref(manager->remains);
	/* first, or xenstored would be told of the end of each watch */
	store_close(steal(&manager->store));
	while ((domain = table_next(&manager->domains, &cursor)))
		domain_free(domain);
	table_done(&manager->domains);
	store_unwatch(steal(&manager->introduce_watch));
	store_unwatch(steal(&manager->release_watch));
	manager->domains_came = false;
	manager->domains_changed = false;
	manager->domains_unsure = false;
	registry_set_store(manager->registry, false, facts_degraded(manager->facts));
}

/* What a failed call set aside does not show on the descriptor. */
static int before_waiting(sd_event_source *source, void *userdata)
{
	struct manager *manager = userdata;

	if (store_has_events(manager->store))
		manager_wake(manager);
	return 0;
}

static int reconcile_all(struct manager *manager)
{
	int r;

	r = kept_begin(manager->store, &manager->keeps);
	if (r < 0)
		return r;
	r = store_watch(manager->store, "@introduceDomain", on_domain_came, manager,
			&manager->introduce_watch);
	if (r < 0)
		return r;
	r = store_watch(manager->store, "@releaseDomain", on_domains_changed, manager,
			&manager->release_watch);
	if (r < 0)
		return r;
	r = refresh_domains(manager);
	if (r < 0)
		return r;
	r = reconcile(manager);
	if (r < 0)
		return r;
	r = sd_event_add_io(manager->event, &manager->store_events, store_fd(manager->store),
			    EPOLLIN, on_store_events, manager);
	if (r < 0)
		return r;
	r = sd_event_source_set_prepare(manager->store_events, before_waiting);
	if (r < 0)
		return r;
	return sd_event_source_set_priority(manager->store_events, WORK_PRIORITY);
}

static void note_missing(const struct manager *manager, int error)
{
	enum host_role role = diagnose_role(HOST_SYSFS);

	if (manager->store)
		log_warning("cannot begin to serve: %s; trying again", store_strerror(error));
	else if (error == -EACCES)
		log_warning("user %u may not use xenstored's socket, %s; trying again", getuid(),
			    store_socket());
	else
		log_warning("xenstored does not answer: %s; trying again", store_strerror(error));
	if (diagnose_role_text(role) && (error != -EACCES || role == HOST_GUEST))
		log_warning("%s", diagnose_role_text(role));
	log_notice("%s", diagnose_store(role, error == -EACCES));
}

static void connect(struct manager *manager)
{
	int r;

	r = store_open(&manager->store);
	if (r == 0)
		r = reconcile_all(manager);
	if (r < 0) {
		if (!shun_who_stalls(manager) && !manager->store_missing)
			note_missing(manager, r);
		manager->store_missing = true;
		disconnect(manager);
		return;
	}
	manager->store_missing = false;
	domains_let_go(manager);
	registry_end_requests(manager->registry, is_unknown, manager);
	log_info("connected to XenStore: %zu guests", manager->domains.used);
	registry_set_store(manager->registry, true, facts_degraded(manager->facts));
	if (manager->on_ready)
		manager->on_ready(manager->userdata);
	manager->on_ready = NULL;
}

static void note_lost(struct manager *manager)
{
	struct log_about about = { .message_id = MSG_STORE_LOST, .domid = -1, .devid = -1 };

	if (shun_who_stalls(manager)) {
		disconnect(manager);
		connect(manager);
		return;
	}
	log_about(LOG_WARNING, 0, &about, store_stalled_at(manager->store) ?
		  "xenstored serves others, but not this daemon; connecting anew" :
		  "xenstored has gone; waiting for it; channels that are connected stay so");
	registry_count(manager->registry, COUNT_STORE_LOST);
	manager->store_missing = true;
	disconnect(manager);
}

static int on_probe(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct manager *manager = userdata;
	int r;

	if (!manager->store)
		connect(manager);
	else if (store_probe(manager->store) == -ENOTCONN)
		note_lost(manager);
	else
		store_dispatch(manager->store, EVENTS_PER_DISPATCH);
	/* listing the domains failed, or was not whole, and this is the later time for it */
	manager->domains_changed |= manager->domains_unsure;
	if (manager->domains_changed)
		manager_wake(manager);
	/* only here: whoever reads it knows that no call of this thread hangs */
	registry_beat(manager->registry);
	r = sd_event_source_set_time_accuracy(source, PROBE_ACCURACY_USEC);
	if (r < 0)
		return r;
	r = sd_event_source_set_time_relative(source, PROBE_USEC);
	return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void do_turn(struct manager *manager)
{
	struct queue_place *place = queue_take(&manager->queue);
	struct domain *domain;

	if (!place)
		return;
	domain = domain_of_place(place);
	if (domain_turn(domain))
		domain_enqueue(domain);
	else if (domain->dead && !domain->devices && !domain->unreconciled)
		forget_domain(manager, domain);
}

/* 0, or -errno: there is nothing to be done before the next probe. */
static int do_work(struct manager *manager)
{
	int r;

	if (!manager->store)
		return 0;
	if (!manager->domains_changed && !manager->domains_came) {
		do_turn(manager);
		store_dispatch(manager->store, EVENTS_PER_DISPATCH);
		return 0;
	}
	r = list_domains(manager);
	if (r == 0 || r == -ENOTCONN)
		return 0;
	manager->domains_changed = true;
	return log_error(r, "cannot list the domains: %s; trying again later", store_strerror(r));
}

static int on_turn(sd_event_source *source, void *userdata)
{
	struct manager *manager = userdata;
	int r = do_work(manager);

	if (manager->orders_wait)
		manager->orders_wait = manager->execute_order(manager->userdata);
	if (manager->store && store_is_dead(manager->store))
		note_lost(manager);
	if (manager->orders_wait)
		return 0;
	if (r == 0 && (manager->queue.first || manager->domains_changed || manager->domains_came))
		return 0;
	return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

void manager_wake_for_orders(struct manager *manager)
{
	manager->orders_wait = manager->execute_order;
	manager_wake(manager);
}

void manager_set_policy(struct manager *manager, struct policy *policy)
{
	struct domain *domain;
	size_t cursor = 0;

	policy_free(manager->policy);
	manager->policy = policy;
	while ((domain = table_next(&manager->domains, &cursor)))
		domain_reconsider(domain);
}

int manager_new(const struct manager_options *options, struct manager **ret)
{
	struct manager *manager = calloc(1, sizeof(*manager));
	int r;

	if (!manager)
		return -ENOMEM;
	manager->event = sd_event_ref(options->event);
	manager->registry = options->registry;
	manager->on_ready = options->on_ready;
	manager->execute_order = options->execute_order;
	manager->userdata = options->userdata;
	manager->backend = BACKEND_DOMID;
	r = facts_new(options->xenctrl, &manager->facts);
	if (r < 0)
		goto fail;
	r = sd_event_add_defer(manager->event, &manager->turns, on_turn, manager);
	if (r < 0)
		goto fail;
	r = sd_event_source_set_enabled(manager->turns, SD_EVENT_OFF);
	if (r < 0)
		goto fail;
	r = sd_event_source_set_priority(manager->turns, WORK_PRIORITY);
	if (r < 0)
		goto fail;
	/* the first one is the start, which has no reason to wait */
	r = sd_event_add_time_relative(manager->event, &manager->probe, CLOCK_MONOTONIC, 0, 1,
				       on_probe, manager);
	if (r < 0)
		goto fail;
	manager->policy = options->policy;
	*ret = manager;
	return 0;

fail:
	manager_free(manager);
	return r;
}

void manager_free(struct manager *manager)
{
	if (!manager)
		return;
	if (manager->facts)
		disconnect(manager);
	registry_let_go(manager->registry, NULL, NULL);
	sd_event_source_disable_unref(manager->probe);
	sd_event_source_disable_unref(manager->turns);
	facts_free(manager->facts);
	policy_free(manager->policy);
	sd_event_unref(manager->event);
	free(manager);
}
