/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a driver and the agents at the two ends of a channel say to each other,
 * over a pipe: requests one way, replies in any order the other way.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef SEMANTICS_WIRE_H
#define SEMANTICS_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#define WIRE_ARGS	4
#define WIRE_MAX	(1u << 20)

/* A reply that no request asked for: the agent is there. */
#define WIRE_HELLO	0

enum op {
	OP_INTERRUPT,		/* id: a signal for the thread that serves that request */
	OP_RESET,		/* ends all calls, closes all files */
	OP_OPEN,		/* flags */
	OP_CLOSE,		/* fd */
	OP_READ,		/* fd, size: data */
	OP_WRITE,		/* fd; data */
	OP_READV,		/* fd; sizes: data */
	OP_WRITEV,		/* fd, size of each buffer; data */
	OP_TAKE,		/* fd, size, offset: a read that has to find the pattern */
	OP_GIVE,		/* fd, size, offset: a write of it */
	OP_CONSUME,		/* fd, total, size: reads until total, the pattern from 0 on */
	OP_PRODUCE,		/* fd, total, size: likewise writes */
	OP_HOLE_READ,		/* fd, size, offset of the hole in the buffer: data */
	OP_HOLE_WRITE,		/* fd, size, offset of the hole in the buffer; data up to it */
	OP_SLOW_READ,		/* fd, size, present: a read whose buffer comes in later: data */
	OP_SLOW_FILL,		/* now */
	OP_AWAY_READ,		/* fd, size, offset in the page: data; into pages put away,
				 * EILSEQ if it changed a byte that is not its own */
	OP_NONBLOCK,		/* fd, on */
	OP_POLL,		/* fd, events, milliseconds */
	OP_BECOMES,		/* fd, events, milliseconds: until exactly these are on */
	OP_EPOLL,		/* fd, events: another fd */
	OP_EPOLL_WAIT,		/* that, milliseconds */
	OP_IOCTL,		/* fd, request; argument: argument */
	OP_IOCTL_AT,		/* fd, request, address of the argument */
	OP_SIGIO,		/* fd: from now on */
	OP_SIGIO_COUNT,
	OP_SPLICE_READ,		/* fd, size: data, through a pipe */
	OP_SPLICE_WRITE,	/* fd; data, through a pipe */
	OP_SENDFILE,		/* fd, size, offset: a file that holds the pattern */
	OP_URING,		/* entries: a ring */
	OP_URING_READ,		/* ring, fd, size, tag */
	OP_URING_WRITE,		/* ring, fd, tag; data */
	OP_URING_POLL,		/* ring, fd, events, tag */
	OP_URING_REAP,		/* ring, milliseconds: struct wire_completion, data */
	OP_URING_WORKERS,	/* threads that io_uring has started */
	OP_FILE,		/* path: its contents */
	OP_RUN,			/* line for a shell: what it prints */
	OP_FIFO,		/* a new FIFO, opened for reading and writing */
	OP_OTHER,		/* fd, number of a call: struct wire_other; ENOENT after the last */
	OP_COUNT,
};

struct wire_request {
	uint32_t id;
	uint32_t op;
	int64_t arg[WIRE_ARGS];
	uint32_t len;		/* of the data that follow */
	uint32_t reserved;
};

struct wire_reply {
	uint32_t id;
	uint32_t len;		/* of the data that follow */
	int64_t result;		/* negative: errno */
	int64_t usec;		/* that the call took */
};

struct wire_completion {
	uint64_t tag;
	int64_t result;
};

struct wire_other {
	int64_t result;
	char name[32];
};

/* True if all of it was moved. */
bool wire_put(int fd, const void *data, size_t len);
bool wire_get(int fd, void *data, size_t len);

/* The byte at an offset of the pattern. */
static inline unsigned char wire_pattern(uint64_t offset)
{
	return offset * 131 + (offset >> 8) * 7 + (offset >> 16) * 3;
}

#endif /* SEMANTICS_WIRE_H */
