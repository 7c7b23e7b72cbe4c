/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The session hand-over of <xen/io/mydevice.h>: two ends that open, write,
 * read, shut down their writing, close and open again, at any time and at any
 * speed, over memory in which every store waits in its writer's buffer (total
 * store order). Their rings may go and come back, fresh, with the programs
 * open all the while, or with one end that has lost all it knew. The names
 * follow kmod/core/session.c, statement by statement.
 *
 * Correct, for every end and in every order:
 *  - a byte that is read was written in the reader's session, and in its rings;
 *  - a reader that learns of the end of its session, or of its direction, has
 *    had all of its bytes; if it is for the rings that go, all that had arrived;
 *  - when nothing more happens, two open ends are in one session, and every
 *    byte written to the present open of an end has been read;
 *  - with CATS: every byte written has been read, by one reader or another.
 *
 *	OPENS	how often each end may open
 *	OPENS_1	the same for end 1, if it differs
 *	BYTES	how many bytes each end may write, into one pair of rings
 *	LOSSES	how often the rings may go
 *	CRASH	when they do, end 1 may lose all it knows
 *	FIN	end 0 may shut down its writing
 *	CATS	end 0 is a loop of short writers, end 1 a loop of readers that close
 *		when they have read the end, and show no sign that they stay
 *	NO_START	take all bytes in the ring, not those from session_start
 *	NO_ACK		start without waiting for the consumer's ack
 *	NO_EPOCH_AFTER_ACK	start for the epoch that was read before the ack
 *	NO_LATE_LOOK	an acknowledged open that is over had no session
 *	NO_NOTIFY_ACK	acknowledge without an event
 *	NO_FIN_CLEAR	start without taking back an earlier FIN
 *	FIN_LATE	look for FIN after the index, not before
 *	NO_ZERO		new rings with the old words in them
 *	NO_END		rings that go do not end the session
 *	NO_LAST_LOOK	rings go without a last look for a session
 *	NO_FRESH_ACK	an acknowledgement is kept for the new rings
 *	NO_EPOCH	new rings without telling whether we are open
 *	NO_STAY	a program that has read the end waits for the next session at once
 */
#ifndef OPENS
#define OPENS 2
#endif
#ifndef OPENS_1
#define OPENS_1 OPENS
#endif
#ifndef BYTES
#define BYTES 2
#endif
#ifndef LOSSES
#define LOSSES 0
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
#define FLAGS	6
#define WORDS	7
byte shared[2 * WORDS];
#define MINE(word)	(me * WORDS + word)
#define MOST_OPENS	(me == 0 -> OPENS : OPENS_1)
#define ITS(word)	shared[(1 - me) * WORDS + word]

chan stores[2] = [6] of { byte, byte };
bool event[2];

/* ring contents: which session, over which rings, each byte was written in */
byte written_by[2 * 8], written_to[2 * 8], written_over[2 * 8];

/* private state */
byte phase[2], epoch[2], acked[2], peer[2], prod[2], cons[2], rx_end[2];
bool receiving[2], end_known[2], fin[2], told[2], linked[2] = true;

/* for the checks alone */
byte due[2];	/* bytes written to this open of this end */
byte taken[2];	/* bytes it has read since it opened */
byte rings;	/* counts pairs of rings */
byte over[2];	/* which of them the session of this end is over */
byte read_in_all;	/* bytes that end 1 has read, in all of its opens */

/* one end has left the rings, so the other will */
bool lost;
byte losses;

#define STORE(word, value)	stores[me] ! MINE(word), value
/* An event is sent by a hypercall: all stores are out before the peer has it. */
#define FLUSH	(len(stores[me]) == 0)
#define NOTIFY	FLUSH; event[1 - me] = true

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
	end_known[me] = false;
	fin[me] = false;
	over[me] = rings
}

/* peer_started(): self, then peer */
inline look_started(p) {
	started = (ITS(SELF) == p);
	if
	:: started -> started = (ITS(PEER) == epoch[me])
	:: else
	fi
}

inline receive() {
	atomic {
#ifndef NO_START
		assert(ITS(START) >= cons[me]);
		cons[me] = ITS(START);
#endif
		receiving[me] = true
	}
}

inline know_end() {
	if
	:: !end_known[me] && receiving[me] -> rx_end[me] = ITS(PROD)
	:: !end_known[me] && !receiving[me] -> rx_end[me] = cons[me]
	:: else
	fi;
	end_known[me] = true
}

inline end_session() {
	atomic {
		know_end();
		phase[me] = ENDED
	}
}

