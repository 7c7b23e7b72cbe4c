// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An end of the channel: its agent, and the calls it is asked for.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "end.h"

#define START_MSEC	60000
#define CALL_MSEC	(20000 * end_slow)

int end_moment = 50;
int end_slow = 1;

static int64_t now_msec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

/* Without an agent there is nothing to be tested. */
static void lost(const struct end *end)
{
	printf("FAIL semantics-agent: the agent of the %s has gone\n", end->name);
	exit(3);
}

/* Takes one reply in; false if none comes in time. */
static bool receive(struct end *end, int msec)
{
	struct pollfd p = { .fd = end->from, .events = POLLIN };
	struct wire_reply reply;
	int i = 0;

	if (poll(&p, 1, msec < 0 ? 0 : msec) <= 0)
		return false;
	if (!wire_get(end->from, &reply, sizeof(reply)))
		lost(end);
	while (end->pending[i].data)
		if (++i == END_PENDING)
			abort();
	end->pending[i].reply = reply;
	end->pending[i].data = calloc(1, reply.len + 1);
	if (!end->pending[i].data || !wire_get(end->from, end->pending[i].data, reply.len))
		lost(end);
	return true;
}

/* Whether the reply is there, which is put into the call then. */
static bool returned(struct call *call)
{
	struct end *end = call->end;

	for (int i = 0; i < END_PENDING; i++) {
		if (!end->pending[i].data || end->pending[i].reply.id != call->id)
			continue;
		call->result = end->pending[i].reply.result;
		call->usec = end->pending[i].reply.usec;
		call->len = end->pending[i].reply.len;
		call->data = end->pending[i].data;
		end->pending[i].data = NULL;
		return true;
	}
	return false;
}

static bool await(struct call *call, int msec)
{
	int64_t until = now_msec() + msec;

	if (call->data)
		return true;
	while (!returned(call))
		if (!receive(call->end, until - now_msec()) && now_msec() >= until)
			return false;
	return true;
}

void end_start(struct end *end, const char *name, const char *command)
{
	struct call hello = { .end = end, .id = WIRE_HELLO };
	int to[2], from[2];

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		exit(3);
	end->name = name;
	end->pid = fork();
	if (!end->pid) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	end->to = to[1];
	end->from = from[0];
	if (!await(&hello, START_MSEC))
		lost(end);
	call_free(&hello);
}

void end_stop(struct end *end)
{
	close(end->to);
	close(end->from);
	waitpid(end->pid, NULL, 0);
}

struct call call_begin(struct end *end, enum op op, const void *data, size_t len, int64_t a,
		       int64_t b, int64_t c, int64_t d)
{
	struct wire_request request = {
		.id = ++end->last,
		.op = op,
		.arg = { a, b, c, d },
		.len = len,
	};

	if (!wire_put(end->to, &request, sizeof(request)) || !wire_put(end->to, data, len))
		lost(end);
	return (struct call){ .end = end, .id = request.id };
}

bool call_waits(struct call *call)
{
	return !await(call, end_moment);
}

long call_result(struct call *call)
{
	return await(call, CALL_MSEC) ? call->result : END_LATE;
}

void call_interrupt(struct call *call)
{
	end_do(call->end, OP_INTERRUPT, NULL, 0, call->id, 0, 0, 0);
}

void call_free(struct call *call)
{
	free(call->data);
	call->data = NULL;
}

long end_do(struct end *end, enum op op, const void *data, size_t len, int64_t a, int64_t b,
	    int64_t c, int64_t d)
{
	struct call call = call_begin(end, op, data, len, a, b, c, d);
	long result = call_result(&call);

	call_free(&call);
	return result;
}

/* What a row did not wait for is nobody's any more. */
static void forget(struct end *end)
{
	for (int i = 0; i < END_PENDING; i++) {
		free(end->pending[i].data);
		end->pending[i].data = NULL;
	}
}

bool ends_reset(struct end *one, struct end *other)
{
	struct call a = call_begin(one, OP_RESET, NULL, 0, 0, 0, 0, 0);
	struct call b = call_begin(other, OP_RESET, NULL, 0, 0, 0, 0, 0);
	bool good = !call_result(&a) && !call_result(&b);

	call_free(&a);
	call_free(&b);
	forget(one);
	forget(other);
	return good;
}

long end_ioctl(struct end *end, int fd, unsigned int request, void *argument, size_t size)
{
	struct call call = call_begin(end, OP_IOCTL, argument, size, fd, request, 0, 0);
	long result = call_result(&call);

	if (result >= 0 && call.data)
		memcpy(argument, call.data, call.len < size ? call.len : size);
	call_free(&call);
	return result;
}
