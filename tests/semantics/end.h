/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An end of the channel as the rows see it, wherever it is: its agent makes the
 * calls. What a call returns is what comes back, or a negative errno.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef SEMANTICS_END_H
#define SEMANTICS_END_H

#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <sys/types.h>

#include "wire.h"

#define END_PENDING	64

/* What is to come soon comes within so many milliseconds, on a slow machine too. */
#define END_SOON	(5000 * end_slow)

/* A call that has not returned in time. */
#define END_LATE	(-10001L)
/* One that did not end at all. */
#define END_LOST	(-10002L)

/**
 * struct end - one end
 * @name: "front" or "back"
 * @to: requests
 * @from: replies
 * @pid: what runs the agent
 * @last: id of the last request
 * @pending: replies that have come and were not asked for yet
 */
struct end {
	const char *name;
	int to;
	int from;
	pid_t pid;
	uint32_t last;
	struct {
		struct wire_reply reply;
		void *data;
	} pending[END_PENDING];
};

/**
 * struct call - a call under way, or what came of it
 * @end: where
 * @id: of the request
 * @result: what it returned
 * @usec: how long it took
 * @data: what came with it, to be freed by call_free(), or NULL
 * @len: how many bytes
 */
struct call {
	struct end *end;
	uint32_t id;
	long result;
	int64_t usec;
	void *data;
	size_t len;
};

void end_start(struct end *end, const char *name, const char *command);
void end_stop(struct end *end);
/* Both are as they were in the beginning; false if one is not. */
bool ends_reset(struct end *one, struct end *other);

struct call call_begin(struct end *end, enum op op, const void *data, size_t len, int64_t a,
		       int64_t b, int64_t c, int64_t d);
/* For how long a call is watched that should not return, in milliseconds. */
extern int end_moment;
/* What all time limits are multiplied by, for slow kernels. */
extern int end_slow;
/* Whether it still has not returned after that. */
bool call_waits(struct call *call);
/* What it returns, within some seconds; END_LATE. */
long call_result(struct call *call);
void call_interrupt(struct call *call);
void call_free(struct call *call);

/* Begin, and wait for the result. */
long end_do(struct end *end, enum op op, const void *data, size_t len, int64_t a, int64_t b,
	    int64_t c, int64_t d);

static inline long end_open(struct end *end, int flags)
{
	return end_do(end, OP_OPEN, NULL, 0, flags, 0, 0, 0);
}

static inline long end_close(struct end *end, int fd)
{
	return end_do(end, OP_CLOSE, NULL, 0, fd, 0, 0, 0);
}

static inline long end_write(struct end *end, int fd, const void *data, size_t len)
{
	return end_do(end, OP_WRITE, data, len, fd, 0, 0, 0);
}

static inline struct call begin_write(struct end *end, int fd, const void *data, size_t len)
{
	return call_begin(end, OP_WRITE, data, len, fd, 0, 0, 0);
}

static inline struct call begin_read(struct end *end, int fd, size_t size)
{
	return call_begin(end, OP_READ, NULL, 0, fd, size, 0, 0);
}

/* A read whose bytes nobody wants. */
static inline long end_read(struct end *end, int fd, size_t size)
{
	return end_do(end, OP_READ, NULL, 0, fd, size, 0, 0);
}

static inline long end_give(struct end *end, int fd, size_t size, uint64_t offset)
{
	return end_do(end, OP_GIVE, NULL, 0, fd, size, offset, 0);
}

static inline struct call begin_give(struct end *end, int fd, size_t size, uint64_t offset)
{
	return call_begin(end, OP_GIVE, NULL, 0, fd, size, offset, 0);
}

static inline long end_take(struct end *end, int fd, size_t size, uint64_t offset)
{
	return end_do(end, OP_TAKE, NULL, 0, fd, size, offset, 0);
}

static inline struct call begin_take(struct end *end, int fd, size_t size, uint64_t offset)
{
	return call_begin(end, OP_TAKE, NULL, 0, fd, size, offset, 0);
}

static inline long end_nonblock(struct end *end, int fd, bool on)
{
	return end_do(end, OP_NONBLOCK, NULL, 0, fd, on, 0, 0);
}

/* The events that are on now. */
static inline long end_events(struct end *end, int fd)
{
	return end_do(end, OP_POLL, NULL, 0, fd, POLLIN | POLLOUT | POLLRDHUP, 0, 0);
}

/* The events that are on once they are these, or when that has taken too long. */
static inline long end_becomes(struct end *end, int fd, short events)
{
	return end_do(end, OP_BECOMES, NULL, 0, fd, events, END_SOON, 0);
}

/* An ioctl whose argument is written back. */
long end_ioctl(struct end *end, int fd, unsigned int request, void *argument, size_t size);

#endif /* SEMANTICS_END_H */
