// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/table.h"
#include "view/registry.h"

struct entry {
	struct device_view view;
	bool gone;
	bool queued;
	struct entry *next;		/* in the queue */
};

struct registry {
	int fd;				/* an eventfd: the queue is not empty */
	pthread_mutex_t lock;
	/* protected by lock */
	struct table entries;		/* serial, as published -> struct entry */
	bool holding;
	struct table held;		/* serial, as told -> struct entry: see registry_hold() */
	struct table guests;		/* key -> struct guest_counts */
	struct table requests;		/* domid -> struct request_log, of those that have any */
	struct entry *first, **end;	/* those that changed; who is gone is only here */
	struct registry_status status;
};

struct registry *registry_new(void)
{
	struct registry *registry = calloc(1, sizeof(*registry));

	if (!registry)
		return NULL;
	registry->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (registry->fd < 0) {
		free(registry);
		return NULL;
	}
	pthread_mutex_init(&registry->lock, NULL);
	registry->end = &registry->first;
	registry->status.beat_usec = monotonic_usec();
	return registry;
}

/* Called with lock held. */
static struct entry *take_queued(struct registry *registry)
{
	struct entry *entry = registry->first;

	if (!entry)
		return NULL;
	registry->first = entry->next;
	if (!registry->first)
		registry->end = &registry->first;
	entry->next = NULL;
	entry->queued = false;
	return entry;
}

void registry_free(struct registry *registry)
{
	size_t cursor = 0;
	struct entry *entry;
	void *counts;

	if (!registry)
		return;
	while ((entry = take_queued(registry)))
		if (entry->gone)
			free(entry);
	while ((entry = table_next(&registry->entries, &cursor)))
		free(entry);
	table_done(&registry->entries);
	for (cursor = 0; (entry = table_next(&registry->held, &cursor));)
		free(entry);
	table_done(&registry->held);
	for (cursor = 0; (counts = table_next(&registry->guests, &cursor));)
		free(counts);
	table_done(&registry->guests);
	for (cursor = 0; (counts = table_next(&registry->requests, &cursor));)
		free(counts);
	table_done(&registry->requests);
	pthread_mutex_destroy(&registry->lock);
	close(registry->fd);
	free(registry);
}

/* Called with lock held. */
static void count(struct registry *registry, const struct device_view *view, int by)
{
	/* what is removed is only kept until its id may be used again */
	if (view->phase < PHASE_REMOVED)
		registry->status.metrics.devices += (unsigned int)by;
	if (view->phase == PHASE_CONNECTED)
		registry->status.metrics.connected += (unsigned int)by;
}

/* Called with lock held. */
static void enqueue(struct registry *registry, struct entry *entry)
{
	uint64_t one = 1;

	if (entry->queued)
		return;
	entry->queued = true;
	if (!registry->first && write(registry->fd, &one, sizeof(one)) < 0)
		log_error(-errno, "cannot wake the other thread: %m");
	*registry->end = entry;
	registry->end = &entry->next;
}

/* Called with lock held. */
static void let_go(struct registry *registry, struct entry *entry)
{
	count(registry, &entry->view, -1);
	entry->gone = true;
	enqueue(registry, entry);
}

static bool is_same(const struct device_view *a, const struct device_view *b)
{
	return a->key.guest == b->key.guest && a->key.devid == b->key.devid &&
	       !strcmp(a->key.class, b->key.class) && !strcmp(a->record.uuid, b->record.uuid) &&
	       a->record.requested_usec == b->record.requested_usec;
}

/* Called with lock held. The same device, with the serial that it had. */
static struct entry *take_held(struct registry *registry, const struct device_view *view)
{
	struct entry *entry;
	size_t cursor = 0;

	while ((entry = table_next(&registry->held, &cursor)))
		if (is_same(&entry->view, view))
			return table_remove(&registry->held, entry->view.serial);
	return NULL;
}

