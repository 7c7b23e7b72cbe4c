/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The session hand-over of <xen/io/mydevice.h>: two ends that open, write,
 * read, close and open again, at any time and at any speed, over memory in
 * which every store waits in its writer's buffer (total store order). The
 * names follow kmod/core/session.c, statement by statement.
 *
 * Correct, for every end and in every order:
 *  - a byte that is read was written in the reader's session;
 *  - a reader that learns of the end of its session has had all of its bytes;
 *  - when nothing more happens, two open ends are in one session, and every
 *    byte written to the present open of an end has been read.
 *
 *	OPENS	how often each end may open
 *	BYTES	how many bytes each end may write
 *	NO_START	take all bytes in the ring, not those from session_start
 *	NO_ACK		start without waiting for the consumer's ack
 *	NO_LATE_LOOK	an acknowledged open that is over had no session
 *	NO_NOTIFY_ACK	acknowledge without an event
 */
#ifndef OPENS
#define OPENS 2
#endif
#ifndef BYTES
#define BYTES 2
#endif

#define CLOSED	0
#define WAITING	1
#define LIVE	2
#define ENDED	3

/* what each end writes: its words of both its lines */
#define EPOCH	0
#define ACK	1
#define SELF	2
#define PEER	3
#define START	4
#define PROD	5
#define WORDS	6
byte shared[2 * WORDS];
#define MINE(word)	(me * WORDS + word)
#define ITS(word)	shared[(1 - me) * WORDS + word]

chan stores[2] = [5] of { byte, byte };
bool event[2];

/* ring contents: which session each byte was written in */
byte written_by[2 * 8], written_to[2 * 8];

/* private state */
byte phase[2], epoch[2], acked[2], peer[2], prod[2], cons[2], rx_end[2];
bool receiving[2], end_known[2];

/* for the checks alone */
byte due[2];	/* bytes written to this open of this end */
byte taken[2];	/* bytes it has read since it opened */

#define STORE(word, value)	stores[me] ! MINE(word), value
/* An event is sent by a hypercall: all stores are out before the peer has it. */
#define NOTIFY	(len(stores[me]) == 0); event[1 - me] = true

proctype memory(byte me)
{
	byte word, value;
end:
	do
	:: atomic { stores[me] ? word, value -> shared[word] = value }
	od
}

inline begin(p) {
	phase[me] = LIVE;
	peer[me] = p;
	receiving[me] = false;
	end_known[me] = false
}

/* peer_started(): self, then peer */
inline look_started(p) {
	started = (ITS(SELF) == p);
	if
	:: started -> started = (ITS(PEER) == epoch[me])
	:: else
	fi
}

inline step() {
	now = ITS(EPOCH);
	if
	:: phase[me] == WAITING && acked[me] != 0 && acked[me] != now ->
#ifdef NO_LATE_LOOK
		started = false;
#else
		look_started(acked[me]);
#endif
		if
		:: started -> begin(acked[me])
		:: else -> acked[me] = 0
		fi
	:: else
	fi;
	if
	:: phase[me] == WAITING && now % 2 == 1 ->
		if
		:: acked[me] == 0 ->
			acked[me] = now;
			STORE(ACK, now);
#ifndef NO_NOTIFY_ACK
			NOTIFY
#endif
		:: else
		fi;
#ifdef NO_ACK
		if
		:: true ->
#else
		if
		:: ITS(ACK) == epoch[me] ->
#endif
			STORE(START, prod[me]);
			STORE(PEER, now);
			STORE(SELF, epoch[me]);
			begin(now);
			NOTIFY
		:: else
		fi
	:: else
	fi;
	if
	:: phase[me] == LIVE && !receiving[me] ->
		look_started(peer[me]);
		if
		:: started ->
#ifndef NO_START
			assert(ITS(START) >= cons[me]);
			cons[me] = ITS(START);
#endif
			receiving[me] = true;
			NOTIFY
		:: else
		fi
	:: else
	fi;
	if
	:: phase[me] == LIVE && now != peer[me] ->
		if
		:: receiving[me] -> rx_end[me] = ITS(PROD)
		:: else -> rx_end[me] = cons[me]
		fi;
		end_known[me] = true;
		phase[me] = ENDED
	:: else
	fi
}

inline take() {
	assert(written_by[(1 - me) * 8 + cons[me]] == peer[me]);
	assert(written_to[(1 - me) * 8 + cons[me]] == epoch[me]);
	cons[me]++;
	taken[me]++
}

proctype end(byte me)
{
	byte now, opens;
	bool started;

end_quiet:
	do
	:: phase[me] == CLOSED && opens < OPENS ->
		opens++;
		atomic { epoch[me]++; due[me] = 0; taken[me] = 0 };
		phase[me] = WAITING;
		acked[me] = 0;
		STORE(EPOCH, epoch[me]);
		NOTIFY;
		step()
	:: phase[me] != CLOSED && opens < OPENS ->
		phase[me] = CLOSED;
		epoch[me]++;
		STORE(ACK, 0);
		STORE(EPOCH, epoch[me]);
		NOTIFY
	:: atomic { event[me] -> event[me] = false };
		if
		:: phase[me] != CLOSED -> step()
		:: else
		fi
	:: phase[me] == LIVE && prod[me] < BYTES ->
		atomic {
			written_by[me * 8 + prod[me]] = epoch[me];
			written_to[me * 8 + prod[me]] = peer[me];
			if
			:: epoch[1 - me] == peer[me] -> due[1 - me]++
			:: else
			fi
		};
		prod[me]++;
		STORE(PROD, prod[me]);
		NOTIFY
	:: phase[me] == LIVE && receiving[me] && cons[me] < ITS(PROD) ->
		take()
	:: phase[me] == ENDED && cons[me] < rx_end[me] ->
		take()
	:: phase[me] == ENDED && cons[me] == rx_end[me] ->
		/* told */
		phase[me] = WAITING;
		acked[me] = 0;
		step()
	od
}

init {
	atomic {
		run memory(0);
		run memory(1);
		run end(0);
		run end(1)
	};
	/* nothing more can happen */
	timeout ->
	assert(phase[0] == CLOSED || phase[1] == CLOSED ||
	       (phase[0] == LIVE && phase[1] == LIVE && peer[0] == epoch[1] && peer[1] == epoch[0] &&
		receiving[0] && receiving[1] && taken[0] == due[0] && taken[1] == due[1]))
}
