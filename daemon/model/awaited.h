/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a device waits for: the next step of the handshake that one of its ends has
 * not taken. Pure: a function of the two states and of the nodes that each step
 * writes, see "The handshake" in docs/PROTOCOL.md.
 */
#ifndef ATTACHD_AWAITED_H
#define ATTACHD_AWAITED_H

#include <stdbool.h>

#include "model/hotplug.h"
#include "model/machine.h"

/* What was found. A node counts only in the states in which somebody needs it. */
struct awaited_facts {
	enum phase phase;
	enum end_state frontend, backend;
	enum hotplug hotplug;
	bool features;			/* the backend has written max-protocol */
	bool offer;			/* the frontend has written ring-ref */
};

enum awaited {
	AWAITED_NOTHING,
	AWAITED_BACKEND,		/* in the order of the handshake */
	AWAITED_FEATURES,
	AWAITED_FRONTEND,
	AWAITED_OFFER,
	AWAITED_SCRIPT,
	AWAITED_SCRIPT_FAILED,
	AWAITED_MAPPING,
	AWAITED_FRONTEND_CONNECTS,
	AWAITED_FRONTEND_AGAIN,		/* it has rings of an earlier time, or none */
	AWAITED_BACKEND_AGAIN,
	AWAITED_FRONTEND_CLOSED,
	AWAITED_BACKEND_CLOSED,
	AWAITED_BOTH_CLOSED,
	AWAITED_STATES,			/* a state that is no step of the handshake */
	AWAITED_DOMAIN,			/* the one that served it is gone */
	AWAITED_FOLLOWING,		/* the frontend, to the new one */
	AWAITED_FRONTEND_CLOSES,	/* on its way out */
	AWAITED_BACKEND_CLOSES,
	AWAITED_UNDOING,
	AWAITED_MAX,
};

enum awaited awaited_find(const struct awaited_facts *facts);

/* As text for the operator: the missing step, and where to look. "" for nothing. */
const char *awaited_text(enum awaited awaited);

/* Which of the nodes have to be looked at in these states? */
static inline bool awaited_needs_features(enum end_state backend)
{
	return backend == END_INIT_WAIT;
}

static inline bool awaited_needs_offer(enum end_state frontend, enum end_state backend)
{
	return frontend == END_INITIALISED && backend == END_INIT_WAIT;
}

#endif
