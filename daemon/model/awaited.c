// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/awaited.h"

static const char *const texts[AWAITED_MAX] = {
	[AWAITED_NOTHING] = "",
	[AWAITED_BACKEND] = "the backend's driver has not answered; "
			    "is mydeviceback loaded and bound in the backend's domain?",
	[AWAITED_FEATURES] = "the backend has written no features; "
			     "is a driver other than mydeviceback bound to it?",
	[AWAITED_FRONTEND] = "the frontend's driver has not answered; "
			     "is mydevicefront loaded and bound in the guest?",
	[AWAITED_OFFER] = "the frontend has offered no rings; "
			  "is a driver other than mydevicefront bound to it?",
	[AWAITED_SCRIPT] = "the hotplug script is not done",
	[AWAITED_SCRIPT_FAILED] = "the hotplug script has failed",
	[AWAITED_MAPPING] = "the frontend has offered its rings; the backend has not mapped them",
	[AWAITED_FRONTEND_CONNECTS] = "the backend has mapped the rings; "
				      "the frontend has not connected",
	[AWAITED_FRONTEND_AGAIN] = "the frontend has not begun again with this backend",
	[AWAITED_BACKEND_AGAIN] = "the backend has closed and not begun again; "
				  "is mydeviceback loaded and bound in the backend's domain?",
	[AWAITED_FRONTEND_CLOSED] = "the frontend has closed; "
				    "see the guest's kernel log, and whether mydevicefront is bound",
	[AWAITED_BACKEND_CLOSED] = "the backend has closed; see the kernel log of its domain",
	[AWAITED_BOTH_CLOSED] = "both drivers have closed; "
				"mydevicectl attach has them begin again",
	[AWAITED_STATES] = "an end is in a state that is no step of the handshake; "
			   "is another driver bound to it?",
	[AWAITED_DOMAIN] = "the domain that served it is gone",
	[AWAITED_FOLLOWING] = "the frontend has not followed to the new backend",
	[AWAITED_FRONTEND_CLOSES] = "the frontend has not closed",
	[AWAITED_BACKEND_CLOSES] = "the backend has not closed",
	[AWAITED_UNDOING] = "the hotplug script has not undone its work",
};

static bool is_closed(enum end_state state)
{
	return state == END_CLOSING || state == END_CLOSED;
}

/* The backend is ready for an offer. */
static enum awaited in_init_wait(const struct awaited_facts *facts)
{
	if (!facts->features)
		return AWAITED_FEATURES;
	switch (facts->frontend) {
	case END_INITIALISING:
		return AWAITED_FRONTEND;
	case END_INITIALISED:
		break;
	case END_CONNECTED:
		return AWAITED_FRONTEND_AGAIN;
	case END_INIT_WAIT:
		return AWAITED_OFFER;
	default:
		return is_closed(facts->frontend) ? AWAITED_FRONTEND_CLOSED : AWAITED_STATES;
	}
	if (!facts->offer)
		return AWAITED_OFFER;
	switch (facts->hotplug) {
	case HOTPLUG_WAITING:
	case HOTPLUG_RUNNING:
		return AWAITED_SCRIPT;
	case HOTPLUG_ERROR:
		return AWAITED_SCRIPT_FAILED;
	default:
		return AWAITED_MAPPING;
	}
}

static enum awaited in_connected(enum end_state frontend)
{
	switch (frontend) {
	case END_INITIALISING:
	case END_INIT_WAIT:
		return AWAITED_FRONTEND_AGAIN;
	case END_INITIALISED:
		return AWAITED_FRONTEND_CONNECTS;
	case END_CONNECTED:
		return AWAITED_NOTHING;
	default:
		return is_closed(frontend) ? AWAITED_FRONTEND_CLOSED : AWAITED_STATES;
	}
}

static enum awaited in_closed(enum end_state frontend)
{
	if (is_closed(frontend))
		return AWAITED_BOTH_CLOSED;
	/* the frontend waits for a driver that was unloaded, or has yet to see it */
	return frontend == END_INITIALISING ? AWAITED_BACKEND_AGAIN : AWAITED_BACKEND_CLOSED;
}

static enum awaited in_handshake(const struct awaited_facts *facts)
{
	/* then it is removed */
	if (facts->frontend == END_GONE || facts->backend == END_GONE)
		return AWAITED_NOTHING;
	switch (facts->backend) {
	case END_INITIALISING:
		return AWAITED_BACKEND;
	case END_INIT_WAIT:
		return in_init_wait(facts);
	case END_CONNECTED:
		return in_connected(facts->frontend);
	case END_CLOSING:
	case END_CLOSED:
		return in_closed(facts->frontend);
	default:
		return AWAITED_STATES;
	}
}

/* Neither has anything to close before it has begun: see machine.c. */
static enum awaited on_its_way_out(enum end_state frontend, enum end_state backend)
{
	if (frontend != END_INITIALISING && frontend != END_CLOSED && frontend != END_GONE)
		return AWAITED_FRONTEND_CLOSES;
	if (backend != END_CLOSED && backend != END_GONE)
		return AWAITED_BACKEND_CLOSES;
	return AWAITED_NOTHING;
}

enum awaited awaited_find(const struct awaited_facts *facts)
{
	switch (facts->phase) {
	case PHASE_WAITING:
		return in_handshake(facts);
	case PHASE_MOVED:
		if (facts->frontend == END_INITIALISING && facts->backend != END_INITIALISING)
			return AWAITED_FOLLOWING;
		return in_handshake(facts);
	case PHASE_STRANDED:
		return AWAITED_DOMAIN;
	case PHASE_CLOSING:
		return on_its_way_out(facts->frontend, facts->backend);
	case PHASE_UNPLUGGING:
		return AWAITED_UNDOING;
	default:
		return AWAITED_NOTHING;
	}
}

const char *awaited_text(enum awaited awaited)
{
	return texts[awaited];
}
