/* SPDX-License-Identifier: MIT */
/*
 * mydevice - a byte channel between two Xen domains: the wire protocol.
 *
 * Copyright (C) 2026 The mydevice maintainers
 *
 * This header is the specification. It has no dependency but <stdint.h>
 * (<linux/types.h> in the kernel), so that any operating system may carry
 * either end. docs/PROTOCOL.md tells the same as a story.
 *
 *
 * XenStore
 * ========
 *
 * G is the frontend (guest) domain, B the backend domain, D the device id: a
 * decimal number from 0 to MYDEVICE_DEVID_MAX without leading zeroes.
 *
 * Request, /local/domain/G/data/mydevice/D, the guest's own
 * ---------------------------------------------------------
 *  name       (guest)    the channel's name, see "Names"
 *  mode       (guest)    optional: "stream" or "packet", else as the policy says
 *  ring-size  (guest)    optional: bytes wished for each direction
 *  request    (guest)    "1", written last: the request is complete
 *  status     (toolstack) the answer: "attached", or "denied: " or "error: "
 *                        and a reason for a person
 *
 * Removing the directory asks for the device to be detached.
 *
 * Frontend, /local/domain/G/device/mydevice/D, owner G, B may read (nG,rB)
 * ------------------------------------------------------------------------
 *  backend, backend-id   (toolstack) path and domain of the other end; others
 *                        when the domain that served it is gone: see "States"
 *  name, mode            (toolstack) as in the backend's directory, which is
 *                        another domain's: the frontend believes these, and
 *                        those there only if it has none
 *  state                 (toolstack 1, then frontend) XenbusState
 *  protocol              (frontend) "1": the version of this header
 *  ring-ref              (frontend) grant reference of the control page
 *  event-channel         (frontend) one port for both directions, or
 *  event-channel-0, -1   (frontend) a port for each direction, if the
 *                        backend has feature-split-event-channels
 *
 * The directory above it, device/mydevice, is domain 0's, G may read (n0,rG).
 *
 * Backend, /local/domain/B/backend/mydevice/G/D, owner B, G may read (nB,rG)
 * --------------------------------------------------------------------------
 *  frontend, frontend-id (toolstack) path and domain of the other end
 *  online                (toolstack) "1"; "0" when the device is to go
 *  state                 (toolstack 1, then backend) XenbusState
 *  name                  (toolstack) the channel's name
 *  guest                 (toolstack) the frontend domain's name, if it is safe
 *  mode                  (toolstack) "stream" (the default) or "packet", with
 *                        "one-way " before it if direction is not "both": a
 *                        backend that cannot enforce direction does not know
 *                        this mode, and refuses the device
 *  direction             (toolstack) optional: "both" (the default), "to-host" or
 *                        "to-guest": the only way in which bytes pass, see
 *                        "Direction"
 *  ring-size             (toolstack) the most bytes for each direction
 *  node-user, node-group, node-mode
 *                        (toolstack) optional: whose the backend's device node
 *                        is, as names and octal mode
 *  max-protocol          (backend) the highest version it speaks
 *  max-ring-size         (backend) the most bytes for each direction it maps
 *  feature-split-event-channels (backend) "1": two ports are accepted
 *  feature-direction     (backend) "1": it enforces direction
 *  script                (toolstack) optional: the path of a hotplug script
 *  hotplug-status        (toolstack "waiting" if there is a script, then the
 *                        script) "running", "connected" or "error"; while the
 *                        node is there and says anything but "connected", the
 *                        backend stays in InitWait
 *  hotplug-error         (hotplug script) what went wrong, for a person
 *  error                 (backend) optional: a number and what went wrong, for a
 *                        person
 *  rate-bytes, rate-messages
 *                        (toolstack) optional: what the backend moves in a second,
 *                        in each direction by itself: bytes of the ring; packets,
 *                        or pieces of a stream. 1 to MYDEVICE_RATE_MAX; 0: no limit
 *  paused                (toolstack) optional: "1": the backend moves nothing
 *  read-wake, write-wake, spin-usec
 *                        (toolstack) optional: thresholds of the backend's programs
 *                        that have none of their own, see struct mydevice_tune
 *
 * The nodes from rate-bytes to spin-usec, direction, and node-user, node-group and
 * node-mode, may be written, changed and removed at any time: the backend has a
 * watch on its directory.
 * Numbers are decimal. What is none, or out of range, leaves what held before.
 *
 * The frontend uses the smallest of its own wish, ring-size and max-ring-size.
 * Unknown nodes are ignored. A node that is missing has its default.
 *
 * States
 * ------
 *  backend                          frontend
 *  Initialising (toolstack)         Initialising (toolstack)
 *  writes its features, InitWait
 *                                   allocates, zeroes and grants; fills the
 *                                   configuration; writes its nodes,
 *                                   Initialised
 *  maps, binds, Connected
 *                                   Connected
 *
 * Either side leaves by Closing; the frontend releases and writes Closed, the
 * backend unmaps and writes Closed. Any state may follow any other and states
 * may be skipped: a side acts on what it reads, never on what it expects. The
 * backend unmaps before it writes Closed, so a frontend that sees Closed (or
 * the node gone) may revoke its grants. While online is "1" a frontend that
 * returns to Initialising is served again.
 *
 * If the backend domain ends, the frontend goes to Closed. When another is to
 * serve it, the toolstack writes both directories anew, in one transaction: the
 * frontend watches "backend", revokes what it granted, and begins again there.
 *
 * Direction
 * ---------
 * The backend enforces direction: with "to-host" it does not write the ring of
 * direction 1, with "to-guest" it does not read the ring of direction 0, and it does
 * not map a ring whose direction is closed when the handshake begins. The frontend
 * still grants both rings, and the handshake and the sessions are the same: the
 * indices and session words of the closed direction are in use, its bytes are not.
 * A frontend reads the node when it makes its channel and again just before it is
 * Connected, and returns an error to programs that want the closed direction. One
 * that does not know the node finds a peer that never reads, or never writes.
 *
 * When the node changes, the backend closes at once what it must: its programs
 * cannot read or write there from then on. Once the frontend is Connected the backend
 * unmaps the rings and goes back to InitWait, and the frontend makes its offer again.
 * A frontend that never becomes Connected keeps a ring mapped that was open when its
 * handshake began, but nothing uses it.
 *
 * Names
 * -----
 * 1 to MYDEVICE_NAME_MAX characters of A-Z a-z 0-9 . _ - of which the first is
 * a letter, so that a name never looks like a device id, a path or an option.
 *
 *
 * Memory
 * ======
 *
 * The frontend grants one control page and, for each direction, a ring of
 * bytes in pages of MYDEVICE_PAGE_SIZE bytes. Direction 0 goes from frontend
 * to backend, direction 1 from backend to frontend. Every page is zeroed
 * before it is granted. Pages need not be contiguous anywhere.
 *
 * Integers are in the byte order of the (little-endian) machine. Indices are
 * free-running 32-bit counts of bytes since the rings were made; the byte with
 * index i lies at offset i % size of its ring. Each line below is written by
 * one side only, and each side keeps its own indices privately: what stands
 * in its own lines is a copy for the peer and never read back.
 *
 * A field of the peer's is fetched once, then checked, then used from the
 * copy. prod - cons > size, or an index that moves backwards, is a protocol
 * error: the side that sees it stops using the rings for good and goes to
 * Closing.
 *
 * Notification
 * ------------
 * After a publish from index old to new, the publisher runs a full barrier,
 * reads the other side's event index and sends an event if
 *      (uint32_t)(new - event - 1) < (uint32_t)(new - old)
 * that is, if the index just passed event. Before it sleeps, a side writes
 * the event index it wants to be woken at, runs a full barrier and checks the
 * peer's index once more. A change of a session word (below) is always
 * followed by an event.
 *
 * Sessions
 * --------
 * Each end counts its opens and closes in its epoch: odd is open. A session
 * is one open of each end: a pair of epochs. Direction by direction:
 *
 *  1. A consumer that sees the producer open with epoch p, and is done with
 *     all it wants of earlier sessions, writes ack = p.
 *  2. A producer with epoch p that sees ack = p and after that the consumer open
 *     with epoch c, and is itself done with earlier sessions, starts the session:
 *     it clears FIN, then writes session_start (its prod), session_peer = c
 *     and session_self = p, in this order. From here on it may produce.
 *  3. A consumer with epoch c that acknowledged p and reads session_self = p,
 *     session_peer = c (in this order, each an acquire) takes session_start
 *     as its cons: bytes before it belong to no session of its own.
 *
 * A session ends when either epoch changes. A producer stops producing when it
 * sees that; a consumer takes the bytes up to prod first and then reports the
 * end. prod cannot move meanwhile, since the producer's next session needs the
 * consumer's next ack, and the consumer does not write it before its program
 * either opens again or shows that it waits for another session. FIN in the
 * producer's flags ends one direction: no byte follows prod in this session.
 *
 * An end that closes writes ack = 0, then its epoch.
 *
 * Packets
 * -------
 * In mode "packet" a session's bytes are packets, one after the other without
 * a gap and at any index: a struct mydevice_packet, then its len bytes of
 * payload. A packet with its header fills at most half the ring. prod, cons,
 * session_start and the last index of a session stand between packets only. A
 * consumer that finds anything else has met a protocol error. Of two waits in
 * opposite directions one always ends: what a producer waits for is never more
 * than half the ring, and what a consumer waits for neither.
 */
