// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/messages.h"
#include "engine/company.h"
#include "engine/device.h"
#include "engine/device-note.h"
#include "engine/domain.h"
#include "engine/manager.h"
#include "engine/node-link.h"
#include "engine/stranded.h"
#include "engine/verify.h"
#include "nodes/kernel.h"
#include "nodes/nodes.h"
#include "nodes/parents.h"

/*
 * The drivers' buses learn of a deleted directory by an event. If the same
 * directory is there again by then, they take it for the old device.
 */
#define REST_USEC (250 * USEC_PER_MSEC)
/* If our own kernel's bus is slow, so long at most. */
#define REST_MAX_USEC (10 * USEC_PER_SEC)
/* For a device that was deleted under us and is still asked for: not too eager, at first. */
#define REST_VANISHED_USEC (1 * USEC_PER_SEC)
/* More than the unit of the script allows it, TimeoutStopSec= there. */
#define UNPLUG_USEC (25 * USEC_PER_SEC)
#define DEADLINE_ACCURACY_USEC (20 * USEC_PER_MSEC)

struct store *device_store(const struct device *device)
{
	return device->domain->manager->store;
}

bool device_is_served_elsewhere(const struct device *device)
{
	return device->key.backend != device->domain->manager->backend;
}

void device_publish(const struct device *device)
{
	struct device_view view = {
		.serial = device->serial,
		.key = device->key,
		.guest = escape(device->domain->name),
		.record = device->record,
		.phase = device->phase,
		.frontend = device->frontend,
		.backend = device->backend,
		.hotplug = device->hotplug,
		.hotplug_error = device->hotplug_error,
		.node = node_link_path(device),
	};

	steps_show(device, &view);
	live_format(&device->live, view.settings);
	if (registry_publish(device->domain->manager->registry, &view) < 0)
		domain_log(device->domain, device, LOG_WARNING, NULL,
			   "out of memory: this device will be missing from lists");
}

void device_look(struct device *device)
{
	device->dirty = true;
	domain_enqueue(device->domain);
}

static void on_state(const char *path, void *userdata)
{
	device_look(userdata);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct device *device = userdata;

	device->deadline = sd_event_source_disable_unref(device->deadline);
	device->timed_out = true;
	domain_enqueue(device->domain);
	return 0;
}

static int set_deadline(struct device *device, uint64_t usec)
{
	device_drop_deadline(device);
	return sd_event_add_time_relative(device->domain->manager->event, &device->deadline,
					  CLOCK_MONOTONIC, usec, DEADLINE_ACCURACY_USEC,
					  on_deadline, device);
}

void device_drop_deadline(struct device *device)
{
	device->deadline = sd_event_source_disable_unref(device->deadline);
	device->timed_out = false;
}

static int on_hold_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct device *device = userdata;

	device->hold = sd_event_source_disable_unref(device->hold);
	device->failing = false;
	domain_enqueue(device->domain);
	return 0;
}

static int set_hold(struct device *device, uint64_t usec)
{
	device->hold = sd_event_source_disable_unref(device->hold);
	return sd_event_add_time_relative(device->domain->manager->event, &device->hold,
					  CLOCK_MONOTONIC, usec, 0, on_hold_over, device);
}

void device_try_again(struct device *device, enum event event)
{
	device->dirty = true;
	device->timed_out = event == EVENT_TIMEOUT;
	device->failing = !set_hold(device, backoff_retry(&device->failures, monotonic_usec()));
}

/*
 * A guest can run through the handshake without end, and each step would be
 * looked at, logged and told to all who listen.
 */
static void note_restart(struct device *device)
{
	uint64_t wait = backoff_next(&device->restarts, &backoff_of_guest, monotonic_usec());

	if (!wait || device->hold || set_hold(device, wait) < 0)
		return;
	domain_count_pause(device->domain);
	/* once for each storm */
	if (wait == backoff_of_guest.first_usec)
		domain_log(device->domain, device, LOG_WARNING, MSG_THROTTLED,
			   "its frontend begins again and again; looking at it less and less "
			   "often, at least every %llu seconds",
			   (unsigned long long)(backoff_of_guest.max_usec / USEC_PER_SEC));
}

