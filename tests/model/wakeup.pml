/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The notification protocol of <xen/io/mydevice.h>: a producer and a consumer
 * that publish, arm and sleep, over memory in which every store waits in its
 * writer's buffer for any length of time (total store order, as on x86). Each
 * may sleep with less than it wants, or go on with what there is; what it wants
 * may be another amount each time. The producer ends with FIN.
 *
 * Correct: no reachable state in which both sleep for ever (an invalid end
 * state), no index is ever impossible, and the consumer has had all bytes when
 * it learns of the end. The names follow kmod/core/ring.c.
 *
 *	SIZE		bytes in the ring
 *	WANT_DATA	bytes a sleeping consumer waits for, at most
 *	WANT_SPACE	room a sleeping producer waits for, at most
 *	TOTAL		bytes to move
 *	WATCH		the consumer sleeps until there is any byte, although
 *			another program at its end has asked for WANT_DATA since
 *	NO_MB_PUBLISH, NO_MB_ARM, NO_RECHECK	leave one piece out
 *	NO_KEEP		arming forgets an event that is due earlier
 *	NO_FIN_EVENT	FIN without an event
 *	FIN_LATE	look for FIN after the index, not before
 *
 * Indices are modulo 256 and begin just below the wrap.
 */
#ifndef SIZE
#define SIZE 2
#endif
#ifndef WANT_DATA
#define WANT_DATA 1
#endif
#ifndef WANT_SPACE
#define WANT_SPACE 1
#endif
#ifndef TOTAL
#define TOTAL 5
#endif
/* With how much less than that it may sleep. */
#ifdef WATCH
#define MOST_DATA 1
#else
#define MOST_DATA WANT_DATA
#endif

#define FIRST 253

#define DIFF(a, b) (((a) - (b)) & 255)
#define NEED_EVENT(new, old, event) (DIFF(DIFF(new, event), 1) < DIFF(new, old))

/* shared memory: each line is written by one side only */
byte prod = FIRST, cons_event = FIRST - SIZE;
byte cons = FIRST, prod_event = FIRST;
bool fin = false;

/* store buffers: which word, what value */
mtype = { INDEX, EVENT, FIN };
chan producer_stores = [2] of { mtype, byte };
chan consumer_stores = [2] of { mtype, byte };

/* event channels: pending or not */
bool to_producer = false, to_consumer = false;

#define virt_mb(stores) (len(stores) == 0)

/* At the event index, or before it if that has been asked for and not passed. */
inline arm(stores, armed, event, passed) {
	atomic {
#ifdef NO_KEEP
		armed = DIFF(event, 0);
#else
		if
		:: DIFF(event, passed) < DIFF(armed, passed) -> armed = DIFF(event, 0)
		:: else
		fi;
#endif
		stores ! EVENT, armed
	};
#ifndef NO_MB_ARM
	virt_mb(stores)
#endif
}

active proctype producer_memory()
{
	byte value;
end:
	do
	:: atomic { producer_stores ? INDEX, value -> prod = value }
	:: atomic { producer_stores ? EVENT, value -> cons_event = value }
	:: atomic { producer_stores ? FIN, value -> fin = true }
	od
}

active proctype consumer_memory()
{
	byte value;
end:
	do
	:: atomic { consumer_stores ? INDEX, value -> cons = value }
	:: atomic { consumer_stores ? EVENT, value -> prod_event = value }
	od
}

active proctype producer()
{
	byte mine = FIRST, armed = FIRST - SIZE - 1, seen, old, event, want, n;

	do
	:: DIFF(mine, FIRST) == TOTAL -> break
	:: else ->
		seen = cons;
		assert(DIFF(mine, seen) <= SIZE);
		if
		:: DIFF(mine, seen) < SIZE ->
			old = mine;
			if
			:: n = 1
			:: SIZE - DIFF(mine, seen) > 1 && TOTAL - DIFF(mine, FIRST) > 1 -> n = 2
			fi;
			mine = DIFF(mine + n, 0);
			producer_stores ! INDEX, mine;
#ifndef NO_MB_PUBLISH
			virt_mb(producer_stores);
#endif
			event = prod_event;
			if
			:: NEED_EVENT(mine, old, event) -> to_consumer = true
			:: else
			fi
		:: SIZE - DIFF(mine, seen) < WANT_SPACE ->
			if
			:: want = WANT_SPACE
			:: DIFF(mine, seen) == SIZE -> want = 1
			fi;
			arm(producer_stores, armed, mine - SIZE + want - 1, seen);
#ifndef NO_RECHECK
			seen = cons;
#endif
			if
			:: SIZE - DIFF(mine, seen) >= want
			:: else -> atomic { to_producer -> to_producer = false }
			fi
		fi
	od;
	producer_stores ! FIN, 1;
#ifndef NO_FIN_EVENT
	/* An event is sent by a hypercall: all stores are out before the peer has it. */
	virt_mb(producer_stores);
	to_consumer = true
#endif
}

inline look() {
#ifdef FIN_LATE
	seen = prod;
	last = fin
#else
	last = fin;
	seen = prod
#endif
}

active proctype consumer()
{
	byte mine = FIRST, armed = FIRST - 1, seen, old, event, want, n;
	bool last;

	do
	:: look();
		assert(DIFF(seen, mine) <= SIZE);
		if
		:: DIFF(seen, mine) > 0 ->
			old = mine;
			if
			:: n = 1
			:: DIFF(seen, mine) > 1 -> n = 2
			fi;
			mine = DIFF(mine + n, 0);
			consumer_stores ! INDEX, mine;
#ifndef NO_MB_PUBLISH
			virt_mb(consumer_stores);
#endif
			event = cons_event;
			if
			:: NEED_EVENT(mine, old, event) -> to_producer = true
			:: else
			fi
		:: last && DIFF(seen, mine) == 0 ->
			assert(DIFF(mine, FIRST) == TOTAL);
			break
		:: !last && DIFF(seen, mine) < MOST_DATA ->
			if
#ifndef WATCH
			:: want = WANT_DATA
#endif
			:: DIFF(seen, mine) == 0 -> want = 1
			fi;
			arm(consumer_stores, armed, mine + want - 1, seen);
#ifdef WATCH
			arm(consumer_stores, armed, mine + WANT_DATA - 1, seen);
#endif
#ifndef NO_RECHECK
			look();
#endif
			if
			:: last || DIFF(seen, mine) >= want
			:: else -> atomic { to_consumer -> to_consumer = false }
			fi
		fi
	od
}
