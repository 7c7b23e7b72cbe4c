// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent: reads requests, has each served by a thread of its own, so that a
 * call that blocks holds up no other, and sends the replies as they come.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"

#define WORKERS	32

static serve_fn *const serve[OP_COUNT] = {
	[OP_OPEN] = serve_open,
	[OP_CLOSE] = serve_close,
	[OP_READ] = serve_read,
	[OP_WRITE] = serve_write,
	[OP_READV] = serve_readv,
	[OP_WRITEV] = serve_writev,
	[OP_TAKE] = serve_take,
	[OP_GIVE] = serve_give,
	[OP_CONSUME] = serve_consume,
	[OP_PRODUCE] = serve_produce,
	[OP_HOLE_READ] = serve_hole_read,
	[OP_HOLE_WRITE] = serve_hole_write,
	[OP_SLOW_READ] = serve_slow_read,
	[OP_SLOW_FILL] = serve_slow_fill,
	[OP_AWAY_READ] = serve_away_read,
	[OP_NONBLOCK] = serve_nonblock,
	[OP_POLL] = serve_poll,
	[OP_BECOMES] = serve_becomes,
	[OP_EPOLL] = serve_epoll,
	[OP_EPOLL_WAIT] = serve_epoll_wait,
	[OP_IOCTL] = serve_ioctl,
	[OP_IOCTL_AT] = serve_ioctl_at,
	[OP_SIGIO] = serve_sigio,
	[OP_SIGIO_COUNT] = serve_sigio_count,
	[OP_SPLICE_READ] = serve_splice_read,
	[OP_SPLICE_WRITE] = serve_splice_write,
	[OP_SENDFILE] = serve_sendfile,
	[OP_URING] = serve_uring,
	[OP_URING_READ] = serve_uring_read,
	[OP_URING_WRITE] = serve_uring_write,
	[OP_URING_POLL] = serve_uring_poll,
	[OP_URING_REAP] = serve_uring_reap,
	[OP_URING_WORKERS] = serve_uring_workers,
	[OP_FILE] = serve_file,
	[OP_RUN] = serve_run,
	[OP_FIFO] = serve_fifo,
	[OP_OTHER] = serve_other,
};

/**
 * struct worker - a thread that serves requests
 * @thread: it
 * @job: what it serves, or NULL
 */
struct worker {
	pthread_t thread;
	struct job *job;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct worker worker[WORKERS];
	int started;
} pool = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.wake = PTHREAD_COND_INITIALIZER,
};

static pthread_mutex_t out_lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t now_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

/* Without its driver an agent is of no use. */
static void send_reply(uint32_t id, int64_t result, int64_t usec, const void *data, uint32_t len)
{
	struct wire_reply reply = { .id = id, .len = len, .result = result, .usec = usec };

	pthread_mutex_lock(&out_lock);
	if (!wire_put(STDOUT_FILENO, &reply, sizeof(reply)) ||
	    !wire_put(STDOUT_FILENO, data, len))
		exit(1);
	pthread_mutex_unlock(&out_lock);
}

void *job_reply(struct job *job, size_t size)
{
	job->reply = calloc(1, size + 1);
	if (!job->reply)
		abort();
	job->reply_len = size;
	return job->reply;
}

static void serve_job(struct job *job)
{
	int64_t begun = now_usec(), result = -ENOSYS;

	if (job->request.op < OP_COUNT && serve[job->request.op])
		result = serve[job->request.op](job);
	if (result < 0)
		job->reply_len = 0;
	send_reply(job->request.id, result, now_usec() - begun, job->reply, job->reply_len);
}

static void free_job(struct job *job)
{
	free(job->reply);
	free(job->data);
	free(job);
}

static void *work(void *arg)
{
	struct worker *self = arg;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_mutex_lock(&pool.lock);
	for (;;) {
		while (!self->job)
			pthread_cond_wait(&pool.wake, &pool.lock);
		pthread_mutex_unlock(&pool.lock);
		serve_job(self->job);
		pthread_mutex_lock(&pool.lock);
		free_job(self->job);
		self->job = NULL;
	}
	return NULL;
}

static void hand_out(struct job *job)
{
	struct worker *worker = pool.worker;

	pthread_mutex_lock(&pool.lock);
	while (worker < pool.worker + pool.started && worker->job)
		worker++;
	if (worker == pool.worker + WORKERS)
		abort();
	worker->job = job;
	if (worker == pool.worker + pool.started) {
		pool.started++;
		if (pthread_create(&worker->thread, NULL, work, worker))
			abort();
	}
	pthread_cond_broadcast(&pool.wake);
	pthread_mutex_unlock(&pool.lock);
}

/* Signals who serves the request with that id, or everybody; how many those are. */
static int interrupt(uint32_t id)
{
	int busy = 0;

	pthread_mutex_lock(&pool.lock);
	for (int i = 0; i < pool.started; i++) {
		struct worker *worker = &pool.worker[i];

		if (worker->job && (!id || worker->job->request.id == id)) {
			pthread_kill(worker->thread, SIGUSR1);
			busy++;
		}
	}
	pthread_mutex_unlock(&pool.lock);
	return busy;
}

/* The kernel closes what io_uring still holds when it gets to it. */
static void await_closed(const char *node)
{
	int fd;

	while ((fd = open(node, O_RDWR | O_NONBLOCK)) < 0 && errno == EBUSY)
		usleep(10000);
	close(fd);
}

/* All is as it was in the beginning. */
static int64_t reset(const char *node)
{
	bool rings;

	for (int tries = 0; interrupt(0); tries++) {
		if (tries == 500)
			return -EBUSY;
		usleep(10000);
	}
	rings = uring_reset();
	syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, 0);
	if (rings)
		await_closed(node);
	return 0;
}

static void ignore(int signal)
{
	(void)signal;
}

static void serve_here(const struct wire_request *request, const char *node)
{
	int64_t result = request->op == OP_RESET ? reset(node) : interrupt(request->arg[0]);

	send_reply(request->id, result, 0, NULL, 0);
}

int agent(const char *node)
{
	struct sigaction action = { .sa_handler = ignore };
	struct wire_request request;

	sigaction(SIGUSR1, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	setenv("NODE", node, 1);
	send_reply(WIRE_HELLO, 0, 0, NULL, 0);
	while (wire_get(STDIN_FILENO, &request, sizeof(request))) {
		struct job *job;

		if (request.op == OP_RESET || request.op == OP_INTERRUPT) {
			serve_here(&request, node);
			continue;
		}
		job = calloc(1, sizeof(*job));
		if (!job || request.len > WIRE_MAX)
			return 1;
		job->request = request;
		job->node = node;
		job->data = calloc(1, request.len + 1);
		if (!job->data || !wire_get(STDIN_FILENO, job->data, request.len))
			return 1;
		hand_out(job);
	}
	return 0;
}
