/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a device, seen from both of its ends: what the daemon does next,
 * as a pure function of its own phase, the two states it read and what
 * happened. Any state may follow any other; a guest may forge each of its own.
 */
#ifndef ATTACHD_MACHINE_H
#define ATTACHD_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

/* A XenbusState as read, or that there is no such node. */
enum end_state {
	END_UNKNOWN = 0,	/* also: not a state at all */
	END_INITIALISING = 1,
	END_INIT_WAIT = 2,
	END_INITIALISED = 3,
	END_CONNECTED = 4,
	END_CLOSING = 5,
	END_CLOSED = 6,
	END_RECONFIGURING = 7,
	END_RECONFIGURED = 8,
	END_GONE = 9,
	END_STATE_MAX,
};

enum phase {
	PHASE_WAITING,		/* written; the drivers have not both reached Connected */
	PHASE_CONNECTED,
	PHASE_MOVED,		/* written for another domain; the frontend has yet to follow */
	PHASE_STRANDED,		/* its backend domain is gone; the frontend waits for another */
	PHASE_CLOSING,		/* told to go; waiting for both ends, or the timeout */
	PHASE_UNPLUGGING,	/* waiting for the hotplug script to undo its work, or timeout */
	PHASE_REMOVED,		/* nodes deleted; the id rests before it is used again */
	PHASE_FORGOTTEN,	/* nothing left */
	PHASE_MAX,
};

enum event {
	EVENT_STATES,		/* one of the two states may have changed */
	EVENT_DETACH,		/* no longer wanted */
	EVENT_TIMEOUT,		/* the phase's deadline passed */
	EVENT_DEAD,		/* the guest is no more */
	EVENT_ORPHANED,		/* the domain that serves it is no more */
	EVENT_RETURNED,		/* there is one again that is to serve it */
	EVENT_MAX,
};

enum {
	ACTION_NOTE_CONNECTED = 1 << 0,
	ACTION_NOTE_DISCONNECTED = 1 << 1,
	ACTION_CLOSE = 1 << 2,		/* online 0, backend Closing; set a deadline */
	ACTION_NOTE_FORCED = 1 << 3,	/* an end did not close in time */
	ACTION_UNPLUG = 1 << 4,		/* have the backend let go; set a deadline */
	ACTION_NOTE_STUCK = 1 << 5,	/* the script did not end in time */
	ACTION_REMOVE = 1 << 6,		/* delete nodes and record; set a deadline */
	ACTION_FORGET = 1 << 7,
	ACTION_STRAND = 1 << 8,		/* delete the backend, leave the frontend to its programs */
	ACTION_AWAIT = 1 << 9,		/* the frontend has to let go or follow; a deadline */
	ACTION_MOVE = 1 << 10,		/* both directories anew, served by another domain */
	ACTION_NOTE_FOLLOWED = 1 << 11,
	ACTION_NOTE_LEFT = 1 << 12,	/* it does not: another device takes its place */
};

struct step {
	enum phase next;
	unsigned int actions;
};

/* held: a hotplug script has something to undo before the nodes may go. */
struct step machine_step(enum phase phase, enum end_state frontend, enum end_state backend,
			 bool held, enum event event);

/* Of a class whose drivers only probe, and write no state: an end is up while it is there. */
enum end_state end_state_presumed(enum end_state state);

/* data may be NULL: there is no node. */
enum end_state end_state_parse(const char *data, size_t len);
const char *end_state_name(enum end_state state);
const char *phase_name(enum phase phase);

#endif
