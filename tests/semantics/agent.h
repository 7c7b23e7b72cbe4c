/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent at one end of a channel: makes the calls that a driver asks for.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef SEMANTICS_AGENT_H
#define SEMANTICS_AGENT_H

#include "wire.h"

/**
 * struct job - a request that is served
 * @request: it
 * @data: what came with it, request.len bytes and a 0
 * @node: the node of this end
 * @reply: data of the reply, to be freed, or NULL
 * @reply_len: how many
 */
struct job {
	struct wire_request request;
	char *data;
	const char *node;
	void *reply;
	uint32_t reply_len;
};

/* Serves one; the result, or a negative errno. */
typedef int64_t serve_fn(struct job *job);

/* Room for @size bytes of a reply. */
void *job_reply(struct job *job, size_t size);

/* calls-*.c */
serve_fn serve_open, serve_close, serve_read, serve_write, serve_readv, serve_writev, serve_take,
	serve_give, serve_consume, serve_produce, serve_hole_read, serve_hole_write,
	serve_slow_read, serve_slow_fill, serve_away_read, serve_nonblock, serve_ioctl,
	serve_ioctl_at, serve_file, serve_run, serve_fifo, serve_other;
serve_fn serve_poll, serve_becomes, serve_epoll, serve_epoll_wait, serve_sigio, serve_sigio_count;
serve_fn serve_splice_read, serve_splice_write, serve_sendfile;
serve_fn serve_uring, serve_uring_read, serve_uring_write, serve_uring_poll, serve_uring_reap,
	serve_uring_workers;

/* Whether there was something to be closed. */
bool uring_reset(void);

int agent(const char *node);

#endif /* SEMANTICS_AGENT_H */