#ifdef CATS
#define MAY_CLOSE	(me == 0 -> phase[me] == LIVE : told[me])
#define MAY_WRITE	(me == 0)
#else
#define MAY_CLOSE	true
#define MAY_WRITE	true
#endif

/* Does the peer write to this session of ours, and no byte follows? */
#define FINISHED (phase[1 - me] == LIVE && fin[1 - me] && \
		  peer[1 - me] == epoch[me] && epoch[1 - me] == peer[me])

inline look_finished() {
#ifdef FIN_LATE
	last = ITS(PROD);
	if
	:: ITS(FLAGS) == 1 -> atomic { rx_end[me] = last; end_known[me] = true }
	:: else
	fi;
#else
	if
	:: ITS(FLAGS) == 1 -> atomic { know_end() }
	:: else
	fi;
#endif
	assert(!end_known[me] || !FINISHED || rx_end[me] == prod[1 - me])
}

inline step_waiting() {
	if
	:: acked[me] != 0 && acked[me] != now ->
#ifdef NO_LATE_LOOK
		started = false;
#else
		look_started(acked[me]);
#endif
		atomic {
			if
			:: started -> begin(acked[me])
			:: else -> acked[me] = 0
			fi
		}
	:: else
	fi;
	if
	:: phase[me] == WAITING && now % 2 == 1 ->
		if
		:: acked[me] == 0 ->
			atomic { acked[me] = now; STORE(ACK, now) };
#ifndef NO_NOTIFY_ACK
			NOTIFY
#endif
		:: else
		fi;
#ifdef NO_ACK
		started = true;
#else
		started = (ITS(ACK) == epoch[me]);
#endif
#ifndef NO_EPOCH_AFTER_ACK
		if
		:: started -> started = (ITS(EPOCH) == now)
		:: else
		fi;
#endif
		if
		:: started ->
			atomic {
#if defined(FIN) && !defined(NO_FIN_CLEAR)
				STORE(FLAGS, 0);
#endif
				STORE(START, prod[me]);
				STORE(PEER, now);
				STORE(SELF, epoch[me]);
				begin(now)
			};
			NOTIFY
		:: else
		fi
	:: else
	fi
}

inline step_live() {
	if
	:: !receiving[me] ->
		look_started(peer[me]);
		if
		:: started ->
			receive();
			NOTIFY
		:: else
		fi
	:: else
	fi;
#ifdef FIN
	if
	:: receiving[me] && !end_known[me] -> look_finished()
	:: else
	fi;
#endif
	if
	:: now != peer[me] -> end_session()
	:: else
	fi
}

inline step() {
	now = ITS(EPOCH);
	if
	:: phase[me] == WAITING -> step_waiting()
	:: else
	fi;
	if
	:: phase[me] == LIVE -> step_live()
	:: else
	fi
}

inline take() {
	assert(written_by[(1 - me) * 8 + cons[me]] == peer[me]);
	assert(written_to[(1 - me) * 8 + cons[me]] == epoch[me]);
	assert(written_over[(1 - me) * 8 + cons[me]] == over[me]);
	cons[me]++;
	taken[me]++;
	if
	:: me == 1 -> read_in_all++
	:: else
	fi
}

/* End 1 finds the fresh rings that end 0, which has left the old ones, offers. */
inline offered() {
	if
	:: me == 1 ->
		rings++;
		lost = false;
		due[0] = 0;
		due[1] = 0;
		taken[0] = 0;
		taken[1] = 0;
#ifndef NO_ZERO
		for (last : 0 .. 2 * WORDS - 1) {
			shared[last] = 0
		}
#endif
		last = 0
	:: else
	fi
}

/* myd_channel_connect() */
inline link() {
	atomic {
		prod[me] = 0;
		cons[me] = 0;
		rx_end[me] = 0;
#ifndef NO_FRESH_ACK
		acked[me] = 0;
#endif
#ifndef NO_EPOCH
		STORE(EPOCH, epoch[me])
#endif
	};
	NOTIFY;
	step()
}