/* Called with lock held. */
static struct entry *add_entry(struct registry *registry, const struct device_view *view,
			       bool *ret_found_again)
{
	struct entry *entry = take_held(registry, view);

	*ret_found_again = entry;
	if (!entry) {
		entry = calloc(1, sizeof(*entry));
		if (!entry)
			return NULL;
		entry->view.serial = view->serial;
		entry->view.phase = PHASE_REMOVED;
	}
	if (table_add(&registry->entries, view->serial, entry) == 0)
		return entry;
	let_go(registry, entry);
	return NULL;
}

int registry_publish(struct registry *registry, const struct device_view *view)
{
	bool found_again = false;
	struct entry *entry;
	int r = 0;

	pthread_mutex_lock(&registry->lock);
	entry = table_get(&registry->entries, view->serial);
	if (!entry)
		entry = add_entry(registry, view, &found_again);
	if (!entry) {
		r = -ENOMEM;
	} else if (!found_again) {
		uint64_t serial = entry->view.serial;

		count(registry, &entry->view, -1);
		entry->view = *view;
		entry->view.serial = serial;
		count(registry, view, 1);
		enqueue(registry, entry);
	}
	pthread_mutex_unlock(&registry->lock);
	return r;
}

void registry_withdraw(struct registry *registry, uint64_t serial)
{
	struct entry *entry;

	pthread_mutex_lock(&registry->lock);
	entry = table_remove(&registry->entries, serial);
	if (entry && (!registry->holding ||
		      table_add(&registry->held, entry->view.serial, entry) < 0))
		let_go(registry, entry);
	pthread_mutex_unlock(&registry->lock);
}

void registry_hold(struct registry *registry)
{
	pthread_mutex_lock(&registry->lock);
	registry->holding = true;
	pthread_mutex_unlock(&registry->lock);
}

void registry_let_go(struct registry *registry,
		     bool (*keep)(const struct device_view *view, void *userdata),
		     void *userdata)
{
	struct table held;
	struct entry *entry;
	size_t cursor = 0;

	pthread_mutex_lock(&registry->lock);
	registry->holding = false;
	held = registry->held;
	registry->held = (struct table){};
	while ((entry = table_next(&held, &cursor)))
		if (!keep || !keep(&entry->view, userdata) ||
		    table_add(&registry->held, entry->view.serial, entry) < 0)
			let_go(registry, entry);
	pthread_mutex_unlock(&registry->lock);
	table_done(&held);
}

int registry_fd(struct registry *registry)
{
	return registry->fd;
}

enum registry_change registry_next_change(struct registry *registry, struct device_view *ret)
{
	enum registry_change change = REGISTRY_NONE;
	struct entry *entry;
	uint64_t n;

	pthread_mutex_lock(&registry->lock);
	entry = take_queued(registry);
	if (entry) {
		*ret = entry->view;
		change = entry->gone ? REGISTRY_GONE : REGISTRY_CHANGED;
		if (entry->gone)
			free(entry);
	} else if (read(registry->fd, &n, sizeof(n)) < 0 && errno != EAGAIN) {
		log_error(-errno, "cannot read what the other thread wrote: %m");
	}
	pthread_mutex_unlock(&registry->lock);
	return change;
}

void registry_beat(struct registry *registry)
{
	pthread_mutex_lock(&registry->lock);
	registry->status.beat_usec = monotonic_usec();
	pthread_mutex_unlock(&registry->lock);
}

void registry_set_store(struct registry *registry, bool connected, bool facts_degraded)
{
	pthread_mutex_lock(&registry->lock);
	registry->status.metrics.store_connected = connected;
	registry->status.metrics.facts_degraded = facts_degraded;
	pthread_mutex_unlock(&registry->lock);
}

void registry_set_guests(struct registry *registry, unsigned int guests)
{
	pthread_mutex_lock(&registry->lock);
	registry->status.metrics.guests = guests;
	pthread_mutex_unlock(&registry->lock);
}

void registry_count_served(struct registry *registry)
{
	pthread_mutex_lock(&registry->lock);
	registry->status.metrics.served++;
	pthread_mutex_unlock(&registry->lock);
}

void registry_count(struct registry *registry, enum counter counter)
{
	pthread_mutex_lock(&registry->lock);
	registry->status.metrics.counters[counter]++;
	pthread_mutex_unlock(&registry->lock);
}