int device_watch(struct device *device)
{
	struct path frontend = path_frontend(&device->key), backend = path_backend(&device->key);
	struct path hotplug;
	int r;

	frontend = path_child(&frontend, "state");
	hotplug = path_child(&backend, "hotplug-status");
	backend = path_child(&backend, "state");
	if (device->record.scripted) {
		r = store_watch(device_store(device), hotplug.text, on_state, device,
				&device->hotplug_watch);
		if (r < 0)
			return r;
	}
	r = store_watch(device_store(device), frontend.text, on_state, device,
			&device->frontend_watch);
	if (r < 0)
		return r;
	return store_watch(device_store(device), backend.text, on_state, device,
			   &device->backend_watch);
}

void device_unwatch(struct device *device)
{
	store_unwatch(steal(&device->frontend_watch));
	store_unwatch(steal(&device->backend_watch));
	store_unwatch(steal(&device->hotplug_watch));
}

static struct device *device_new(struct domain *domain, const struct device_key *key)
{
	struct device *device = calloc(1, sizeof(*device));

	if (!device)
		return NULL;
	device->serial = ++domain->manager->last_serial;
	device->domain = domain;
	device->key = *key;
	domain->manager->n_served_elsewhere += device_is_served_elsewhere(device);
	device->frontend = END_INITIALISING;
	device->backend = END_INITIALISING;
	device->changed_usec = monotonic_usec();
	device->next = domain->devices;
	domain->devices = device;
	return device;
}

void device_free(struct device *device)
{
	struct device **link;

	if (!device)
		return;
	for (link = &device->domain->devices; *link != device; link = &(*link)->next)
		;
	*link = device->next;
	device->domain->manager->n_served_elsewhere -= device_is_served_elsewhere(device);
	registry_withdraw(device->domain->manager->registry, device->serial);
	sd_event_source_disable_unref(device->deadline);
	sd_event_source_disable_unref(device->hold);
	sd_event_source_disable_unref(device->verification);
	device_unwatch(device);
	free(device);
}

struct policy_settings device_settings(const struct device *device)
{
	struct policy_subject subject = {
		.guest = device->domain->name,
		.uuid = device->domain->uuid,
		.class = device->key.class,
		.name = device->record.name,
	};

	return policy_resolve(device->domain->manager->policy, &subject);
}

void device_reconsider(struct device *device)
{
	struct policy_settings settings = device_settings(device);

	/* it may name another domain now */
	if (device->phase == PHASE_STRANDED)
		device->dirty = true;
	device->detach_timeout_usec = settings.detach_timeout_usec;
	device->handshake = settings.handshake;
}

static struct device *device_plan(struct domain *domain, const struct device_plan *plan,
				  unsigned int backend)
{
	struct device_key key = {
		.guest = domain->domid,
		.backend = backend,
		.devid = plan->devid,
	};
	struct device *device;
	struct record *record;

	strcpy(key.class, plan->class);
	device = device_new(domain, &key);
	if (!device)
		return NULL;
	device->phase = PHASE_WAITING;
	device->began_usec = plan->began_usec;
	record = &device->record;
	strcpy(record->uuid, domain->uuid);
	strcpy(record->name, plan->name);
	record->origin = plan->origin;
	record->backend = backend;
	record->mode = plan->grant.mode;
	record->ring_size = plan->grant.ring_size;
	record->scripted = plan->settings->script;
	if (!strcmp(plan->class, MYDEVICE_CLASS))
		live_begin(&device->live, plan->settings->live);
	device->hotplug = record->scripted ? HOTPLUG_WAITING : HOTPLUG_NONE;
	record->requested_usec = realtime_usec() - (monotonic_usec() - plan->began_usec);
	device_reconsider(device);
	node_link_choose(device);
	return device;
}

