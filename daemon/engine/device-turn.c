// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/messages.h"
#include "engine/device.h"
#include "engine/device-note.h"
#include "engine/device-turn.h"
#include "engine/device-view.h"
#include "engine/guest.h"
#include "engine/guest-log.h"
#include "engine/host.h"
#include "engine/removal.h"
#include "engine/steps.h"
#include "engine/stranded.h"
#include "engine/verify.h"
#include "nodes/nodes.h"

/*
 * A guest can run through the handshake without end, and each step would be
 * looked at, logged and told to all who listen.
 */
static unsigned int note_restart(struct device *device)
{
	uint64_t wait = backoff_next(&device->restarts, &backoff_of_guest, monotonic_usec());

	if (!wait || device->hold || device_hold(device, wait) < 0)
		return 0;
	/* once for each storm */
	if (wait == backoff_of_guest.first_usec)
		domain_log(device->domain, device, LOG_WARNING, MSG_THROTTLED,
			   "its frontend begins again and again; looking at it less and less "
			   "often, at least every %llu seconds",
			   (unsigned long long)(backoff_of_guest.max_usec / USEC_PER_SEC));
	return DEVICE_PAUSED;
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
	/* a driver that knows of no other backend: its guest sees it go */
	if (device->orphaned && device->phase != PHASE_REMOVED)
		return device_kind(device)->follows && !device->unwanted ? EVENT_ORPHANED :
									   EVENT_DEAD;
	return EVENT_STATES;
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

unsigned int device_turn(struct device *device)
{
	enum end_state before = device->frontend, backend_before = device->backend;
	enum event event = next_event(device);
	unsigned int outcome = 0;
	struct step step;
	int r;

	device->dirty = false;
	device->timed_out = false;
	r = read_nodes(device, event);
	if (r < 0) {
		domain_log(device->domain, device, LOG_WARNING, NULL,
			   "cannot read the states: %s; trying again", store_strerror(r));
		device_try_again(device, event);
		return 0;
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
		outcome |= note_restart(device);
	step = next_step(device, event);
	if (step.actions & ACTION_FORGET)
		return outcome | removal_finish(device);
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
		r = removal_close(device);
	if (step.actions & ACTION_UNPLUG)
		r = removal_unplug(device);
	if (step.actions & ACTION_STRAND)
		outcome |= stranded_begin(device);
	if (step.actions & ACTION_AWAIT && !device->deadline)
		r = device_set_deadline(device, device->detach_timeout_usec);
	if (step.actions & ACTION_MOVE)
		outcome |= stranded_move(device, &step);
	if (step.actions & ACTION_NOTE_STUCK)
		device_note_stuck(device);
	if (step.actions & ACTION_REMOVE)
		r = removal_of_nodes(device, &step);
	if (r < 0)
		log_error(r, "cannot set a deadline: %s", strerror(-r));
	device->phase = step.next;
	verify_turn(device);
	device_publish(device);
	return outcome;
}
