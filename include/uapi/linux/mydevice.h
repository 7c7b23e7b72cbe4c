/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * mydevice - what a program can ask of a channel beside read, write and poll.
 *
 * Every structure has fixed-width fields and the same layout for 32-bit and
 * 64-bit programs. Flags that are not named here and reserved fields are zero,
 * or the call fails with EINVAL. The request number carries the structure's
 * size: a program built for a later version of it gets E2BIG if it uses what
 * this kernel does not know, one built for an earlier version goes on working.
 *
 * FIONREAD and SIOCOUTQ of <linux/sockios.h> work as on a socket, see mydevice(4).
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef _UAPI_LINUX_MYDEVICE_H
#define _UAPI_LINUX_MYDEVICE_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define MYDEVICE_IOC_MAGIC	0xbd

/* mydevice_info.end */
#define MYDEVICE_END_FRONTEND	0
#define MYDEVICE_END_BACKEND	1

/* mydevice_info.session */
#define MYDEVICE_SESSION_WAITING	1	/* the peer is not open yet */
#define MYDEVICE_SESSION_LIVE		2
#define MYDEVICE_SESSION_ENDED		3	/* the peer has left */

/**
 * struct mydevice_flow - counters of one direction since the channel was made
 * @bytes: moved, in packet mode with headers
 * @messages: packets; in stream mode, pieces published or taken at once
 * @notified: events sent to the peer, because it had asked for one
 * @suppressed: publishes that needed none
 * @sleeps: calls that slept
 * @spins: calls that would have slept, but for a short spin
 * @stalls: times that the ring was found full (outgoing) or empty (incoming)
 */
struct mydevice_flow {
	__u64 bytes;
	__u64 messages;
	__u64 notified;
	__u64 suppressed;
	__u64 sleeps;
	__u64 spins;
	__u64 stalls;
};

/**
 * struct mydevice_stats - a channel's counters; they never go back
 * @tx: outgoing
 * @rx: incoming
 * @sessions: sessions begun
 * @events: events received from the peer
 * @spurious: those for which nothing had changed
 * @errors: times that the peer broke the protocol
 */
struct mydevice_stats {
	struct mydevice_flow tx;
	struct mydevice_flow rx;
	__u64 sessions;
	__u64 events;
	__u64 spurious;
	__u64 errors;
};

/**
 * struct mydevice_info - a channel and the state of this end
 * @end: MYDEVICE_END_*
 * @mode: 0 stream, 1 packet
 * @domid: domain of the other end
 * @devid: device id
 * @session: MYDEVICE_SESSION_*
 * @tx_ring: bytes in the outgoing ring; 0 while the ends are not connected
 * @rx_ring: bytes in the incoming ring, likewise
 * @tx_free: bytes of room, as last seen
 * @rx_used: bytes to be read, as last seen, in packet mode with headers
 * @packet_max: most bytes in an outgoing packet; 0 in stream mode or unconnected
 * @name: of the channel, "" if it has none
 * @guest: backend: the frontend domain's name, "" if it has none that is safe
 * @stats: counters
 */
struct mydevice_info {
	__u32 end;
	__u32 mode;
	__u32 domid;
	__u32 devid;
	__u32 session;
	__u32 tx_ring;
	__u32 rx_ring;
	__u32 tx_free;
	__u32 rx_used;
	__u32 packet_max;
	char name[64];
	char guest[64];
	struct mydevice_stats stats;
};

/* Fills in struct mydevice_info. */
#define MYDEVICE_IOC_INFO	_IOR(MYDEVICE_IOC_MAGIC, 1, struct mydevice_info)

/* mydevice_shutdown.how */
#define MYDEVICE_SHUT_WRITE	1

/**
 * struct mydevice_shutdown - half-close
 * @how: MYDEVICE_SHUT_WRITE: the peer reads what was written, then the end of
 *	file; our writes give EPIPE; reading goes on
 * @flags: zero
 */
struct mydevice_shutdown {
	__u32 how;
	__u32 flags;
};

/* ENOTCONN outside of a session. */
#define MYDEVICE_IOC_SHUTDOWN	_IOW(MYDEVICE_IOC_MAGIC, 2, struct mydevice_shutdown)

/**
 * struct mydevice_wait - wait until a session has begun
 * @timeout_msec: milliseconds to wait: at least as long, and a few more; negative: no limit
 * @flags: zero
 */
struct mydevice_wait {
	__s32 timeout_msec;
	__u32 flags;
};

/*
 * 0 in a session; ETIMEDOUT; EPIPE if one has ended and the program has not read the
 * end yet; EAGAIN instead of waiting for a non-blocking file; EINTR if a signal handler
 * has run; ENODEV. A program that has read the end of a session stays for the next one.
 */
#define MYDEVICE_IOC_WAIT	_IOW(MYDEVICE_IOC_MAGIC, 3, struct mydevice_wait)

/*
 * Packet mode: a read or a write moves many packets, each behind a struct
 * mydevice_frame. A write takes whole frames only (EINVAL for a buffer that
 * ends within one) and may take the first few of them; a read gives as many as
 * are there and fit, and EMSGSIZE if the first does not.
 */
#define MYDEVICE_TUNE_FRAMES	(1u << 0)

/*
 * A program that has read the end of a session stays for the next one: its next read
 * or write waits, as before the first session. Without the flag it reads 0 and gets
 * EPIPE every time until it polls for input twice, calls MYDEVICE_IOC_WAIT or opens again;
 * a file that is registered with epoll or has asked for SIGIO stays, too.
 */
#define MYDEVICE_TUNE_STAY	(1u << 1)

/* mydevice_tune.spin_usec: never */
#define MYDEVICE_SPIN_NEVER	(~0u)

/**
 * struct mydevice_tune - how this open waits and moves; all of it is set anew
 * @flags: MYDEVICE_TUNE_*
 * @rx_wake: bytes for which a sleeping read is woken and POLLIN is set; what
 *	comes before the end of a session counts as enough. 0: 1; at most half
 *	the ring, more counts as that
 * @tx_wake: bytes of room for which a sleeping write is woken and POLLOUT is
 *	set. 0: half the ring; more counts as that. In packet mode poll may set
 *	POLLOUT for less room than a packet takes, if this is less
 * @spin_usec: most microseconds that a call spins before it sleeps, if spinning
 *	has paid of late; 10000 at most. 0: as the module's parameter says
 *
 * In the domain that serves the channel 0 is first what the toolstack has set for
 * it: read-wake, write-wake and spin-usec in xen/io/mydevice.h.
 */
struct mydevice_tune {
	__u32 flags;
	__u32 rx_wake;
	__u32 tx_wake;
	__u32 spin_usec;
};

/* EINVAL for frames on a channel in stream mode. */
#define MYDEVICE_IOC_TUNE	_IOW(MYDEVICE_IOC_MAGIC, 4, struct mydevice_tune)

/**
 * struct mydevice_frame - before each packet, see MYDEVICE_TUNE_FRAMES
 * @len: bytes of the packet that follow, at least 1
 */
struct mydevice_frame {
	__u32 len;
};

#endif /* _UAPI_LINUX_MYDEVICE_H */
