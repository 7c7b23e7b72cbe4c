/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sessions: which open of this end talks to which open of the other.
 * The rules are in <xen/io/mydevice.h>.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_SESSION_H
#define MYD_SESSION_H

#include <linux/bits.h>
#include <linux/types.h>

#include "ring.h"

/**
 * enum myd_phase - what this end's program can do
 * @MYD_CLOSED: this end is not open
 * @MYD_WAITING: open, no session: reads and writes wait for the peer
 * @MYD_LIVE: in a session
 * @MYD_ENDED: the peer has left; bytes and the end are still to be told
 */
enum myd_phase {
	MYD_CLOSED,
	MYD_WAITING,
	MYD_LIVE,
	MYD_ENDED,
};

/**
 * enum myd_again - what a reader gets that asks for the end of a session again
 * @MYD_AGAIN_WAITS: it waits for the next session
 * @MYD_AGAIN_IF_POLLED: likewise, unless it polls before it reads
 * @MYD_AGAIN_ENDS: the end of file, once more
 */
enum myd_again {
	MYD_AGAIN_WAITS,
	MYD_AGAIN_IF_POLLED,
	MYD_AGAIN_ENDS,
};

/* What myd_session_step() asks of its caller. */
#define MYD_STEP_WAKE	BIT(0)	/* something changed for waiting programs */
#define MYD_STEP_NOTIFY	BIT(1)	/* a session word changed: send an event */
#define MYD_STEP_ROOM	BIT(2)	/* the peer waits for room, and has it now */

/**
 * struct myd_session - this end's side of the hand-over
 * @phase: see enum myd_phase
 * @serial: counts beginnings and ends: differs once a session has ended
 * @begun: counts beginnings
 * @epoch: our opens and closes; odd: open
 * @acked: the peer's epoch we acknowledged as a consumer, or 0
 * @peer: the peer's epoch in the current session, or 0
 * @receiving: the peer has started its direction of this session
 * @rx_end_known: no byte follows @rx_end in this session
 * @rx_end: index after the session's last incoming byte
 * @eof_told: the program has read the end of file of this session
 * @again: who asks for the end of file of the last session again, before another
 * @tx_fin: the program has shut down its writing in this session
 *
 * Protected by the channel's lock.
 */
struct myd_session {
	enum myd_phase phase;
	u32 serial;
	u32 begun;
	u32 epoch;
	u32 acked;
	u32 peer;
	bool receiving;
	bool rx_end_known;
	u32 rx_end;
	bool eof_told;
	enum myd_again again;
	bool tx_fin;
};

void myd_session_link(struct myd_session *s, struct myd_ring *tx, struct myd_ring *rx);
int myd_session_unlink(struct myd_session *s, struct myd_ring *rx);
bool myd_session_abort(struct myd_session *s, const struct myd_ring *rx);
void myd_session_open(struct myd_session *s, struct myd_ring *tx);
void myd_session_close(struct myd_session *s, struct myd_ring *tx, struct myd_ring *rx);
void myd_session_finish(struct myd_session *s, struct myd_ring *tx);
void myd_session_told(struct myd_session *s);
int myd_session_step(struct myd_session *s, struct myd_ring *tx, struct myd_ring *rx,
		     unsigned int *ret_todo);

#endif /* MYD_SESSION_H */