int device_attach(struct domain *domain, const struct device_plan *plan,
		  struct reason *ret_reason)
{
	struct device *device;
	unsigned int backend;
	int r;

	r = manager_find_backend(domain->manager, domain, plan->settings->backend, &backend,
				 ret_reason);
	if (r < 0)
		return r;
	device = device_plan(domain, plan, backend);
	if (!device) {
		strcpy(ret_reason->text, "out of memory");
		return -ENOMEM;
	}
	/* first: nothing is written that cannot be followed to its end */
	r = device_watch(device);
	if (r == 0)
		r = nodes_attach(device_store(device), &device->key, device->link_guest,
				 plan->settings, plan->began_usec, &device->record);
	if (r < 0) {
		device_free(device);
		if (r == -EHOSTUNREACH)
			manager_await_backend(domain, plan->settings->backend);
		snprintf(ret_reason->text, sizeof(ret_reason->text), "cannot be attached: %s",
			 r == -EHOSTUNREACH ? "its backend domain is gone" : store_strerror(r));
		return r;
	}
	device_note_attached(device);
	device_publish(device);
	return 0;
}

int device_adopt(struct domain *domain, const struct device_key *key, const struct record *record,
		 bool orphaned)
{
	struct device *device;
	int online, r;

	online = orphaned ? 1 : nodes_is_online(domain->manager->store, key);
	if (online < 0)
		return online;
	device = device_new(domain, key);
	if (!device)
		return -ENOMEM;
	device->record = *record;
	device_reconsider(device);
	device->phase = !online ? PHASE_CLOSING : record->moved ? PHASE_MOVED : PHASE_WAITING;
	device->orphaned = orphaned;
	r = parents_claim(device_store(device), key);
	if (r == 0 && !strcmp(key->class, MYDEVICE_CLASS))
		r = nodes_read_live(device_store(device), key, &device->live);
	if (r == 0)
		r = node_link_read(device);
	if (r == 0)
		r = device_watch(device);
	if (r < 0) {
		device_free(device);
		return r;
	}
	device_publish(device);
	/* an earlier process told it to go and did not see the end */
	if (!online)
		return set_deadline(device, device->detach_timeout_usec);
	return 0;
}

void device_withdraw(struct device *device)
{
	device->unwanted = true;
	device_look(device);
}

void device_expedite(struct device *device)
{
	device->expedited = true;
	if (device->phase == PHASE_CLOSING)
		device->timed_out = true;
}

void device_orphan(struct device *device)
{
	device->orphaned = true;
	device_look(device);
}

struct device *device_find(struct domain *domain, const char *class, unsigned int devid)
{
	struct device *device;

	for (device = domain->devices; device; device = device->next)
		if (device->key.devid == devid && !strcmp(device->key.class, class))
			return device;
	return NULL;
}

struct device *device_find_named(struct domain *domain, const char *class, const char *name)
{
	struct device *device;

	for (device = domain->devices; device; device = device->next)
		if (!strcmp(device->record.name, name) && !strcmp(device->key.class, class))
			return device;
	return NULL;
}

bool device_has_work(const struct device *device)
{
	/* of a dead guest all that does not wait to be tried again */
	if (device->domain->dead && !device->deadline)
		return true;
	if (device->failing)
		return false;
	if (device->timed_out || device->unverified)
		return true;
	return device->dirty && (!device->hold || device->unwanted || device->orphaned ||
				 !device_is_serving(device));
}

static int begin_close(struct device *device)
{
	int r = nodes_close(device_store(device), &device->key);

	/* drivers that do nothing but probe, or none at all */
	device->untouched = !device->handshake && device->frontend == END_INITIALISING &&
			    device->backend == END_INITIALISING;
	/* then it is removed by force, after the same time */
	if (r < 0)
		domain_log(device->domain, device, LOG_WARNING, NULL,
			   "cannot ask the drivers to close: %s", store_strerror(r));
	return set_deadline(device, device->expedited ? 0 : device->detach_timeout_usec);
}

