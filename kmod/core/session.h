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
 * @MYD_ENDED: the peer has left. Reads return the remaining bytes, then 0 every time,
 *	until the program closes or shows that it stays for the next session
 */
enum myd_phase {
	MYD_CLOSED,
	MYD_WAITING,
	MYD_LIVE,
	MYD_ENDED,
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
 * @eof_told: the program has read the end of file of this session; the peer may only
 *	have shut down its writing
 * @end_told: the program knows that this session has ended
 * @end_polled: it has polled since, and was given the end again
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
	bool end_told;
	bool end_polled;
	bool tx_fin;
};

void myd_session_link(struct myd_session *s, struct myd_ring *tx, struct myd_ring *rx);
int myd_session_unlink(struct myd_session *s, struct myd_ring *rx);
bool myd_session_abort(struct myd_session *s, const struct myd_ring *rx);
void myd_session_open(struct myd_session *s, struct myd_ring *tx);
void myd_session_close(struct myd_session *s, struct myd_ring *tx, struct myd_ring *rx);
void myd_session_finish(struct myd_session *s, struct myd_ring *tx);
void myd_session_told(struct myd_session *s);
bool myd_session_over(const struct myd_session *s);
void myd_session_stay(struct myd_session *s);
int myd_session_step(struct myd_session *s, struct myd_ring *tx, struct myd_ring *rx,
		     unsigned int *ret_todo);

#endif /* MYD_SESSION_H */