#ifndef __XEN_PUBLIC_IO_MYDEVICE_H__
#define __XEN_PUBLIC_IO_MYDEVICE_H__

#ifdef __KERNEL__
#include <linux/stddef.h>
#include <linux/types.h>
#else
#include <stddef.h>
#include <stdint.h>
#endif

#define MYDEVICE_CLASS			"mydevice"

#define MYDEVICE_PROTOCOL_VERSION	1
#define MYDEVICE_REQUEST_VERSION	1

#define MYDEVICE_DEVID_MAX		4095
#define MYDEVICE_NAME_MAX		63

#define MYDEVICE_PAGE_SHIFT		12
#define MYDEVICE_PAGE_SIZE		(1u << MYDEVICE_PAGE_SHIFT)

/* rate-bytes, rate-messages */
#define MYDEVICE_RATE_MAX		(1ull << 36)

/* log2 of a ring's bytes */
#define MYDEVICE_RING_ORDER_MIN		12
#define MYDEVICE_RING_ORDER_MAX		20
#define MYDEVICE_RING_PAGES_MAX \
	(1u << (MYDEVICE_RING_ORDER_MAX - MYDEVICE_PAGE_SHIFT))

/* "MYDV" in memory */
#define MYDEVICE_MAGIC			0x5644594du