static uint64_t rest_of_vanished(struct domain *domain)
{
	uint64_t wait = backoff_next(&domain->vanishings, &backoff_of_guest, monotonic_usec());

	return wait > REST_VANISHED_USEC ? wait : REST_VANISHED_USEC;
}

static int remove_nodes(struct device *device, struct step *step)
{
	bool left = step->actions & ACTION_NOTE_LEFT;
	bool vanished = !device->unwanted && !device->domain->dead && !device->orphaned && !left;
	int r;

	r = nodes_remove(device_store(device), &device->key, company_of(device));
	if (r < 0) {
		domain_log(device->domain, device, LOG_WARNING, NULL,
			   "cannot remove the nodes: %s; trying again", store_strerror(r));
		step->next = PHASE_CLOSING;
		return set_deadline(device, backoff_retry(&device->failures, monotonic_usec()));
	}
	device_unwatch(device);
	device->removed_usec = monotonic_usec();
	registry_count(device->domain->manager->registry, COUNT_DETACHED);
	domain_log(device->domain, device, LOG_INFO, MSG_DETACHED, "detached%s",
		   device->domain->dead ? ": the guest is gone" :
		   device->orphaned ? ": the domain that serves it is gone" :
		   vanished ? ": its nodes were removed" : "");
	/* nobody else gets the directories of a guest that is gone */
	if (device->domain->dead)
		return 0;
	return set_deadline(device, vanished ? rest_of_vanished(device->domain) : REST_USEC);
}

static int begin_unplug(struct device *device)
{
	int r = nodes_unplug(device_store(device), &device->key);

	if (r < 0)
		domain_log(device->domain, device, LOG_WARNING, NULL,
			   "cannot take it from its backend: %s", store_strerror(r));
	return set_deadline(device, device->expedited ? 0 : UNPLUG_USEC);
}

static int read_hotplug(struct device *device)
{
	enum hotplug before = device->hotplug;
	int r;

	if (!device->record.scripted)
		return 0;
	/* nobody is left to run it */
	if (device->orphaned) {
		device->hotplug = HOTPLUG_NONE;
		return 0;
	}
	r = nodes_read_hotplug(device_store(device), &device->key, &device->hotplug,
			       &device->hotplug_error);
	if (r == 0 && device->hotplug != before)
		device_note_hotplug(device);
	return r;
}

static enum event next_event(struct device *device)
{
	if (device->phase == PHASE_UNPLUGGING)
		return device->timed_out ? EVENT_TIMEOUT : EVENT_STATES;
	if (device->domain->dead)
		return EVENT_DEAD;
	if (device->timed_out)
		return EVENT_TIMEOUT;
	if (device->unwanted && device_is_serving(device) && !device->orphaned)
		return EVENT_DETACH;
	if (device->phase == PHASE_STRANDED && !device->unwanted)
		return stranded_has_backend(device) ? EVENT_RETURNED : EVENT_STATES;
	/* a driver of another class knows of no other backend: its guest sees it go */
	if (device->orphaned && device->phase != PHASE_REMOVED)
		return strcmp(device->key.class, MYDEVICE_CLASS) || device->unwanted ?
			       EVENT_DEAD : EVENT_ORPHANED;
	return EVENT_STATES;
}

static void forget(struct device *device)
{
	struct domain *domain = device->domain;

	if (!domain->dead && monotonic_usec() - device->removed_usec < REST_MAX_USEC &&
	    kernel_has_backend(&device->key) && set_deadline(device, REST_USEC) == 0)
		return;
	device_free(device);
	/* its request may be back, or another have waited for its name or its place */
	domain_rescan(domain);
}

static struct step next_step(const struct device *device, enum event event)
{
	enum end_state frontend = device->frontend, backend = device->backend;

