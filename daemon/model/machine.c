// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/number.h"
#include "model/machine.h"

/*
 * A backend leaves Closing only when its frontend does. So nothing is gained
 * by waiting for it where the frontend cannot have granted anything yet.
 */
static bool never_started(enum end_state frontend, enum end_state backend)
{
	return (frontend == END_GONE || frontend == END_INITIALISING) &&
	       (backend == END_GONE || backend == END_INITIALISING || backend == END_INIT_WAIT);
}

static bool both_closed(enum end_state frontend, enum end_state backend)
{
	return (frontend == END_GONE || frontend == END_INITIALISING || frontend == END_CLOSED) &&
	       (backend == END_GONE || backend == END_CLOSED);
}

static struct step remove_now(bool held, unsigned int also)
{
	if (held)
		return (struct step){ PHASE_UNPLUGGING, ACTION_UNPLUG | also };
	return (struct step){ PHASE_REMOVED, ACTION_REMOVE | also };
}

static struct step serve(enum phase phase, enum end_state frontend, enum end_state backend,
			 bool held, enum event event)
{
	bool connected = frontend == END_CONNECTED && backend == END_CONNECTED;
	/* a device with one end only is of no use to anybody */
	bool unwanted = event == EVENT_DETACH || frontend == END_GONE || backend == END_GONE;

	if (event == EVENT_TIMEOUT || event == EVENT_RETURNED)
		return (struct step){ phase, 0 };
	if (event == EVENT_ORPHANED && frontend != END_GONE)
		return (struct step){ PHASE_STRANDED, ACTION_STRAND };
	if (event == EVENT_ORPHANED)
		return remove_now(held, 0);
	if (unwanted && (never_started(frontend, backend) || both_closed(frontend, backend)))
		return remove_now(held, 0);
	if (unwanted)
		return (struct step){ PHASE_CLOSING, ACTION_CLOSE };
	/*
	 * Closed is no end while the device is online: the driver may be loaded
	 * again or the guest's kernel replaced, and the backend waits for that.
	 */
	if (connected)
		return (struct step){ PHASE_CONNECTED,
				      phase == PHASE_CONNECTED ? 0 : ACTION_NOTE_CONNECTED };
	return (struct step){ PHASE_WAITING,
			      phase == PHASE_CONNECTED ? ACTION_NOTE_DISCONNECTED : 0 };
}

/*
 * A frontend that has seen its backend go is Closed. One that is not by the
 * time there is another has no driver that follows, or is asked in vain: it gets
 * a new device.
 */
static struct step strand(enum end_state frontend, bool held, enum event event)
{
	if (frontend == END_GONE || event == EVENT_DETACH)
		return remove_now(held, 0);
	if (event == EVENT_TIMEOUT)
		return remove_now(held, ACTION_NOTE_LEFT);
	if (event == EVENT_RETURNED && frontend == END_CLOSED)
		return (struct step){ PHASE_MOVED, ACTION_MOVE };
	return (struct step){ PHASE_STRANDED, event == EVENT_RETURNED ? ACTION_AWAIT : 0 };
}

/*
 * Initialising stands there since the move. A driver that looks at where its
 * backend is goes on from it as soon as that waits for it; an older one never does.
 */
static struct step await_follower(enum end_state frontend, enum end_state backend, bool held,
				  enum event event)
{
	bool follows = frontend != END_INITIALISING;
	bool expected = backend >= END_INIT_WAIT && backend <= END_CONNECTED;
	struct step step;

	if (!follows && event == EVENT_TIMEOUT)
		return remove_now(held, ACTION_NOTE_LEFT);
	if (!follows && event == EVENT_STATES && backend != END_GONE)
		return (struct step){ PHASE_MOVED, expected ? ACTION_AWAIT : 0 };
	step = serve(PHASE_MOVED, frontend, backend, held,
		     event == EVENT_TIMEOUT ? EVENT_STATES : event);
	if (step.next == PHASE_WAITING || step.next == PHASE_CONNECTED)
		step.actions |= ACTION_NOTE_FOLLOWED;
	return step;
}

static struct step close_down(enum end_state frontend, enum end_state backend, bool held,
			      enum event event)
{
	if (event == EVENT_ORPHANED || both_closed(frontend, backend))
		return remove_now(held, 0);
	if (event == EVENT_TIMEOUT)
		return remove_now(held, ACTION_NOTE_FORCED);
	return (struct step){ PHASE_CLOSING, 0 };
}

static struct step unplug(bool held, enum event event)
{
	if (!held)
		return remove_now(false, 0);
	if (event == EVENT_TIMEOUT)
		return remove_now(false, ACTION_NOTE_STUCK);
	return (struct step){ PHASE_UNPLUGGING, 0 };
}

struct step machine_step(enum phase phase, enum end_state frontend, enum end_state backend,
			 bool held, enum event event)
{
	switch (phase) {
	case PHASE_WAITING:
	case PHASE_CONNECTED:
	case PHASE_MOVED:
	case PHASE_STRANDED:
	case PHASE_CLOSING:
		/*
		 * A backend that keeps a dead guest's grant keeps the guest as a
		 * zombie. When its directory goes, the bus takes the device from
		 * the driver, which must let go: nothing is faster or surer. Where
		 * a script comes first, the frontend's directory goes alone.
		 */
		if (event == EVENT_DEAD)
			return remove_now(held, 0);
		if (phase == PHASE_MOVED)
			return await_follower(frontend, backend, held, event);
		if (phase == PHASE_STRANDED)
			return strand(frontend, held, event);
		if (phase == PHASE_CLOSING)
			return close_down(frontend, backend, held, event);
		return serve(phase, frontend, backend, held, event);
	case PHASE_UNPLUGGING:
		return unplug(held, event);
	case PHASE_REMOVED:
		if (event == EVENT_TIMEOUT || event == EVENT_DEAD)
			return (struct step){ PHASE_FORGOTTEN, ACTION_FORGET };
		break;
	case PHASE_FORGOTTEN:
	case PHASE_MAX:
		break;
	}
	return (struct step){ phase, 0 };
}

enum end_state end_state_presumed(enum end_state state)
{
	return state == END_GONE ? END_GONE : END_CONNECTED;
}

enum end_state end_state_parse(const char *data, size_t len)
{
	uint64_t state;

	if (!data)
		return END_GONE;
	if (number_decimal(data, len, END_RECONFIGURED, &state) < 0)
		return END_UNKNOWN;
	return (enum end_state)state;
}

const char *end_state_name(enum end_state state)
{
	static const char *const names[END_STATE_MAX] = {
		[END_UNKNOWN] = "Unknown",
		[END_INITIALISING] = "Initialising",
		[END_INIT_WAIT] = "InitWait",
		[END_INITIALISED] = "Initialised",
		[END_CONNECTED] = "Connected",
		[END_CLOSING] = "Closing",
		[END_CLOSED] = "Closed",
		[END_RECONFIGURING] = "Reconfiguring",
		[END_RECONFIGURED] = "Reconfigured",
		[END_GONE] = "Gone",
	};

	return names[state];
}

const char *phase_name(enum phase phase)
{
	static const char *const names[PHASE_MAX] = {
		[PHASE_WAITING] = "waiting",
		[PHASE_CONNECTED] = "connected",
		[PHASE_MOVED] = "moved",
		[PHASE_STRANDED] = "stranded",
		[PHASE_CLOSING] = "closing",
		[PHASE_UNPLUGGING] = "unplugging",
		[PHASE_REMOVED] = "removed",
		[PHASE_FORGOTTEN] = "forgotten",
	};

	return names[phase];
}