enum mydevice_direction {
	MYDEVICE_FRONT_TO_BACK = 0,
	MYDEVICE_BACK_TO_FRONT = 1,
	MYDEVICE_DIRECTIONS = 2,
};

enum mydevice_mode {
	MYDEVICE_STREAM = 0,
	MYDEVICE_PACKET = 1,
	MYDEVICE_MODES = 2,
};

/* mydevice_producer.flags: no byte follows prod in this session */
#define MYDEVICE_PRODUCER_FIN		(1u << 0)

/*
 * Written once by the frontend before Initialised. The backend copies it once,
 * checks the copy and never reads it again.
 */
struct mydevice_config {
	uint32_t magic;			/* 0x00 MYDEVICE_MAGIC */
	uint32_t version;		/* 0x04 MYDEVICE_PROTOCOL_VERSION */
	uint32_t ring_order[2];		/* 0x08 log2 of the bytes, by direction */
	uint32_t mode;			/* 0x10 enum mydevice_mode, as the backend's node says */
	uint32_t reserved[27];		/* 0x14 zero */
};

/* Written by the side that produces in this direction. */
struct mydevice_producer {
	uint32_t prod;			/* 0x00 index after the last byte */
	uint32_t cons_event;		/* 0x04 wake me when cons passes this */
	uint32_t flags;			/* 0x08 MYDEVICE_PRODUCER_* */
	uint32_t epoch;			/* 0x0c my opens and closes; odd: open */
	uint32_t session_self;		/* 0x10 my epoch in this session */
	uint32_t session_peer;		/* 0x14 the consumer's epoch in it */
	uint32_t session_start;		/* 0x18 index of its first byte */
	uint32_t reserved[25];		/* 0x1c zero */
};

/* Written by the side that consumes in this direction. */
struct mydevice_consumer {
	uint32_t cons;			/* 0x00 index after the last byte taken */
	uint32_t prod_event;		/* 0x04 wake me when prod passes this */
	uint32_t reserved0;		/* 0x08 zero */
	uint32_t ack;			/* 0x0c the producer's epoch I wait for */
	uint32_t reserved[28];		/* 0x10 zero */
};

/* In the ring before each packet's payload. */
struct mydevice_packet {
	uint32_t len;			/* 0x00 bytes of payload, at least 1 */
};

#define MYDEVICE_PACKET_MAX(ring_size) \
	((ring_size) / 2 - (uint32_t)sizeof(struct mydevice_packet))

struct mydevice_control {
	struct mydevice_config config;		/* 0x000 frontend */
	struct {
		struct mydevice_producer producer; /* 0x080, 0x180 */
		struct mydevice_consumer consumer; /* 0x100, 0x200 */
	} dir[2];
	uint32_t reserved[96];			/* 0x280 zero */
	/*
	 * 0x400 frontend: grant references of the rings' pages, direction 0
	 * first, then direction 1, without a gap. Copied once like config.
	 */
	uint32_t gref[768];
};

_Static_assert(sizeof(struct mydevice_config) == 0x80, "one line");
_Static_assert(sizeof(struct mydevice_producer) == 0x80, "one line");
_Static_assert(sizeof(struct mydevice_consumer) == 0x80, "one line");
_Static_assert(offsetof(struct mydevice_control, dir[0].producer) == 0x080, "layout");
_Static_assert(offsetof(struct mydevice_control, dir[0].consumer) == 0x100, "layout");
_Static_assert(offsetof(struct mydevice_control, dir[1].producer) == 0x180, "layout");
_Static_assert(offsetof(struct mydevice_control, dir[1].consumer) == 0x200, "layout");
_Static_assert(offsetof(struct mydevice_control, gref) == 0x400, "layout");
_Static_assert(sizeof(struct mydevice_control) == MYDEVICE_PAGE_SIZE, "one page");
_Static_assert(2 * MYDEVICE_RING_PAGES_MAX <= 768, "room for every reference");

#endif /* __XEN_PUBLIC_IO_MYDEVICE_H__ */