	if (!device->handshake && device_is_serving(device)) {
		frontend = end_state_presumed(frontend);
		if (!device->record.scripted || device->hotplug == HOTPLUG_CONNECTED)
			backend = end_state_presumed(backend);
	}
	/* nobody will answer, and the bus takes the device from drivers that are there */
	if (device->untouched && device->phase == PHASE_CLOSING)
		frontend = backend = END_CLOSED;
	return machine_step(device->phase, frontend, backend, hotplug_is_held(device->hotplug),
			    event);
}

static int read_nodes(struct device *device, enum event event)
{
	int r;

	if (device->phase == PHASE_REMOVED)
		return 0;
	if (event != EVENT_DEAD && device->phase != PHASE_UNPLUGGING) {
		r = nodes_read_states(device_store(device), &device->key, &device->frontend,
				      &device->backend);
		if (r < 0)
			return r;
	}
	if (event == EVENT_STATES && device->backend == END_GONE &&
	    device_is_served_elsewhere(device) && device->phase < PHASE_STRANDED) {
		/* its nodes go before Xen says that it is no more */
		r = nodes_have_domain(device_store(device), device->key.backend);
		if (r < 0)
			return r;
		device->orphaned = !r;
	}
	if (event != EVENT_DEAD && device_is_serving(device)) {
		r = steps_read(device);
		if (r < 0)
			return r;
	}
	r = read_hotplug(device);
	/* on its way out what was read last counts: there is a deadline */
	return event != EVENT_DEAD && device_is_serving(device) ? r : 0;
}

void device_turn(struct device *device)
{
	enum end_state before = device->frontend, backend_before = device->backend;
	enum event event = next_event(device);
	struct step step;
	int r;

	device->dirty = false;
	device->timed_out = false;
	r = read_nodes(device, event);
	if (r < 0) {
		domain_log(device->domain, device, LOG_WARNING, NULL,
			   "cannot read the states: %s; trying again", store_strerror(r));
		device_try_again(device, event);
		return;
	}
	if (event == EVENT_STATES)
		event = next_event(device);
	/* nobody has returned, or is gone again */
	if (device->phase == PHASE_STRANDED && event == EVENT_STATES)
		device_drop_deadline(device);
	if (event == EVENT_STATES && !device->unverified)
		verify_suspect(device, before, backend_before);
	/* each round through the states has such a step */
	if (device->frontend < before)
		note_restart(device);
	step = next_step(device, event);
	if (step.actions & ACTION_FORGET) {
		forget(device);
		return;
	}
	if (step.actions & ACTION_NOTE_CONNECTED)
		device_note_connected(device);
	if (step.actions & ACTION_NOTE_DISCONNECTED)
		domain_log(device->domain, device, LOG_INFO, NULL,
			   "no longer connected: frontend %s, backend %s",
			   end_state_name(device->frontend), end_state_name(device->backend));
	if (step.actions & ACTION_NOTE_FOLLOWED)
		device_note_followed(device);
	if (step.actions & ACTION_NOTE_LEFT)
		device_note_left(device);
	if (step.actions & ACTION_NOTE_FORCED)
		device_note_forced(device);
	if (step.actions & ACTION_CLOSE)
		r = begin_close(device);
	if (step.actions & ACTION_UNPLUG)
		r = begin_unplug(device);
	if (step.actions & ACTION_STRAND)
		stranded_begin(device);
	if (step.actions & ACTION_AWAIT && !device->deadline)
		r = set_deadline(device, device->detach_timeout_usec);
	if (step.actions & ACTION_MOVE)
		stranded_move(device, &step);
	if (step.actions & ACTION_NOTE_STUCK)
		device_note_stuck(device);
	if (step.actions & ACTION_REMOVE)
		r = remove_nodes(device, &step);
	if (r < 0)
		log_error(r, "cannot set a deadline: %s", strerror(-r));
	device->phase = step.next;
	verify_turn(device);
	device_publish(device);
}
