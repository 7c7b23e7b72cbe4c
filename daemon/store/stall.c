// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#include "store/socket.h"
#include "store/stall.h"
#include "store/wire.h"

#define SILENCE_SEC 3
/* For a thread to take the answer that has come. */
#define GRACE_MSEC 1000
/* Nobody waits for longer who waits for the thread to end. */
#define ANSWER_USEC (5 * USEC_PER_SEC)

struct stall {
	pthread_t thread;
	const atomic_ullong *turns;
	int connection;			/* as libxenstore's own, which is not told */
	int timer;			/* fires when nobody has postponed it */
	int stop;
	atomic_bool found;
};

/* The same socket may have several paths. */
static bool leads_to(int fd, const struct stat *wanted)
{
	struct sockaddr_un peer = {};
	socklen_t len = sizeof(peer) - 1;
	struct stat found;

	return getpeername(fd, (struct sockaddr *)&peer, &len) == 0 &&
	       peer.sun_family == AF_UNIX && stat(peer.sun_path, &found) == 0 &&
	       found.st_dev == wanted->st_dev && found.st_ino == wanted->st_ino;
}

/* A copy of it, since the number may come to mean something else. */
static int copy_connection(void)
{
	struct stat wanted;

	if (stat(store_socket(), &wanted) < 0)
		return -1;
	for (int fd = 0; fd < FD_SETSIZE; fd++)
		if (leads_to(fd, &wanted))
			return fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return -1;
}

/* Of the questions there are this is the one that is put off first: before a live update. */
static bool others_are_served(void)
{
	_cleanup_free_ char *transaction = NULL;
	size_t len;

	return wire_ask(XS_TRANSACTION_START, "", ANSWER_USEC, &transaction, &len) == 0;
}

/*
 * If xenstored serves one who came later, whatever the connection asked has its
 * answer, or gets none. A store that is slow, or hangs, is so to both.
 */
static void look(struct stall *stall)
{
	struct pollfd stop = { .fd = stall->stop, .events = POLLIN };
	unsigned long long turn = *stall->turns;

	if (turn % 2 == 0 || !others_are_served())
		return;
	if (poll(&stop, 1, GRACE_MSEC) != 0 || *stall->turns != turn)
		return;
	stall->found = true;
	shutdown(stall->connection, SHUT_RDWR);
}

static void *run(void *userdata)
{
	struct stall *stall = userdata;
	struct pollfd fds[] = {
		{ .fd = stall->timer, .events = POLLIN },
		{ .fd = stall->stop, .events = POLLIN },
	};
	uint64_t n;

	while (poll(fds, ARRAY_SIZE(fds), -1) >= 0 && !fds[1].revents)
		if (read(stall->timer, &n, sizeof(n)) == sizeof(n))
			look(stall);
	return NULL;
}

void stall_postpone(struct stall *stall)
{
	struct itimerspec when = {
		.it_value.tv_sec = SILENCE_SEC,
		.it_interval.tv_sec = SILENCE_SEC,
	};

	if (stall)
		timerfd_settime(stall->timer, 0, &when, NULL);
}

bool stall_found(const struct stall *stall)
{
	return stall && stall->found;
}

static void release(struct stall *stall)
{
	close(stall->connection);
	if (stall->timer >= 0)
		close(stall->timer);
	if (stall->stop >= 0)
		close(stall->stop);
	free(stall);
}

int stall_watch(const atomic_ullong *turns, struct stall **ret)
{
	int connection = copy_connection(), r;
	struct stall *stall;

	if (connection < 0)
		return 0;
	stall = calloc(1, sizeof(*stall));
	if (!stall) {
		close(connection);
		return -ENOMEM;
	}
	stall->turns = turns;
	stall->connection = connection;
	stall->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	stall->stop = eventfd(0, EFD_CLOEXEC);
	if (stall->timer < 0 || stall->stop < 0)
		r = -errno;
	else
		r = -pthread_create(&stall->thread, NULL, run, stall);
	if (r < 0) {
		release(stall);
		return r;
	}
	stall_postpone(stall);
	*ret = stall;
	return 0;
}

void stall_free(struct stall *stall)
{
	uint64_t one = 1;

	if (!stall)
		return;
	if (write(stall->stop, &one, sizeof(one)) == sizeof(one))
		pthread_join(stall->thread, NULL);
	release(stall);
}