void registry_note_written(struct registry *registry, uint64_t usec)
{
	pthread_mutex_lock(&registry->lock);
	registry->status.metrics.counters[COUNT_ATTACHED]++;
	histogram_add(&registry->status.metrics.written, usec);
	pthread_mutex_unlock(&registry->lock);
}

void registry_note_connected(struct registry *registry, uint64_t usec)
{
	pthread_mutex_lock(&registry->lock);
	histogram_add(&registry->status.metrics.connected_after, usec);
	pthread_mutex_unlock(&registry->lock);
}

void registry_set_policy(struct registry *registry, const struct policy_status *policy)
{
	struct metrics *metrics = &registry->status.metrics;

	pthread_mutex_lock(&registry->lock);
	registry->status.policy = *policy;
	metrics->policy_is_bad = policy->source != POLICY_FROM_FILES;
	metrics->policy_is_saved_one = policy->source == POLICY_SAVED;
	metrics->policy_is_missing = policy->source == POLICY_NONE;
	metrics->policy_is_unsaved = *policy->save_error.text;
	pthread_mutex_unlock(&registry->lock);
}

void registry_publish_guest(struct registry *registry, uint64_t key,
			    const struct guest_counts *counts)
{
	struct guest_counts *known;

	pthread_mutex_lock(&registry->lock);
	known = table_get(&registry->guests, key);
	if (!known) {
		known = malloc(sizeof(*known));
		/* only figures are lost for want of memory */
		if (known && table_add(&registry->guests, key, known) < 0) {
			free(known);
			known = NULL;
		}
	}
	if (known)
		*known = *counts;
	pthread_mutex_unlock(&registry->lock);
}

void registry_withdraw_guest(struct registry *registry, uint64_t key)
{
	pthread_mutex_lock(&registry->lock);
	free(table_remove(&registry->guests, key));
	pthread_mutex_unlock(&registry->lock);
}

int registry_guests(struct registry *registry, struct guest_counts **ret, size_t *ret_n)
{
	const struct guest_counts *counts;
	struct guest_counts *guests;
	size_t cursor = 0, n = 0;

	pthread_mutex_lock(&registry->lock);
	guests = calloc(registry->guests.used + 1, sizeof(*guests));
	while (guests && (counts = table_next(&registry->guests, &cursor)))
		guests[n++] = *counts;
	pthread_mutex_unlock(&registry->lock);
	if (!guests)
		return -ENOMEM;
	*ret = guests;
	*ret_n = n;
	return 0;
}

struct registry_status registry_status(struct registry *registry)
{
	struct registry_status status;

	pthread_mutex_lock(&registry->lock);
	status = registry->status;
	pthread_mutex_unlock(&registry->lock);
	return status;
}

int registry_for_each(struct registry *registry,
		      int (*each)(const struct device_view *view, void *userdata), void *userdata)
{
	const struct table *tables[] = { &registry->entries, &registry->held };
	int r = 0;

	pthread_mutex_lock(&registry->lock);
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		const struct entry *entry;
		size_t cursor = 0;

		while (!r && (entry = table_next(tables[i], &cursor)))
			r = each(&entry->view, userdata);
	}
	pthread_mutex_unlock(&registry->lock);
	return r;
}

/* Called with lock held. NULL: there is none, or it is that of an earlier guest. */
static struct request_log *find_requests(struct registry *registry, unsigned int domid)
{
	struct request_log *log = table_get(&registry->requests, domid);

	return log && !log->ended ? log : NULL;
}

/* Called with lock held. The guest's, if it is this very guest; NULL for want of memory. */
static struct request_log *get_requests(struct registry *registry, const struct request_log *guest)
{
	struct request_log *log = table_get(&registry->requests, guest->domid);

	if (log && (log->ended ||
		    (strcmp(log->uuid, guest->uuid) && *log->uuid && *guest->uuid)))
		*log = *guest;
	if (log)
		return log;
	log = malloc(sizeof(*log));
	if (!log)
		return NULL;
	*log = *guest;
	if (table_add(&registry->requests, guest->domid, log) == 0)
		return log;
	free(log);
	return NULL;
}