/* myd_channel_disconnect(), with a copy of what is still to be read */
inline unlink() {
	step();
	/* What is out now was written to us, and is not to be lost. */
	atomic {
		last = 0;
		if
		:: len(stores[1 - me]) == 0 && phase[me] != CLOSED -> last = due[me]
		:: else
		fi
	};
#ifndef NO_LAST_LOOK
	if
	:: phase[me] == WAITING && acked[me] != 0 ->
		look_started(acked[me]);
		if
		:: started -> atomic { begin(acked[me]) }
		:: else
		fi
	:: else
	fi;
	if
	:: phase[me] == LIVE && !receiving[me] ->
		look_started(peer[me]);
		if
		:: started -> receive()
		:: else
		fi
	:: else
	fi;
#endif
#ifndef NO_END
	if
	:: phase[me] == LIVE -> end_session()
	:: else
	fi;
	atomic {
		do
		:: phase[me] == ENDED && cons[me] < rx_end[me] -> take()
		:: else -> break
		od;
		assert(taken[me] >= last)
	};
#endif
#ifndef NO_FRESH_ACK
	acked[me] = 0;
#endif
	FLUSH;
	atomic {
		linked[me] = false;
		event[me] = false;
		last = 0;
		started = false;
		now = 0
	}
}

proctype end(byte me)
{
	byte now, opens, last;
	bool started;

end_quiet:
	do
	:: phase[me] == CLOSED && opens < MOST_OPENS ->
		atomic {
			opens++;
			epoch[me]++;
			due[me] = 0;
			taken[me] = 0;
			told[me] = false;
			phase[me] = WAITING;
			acked[me] = 0
		};
		if
		:: linked[me] ->
			STORE(EPOCH, epoch[me]);
			NOTIFY;
			step()
		:: else
		fi
	:: phase[me] != CLOSED && opens < MOST_OPENS && MAY_CLOSE ->
		atomic {
			phase[me] = CLOSED;
			epoch[me]++
		};
		if
		:: linked[me] ->
			atomic { STORE(ACK, 0); STORE(EPOCH, epoch[me]) };
			NOTIFY
		:: else
		fi
	:: atomic { event[me] && linked[me] -> event[me] = false };
		if
		:: phase[me] != CLOSED -> step()
		:: else
		fi
	:: phase[me] == LIVE && linked[me] && !fin[me] && prod[me] < BYTES && MAY_WRITE ->
		atomic {
			written_by[me * 8 + prod[me]] = epoch[me];
			written_to[me * 8 + prod[me]] = peer[me];
			written_over[me * 8 + prod[me]] = rings;
			if
			:: epoch[1 - me] == peer[me] && linked[1 - me] -> due[1 - me]++
			:: else
			fi;
			prod[me]++;
			STORE(PROD, prod[me])
		};
		NOTIFY
#ifdef FIN
	:: me == 0 && phase[me] == LIVE && !fin[me] ->
		atomic { fin[me] = true; STORE(FLAGS, 1) };
		NOTIFY
#endif
	:: atomic { phase[me] == LIVE && linked[me] && receiving[me] && !end_known[me] &&
		    cons[me] < ITS(PROD) -> take() }
	:: atomic { (phase[me] == ENDED || (phase[me] == LIVE && end_known[me])) &&
		    cons[me] < rx_end[me] -> take() }
	:: atomic { phase[me] == ENDED && cons[me] == rx_end[me] && !told[me] -> told[me] = true }
#if !defined(CATS) || defined(NO_STAY)
	:: phase[me] == ENDED && told[me] ->
		/* myd_channel_stay() */
		atomic {
#ifndef CATS
			told[me] = false;
#endif
			phase[me] = WAITING;
			acked[me] = 0
		};
		if
		:: linked[me] -> step()
		:: else
		fi
#endif
#if LOSSES
	:: atomic { !linked[me] && (me == 1 -> !linked[0] : linked[1] && !lost) ->
			offered();
			linked[me] = true };
		link()
	:: atomic { linked[me] && !lost && losses < LOSSES -> losses++; lost = true };
		unlink()
	:: linked[me] && lost -> unlink()
#ifdef CRASH
	:: atomic { me == 1 && linked[me] && !lost && losses < LOSSES && opens < MOST_OPENS ->
			losses++;
			lost = true };
		FLUSH;
		atomic {
			linked[me] = false;
			event[me] = false;
			phase[me] = CLOSED;
			epoch[me] = 0;
			acked[me] = 0;
			peer[me] = 0
		}
#endif
#endif
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
	assert(linked[0] && linked[1]);
#ifdef CATS
	assert(read_in_all == prod[0])
#else
	assert(phase[0] == CLOSED || phase[1] == CLOSED ||
	       (phase[0] == LIVE && phase[1] == LIVE && peer[0] == epoch[1] && peer[1] == epoch[0] &&
		receiving[0] && receiving[1] && taken[0] == due[0] && taken[1] == due[1]))
#endif
}
