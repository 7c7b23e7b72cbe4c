// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an agent does to learn that a file is ready: poll, epoll, SIGIO.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "agent.h"

static atomic_int sigio_count;

static int64_t poll_for(int fd, short events, int msec)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, msec) < 0 ? -errno : p.revents;
}

int64_t serve_poll(struct job *job)
{
	return poll_for(job->request.arg[0], job->request.arg[1], job->request.arg[2]);
}

/* The events there are in the end. */
int64_t serve_becomes(struct job *job)
{
	const int64_t *arg = job->request.arg;
	int64_t events;

	for (int waited = 0;; waited += 5) {
		events = poll_for(arg[0], POLLIN | POLLOUT | POLLRDHUP, 0);
		if (events == arg[1] || waited >= arg[2])
			return events;
		usleep(5000);
	}
}

int64_t serve_epoll(struct job *job)
{
	struct epoll_event event = { .events = job->request.arg[1] };
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0 || epoll_ctl(fd, EPOLL_CTL_ADD, job->request.arg[0], &event))
		return -errno;
	return fd;
}

int64_t serve_epoll_wait(struct job *job)
{
	struct epoll_event event;
	int n = epoll_wait(job->request.arg[0], &event, 1, job->request.arg[1]);

	if (n < 0)
		return -errno;
	return n ? event.events : 0;
}

static void count_sigio(int signal)
{
	(void)signal;
	sigio_count++;
}

int64_t serve_sigio(struct job *job)
{
	struct sigaction action = { .sa_handler = count_sigio, .sa_flags = SA_RESTART };
	int fd = job->request.arg[0];

	sigio_count = 0;
	if (sigaction(SIGIO, &action, NULL) || fcntl(fd, F_SETOWN, getpid()) ||
	    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC))
		return -errno;
	return 0;
}

/* Since the last time that it was asked for. */
int64_t serve_sigio_count(struct job *job)
{
	(void)job;
	return atomic_exchange(&sigio_count, 0);
}