void registry_note_request(struct registry *registry, const struct request_log *guest,
			   const struct request_entry *entry)
{
	struct request_log *log;

	pthread_mutex_lock(&registry->lock);
	log = get_requests(registry, guest);
	if (log) {
		log->guest = guest->guest;
		strcpy(log->uuid, guest->uuid);
		request_log_note(log, entry, realtime_usec());
	}
	pthread_mutex_unlock(&registry->lock);
}

void registry_grant_request(struct registry *registry, unsigned int domid, uint32_t devid,
			    const char *name)
{
	struct request_log *log;

	pthread_mutex_lock(&registry->lock);
	log = find_requests(registry, domid);
	if (log)
		request_log_grant(log, devid, name);
	pthread_mutex_unlock(&registry->lock);
}

void registry_withdraw_requests(struct registry *registry, unsigned int domid,
				bool (*gone)(uint32_t devid, const void *userdata),
				const void *userdata)
{
	struct request_log *log;

	pthread_mutex_lock(&registry->lock);
	log = find_requests(registry, domid);
	for (unsigned int i = 0; log && i < log->n; i++)
		if (log->entries[i].devid != REQUEST_LOG_NO_DEVID &&
		    gone(log->entries[i].devid, userdata))
			log->entries[i].withdrawn = true;
	pthread_mutex_unlock(&registry->lock);
}

/* Called with lock held. Of guests that are gone only so many are kept, without gaps. */
static void expire_requests(struct registry *registry)
{
	const struct request_log *oldest = NULL;
	struct table kept = {};
	struct request_log *log;
	unsigned int n = 0;
	size_t cursor = 0;

	while ((log = table_next(&registry->requests, &cursor))) {
		request_log_expire(log, realtime_usec());
		if (!log->ended || !log->n)
			continue;
		n++;
		if (!oldest || request_log_last_usec(log) < request_log_last_usec(oldest))
			oldest = log;
	}
	for (cursor = 0; (log = table_next(&registry->requests, &cursor));)
		if ((log->ended && !log->n) || (n > REQUEST_LOG_ENDED_MAX && log == oldest) ||
		    table_add(&kept, log->domid, log) < 0)
			free(log);
	table_done(&registry->requests);
	registry->requests = kept;
}

void registry_end_requests(struct registry *registry,
			   bool (*is_gone)(const struct request_log *guest, void *userdata),
			   void *userdata)
{
	struct request_log *log;
	size_t cursor = 0;

	pthread_mutex_lock(&registry->lock);
	while ((log = table_next(&registry->requests, &cursor))) {
		if (log->ended || !is_gone(log, userdata))
			continue;
		request_log_end(log);
		expire_requests(registry);
		cursor = 0;
	}
	pthread_mutex_unlock(&registry->lock);
}

int registry_requests(struct registry *registry, struct request_log **ret, size_t *ret_n)
{
	struct request_log *logs, *log;
	size_t cursor = 0, n = 0;

	pthread_mutex_lock(&registry->lock);
	logs = calloc(registry->requests.used + 1, sizeof(*logs));
	while (logs && (log = table_next(&registry->requests, &cursor))) {
		request_log_expire(log, realtime_usec());
		logs[n++] = *log;
	}
	pthread_mutex_unlock(&registry->lock);
	if (!logs)
		return -ENOMEM;
	*ret = logs;
	*ret_n = n;
	return 0;
}

void registry_count_requests(struct registry *registry, struct metrics *metrics)
{
	struct request_log *log;
	size_t cursor = 0;

	pthread_mutex_lock(&registry->lock);
	while ((log = table_next(&registry->requests, &cursor))) {
		request_log_expire(log, realtime_usec());
		for (unsigned int i = 0; i < log->n; i++)
			if (log->entries[i].withdrawn)
				metrics->withdrawn++;
			else
				metrics->not_granted[log->entries[i].state]++;
	}
	pthread_mutex_unlock(&registry->lock);
}
