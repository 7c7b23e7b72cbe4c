// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The calls on the two ends of a channel, for faults.c.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <uapi/linux/mydevice.h>
#include <unistd.h>

#include "faults.h"

static const char *node[2];
static int fd[2] = { -1, -1 };
static char buffer[65536], wanted[1000];
static int pipes[2], epoll;

static bool becomes(int file, short events)
{
	struct pollfd p = { .fd = file, .events = events };

	return poll(&p, 1, 5000) == 1 && p.revents & events;
}

/* The node is added soon after its end is bound. */
static bool open_end(int i)
{
	fd[i] = open(node[i], O_RDWR | O_NONBLOCK | O_CLOEXEC);
	for (int tries = 0; fd[i] < 0 && tries < 500; tries++) {
		usleep(10000);
		fd[i] = open(node[i], O_RDWR | O_NONBLOCK | O_CLOEXEC);
	}
	if (fd[i] < 0)
		printf("  %s: %s\n", node[i], strerror(errno));
	return fd[i] >= 0;
}

/* Both ends are open and in a session. */
static bool in_session(void)
{
	return open_end(0) && open_end(1) && becomes(fd[0], POLLOUT) && becomes(fd[1], POLLOUT);
}

static void close_end(int i)
{
	if (fd[i] >= 0)
		close(fd[i]);
	fd[i] = -1;
}

static bool close_both(void)
{
	close_end(0);
	close_end(1);
	return true;
}

/* The session passes bytes as if nothing had happened. */
static bool still_works(void)
{
	bool good = write(fd[0], wanted, sizeof(wanted)) == sizeof(wanted) &&
		    becomes(fd[1], POLLIN) &&
		    read(fd[1], buffer, sizeof(wanted)) == sizeof(wanted) &&
		    !memcmp(buffer, wanted, sizeof(wanted));

	if (!good)
		puts("  the session does not pass bytes after that");
	close_both();
	return good;
}

static bool undo_nothing(long result)
{
	(void)result;
	return still_works();
}

static bool other_end(void)
{
	return open_end(1);
}

static long open_front(void)
{
	fd[0] = open(node[0], O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return fd[0] < 0 ? -errno : 0;
}

static bool opened(long result)
{
	return (result >= 0 || open_end(0)) && becomes(fd[0], POLLOUT) && still_works();
}

static long tune(void)
{
	struct mydevice_tune tune = { .rx_wake = 2 };

	return ioctl(fd[0], MYDEVICE_IOC_TUNE, &tune) ? -errno : 0;
}

/* EINVAL on a stream. */
static bool tuned_frames;

static long tune_frames(void)
{
	struct mydevice_tune tune = { .flags = MYDEVICE_TUNE_FRAMES };
	long r = ioctl(fd[0], MYDEVICE_IOC_TUNE, &tune) ? -errno : 0;

	tuned_frames = !r;
	return r == -EINVAL ? 0 : r;
}

static bool untune(long result)
{
	struct mydevice_tune tune = {};

	(void)result;
	if (tuned_frames && ioctl(fd[0], MYDEVICE_IOC_TUNE, &tune))
		return false;
	return still_works();
}

static long info(void)
{
	struct mydevice_info info;

	return ioctl(fd[0], MYDEVICE_IOC_INFO, &info) ? -errno : 0;
}

static long wait_session(void)
{
	struct mydevice_wait wait = { .timeout_msec = 100 };

	return ioctl(fd[0], MYDEVICE_IOC_WAIT, &wait) ? -errno : 0;
}

static long shut_down(void)
{
	struct mydevice_shutdown shutdown = { .how = MYDEVICE_SHUT_WRITE };

	return ioctl(fd[0], MYDEVICE_IOC_SHUTDOWN, &shutdown) ? -errno : 0;
}

static bool is_shut_down(long result)
{
	bool good = result < 0 || (becomes(fd[1], POLLIN) && !read(fd[1], buffer, 1));

	close_both();
	return good;
}

static long write_bytes(void)
{
	ssize_t n = write(fd[0], wanted, sizeof(wanted));

	return n < 0 ? -errno : n;
}

/* All of it or nothing arrives, as the result says. */
static bool has_arrived(long result)
{
	bool good = true;

	if (result > 0)
		good = becomes(fd[1], POLLIN) && read(fd[1], buffer, sizeof(buffer)) == result &&
		       !memcmp(buffer, wanted, result);
	if (!good)
		puts("  what arrives is not what was written");
	return still_works() && good;
}

static bool written(void)
{
	return in_session() && write_bytes() == sizeof(wanted) && becomes(fd[1], POLLIN);
}

static long read_bytes(void)
{
	ssize_t n = read(fd[1], buffer, sizeof(wanted));

	return n < 0 ? -errno : n;
}

/* A read that fails has taken nothing. */
static bool is_read(long result)
{
	if (result < 0)
		result = read_bytes();
	if (result == sizeof(wanted) && !memcmp(buffer, wanted, sizeof(wanted)))
		return still_works();
	printf("  the bytes are lost: %ld\n", result);
	close_both();
	return false;
}

static long write_vector(void)
{
	struct iovec vector[64];
	ssize_t n;

	for (int i = 0; i < 64; i++)
		vector[i] = (struct iovec){ wanted + i, i < 63 ? 1 : sizeof(wanted) - 63 };
	n = writev(fd[0], vector, 64);
	return n < 0 ? -errno : n;
}

static bool pipe_full(void)
{
	return !pipe2(pipes, O_NONBLOCK | O_CLOEXEC) &&
	       write(pipes[1], wanted, sizeof(wanted)) == sizeof(wanted) && in_session();
}

static long splice_out(void)
{
	ssize_t n = splice(pipes[0], NULL, fd[0], NULL, sizeof(wanted), 0);

	return n < 0 ? -errno : n;
}

static bool spliced_out(long result)
{
	close(pipes[0]);
	close(pipes[1]);
	return has_arrived(result);
}

static bool pipe_empty(void)
{
	return !pipe2(pipes, O_NONBLOCK | O_CLOEXEC) && written();
}

static long splice_in(void)
{
	ssize_t n = splice(fd[1], NULL, pipes[1], NULL, sizeof(wanted), 0);

	return n < 0 ? -errno : n;
}

/* Bytes may have been taken in part; the rest follows. */
static bool spliced_in(long result)
{
	ssize_t n = result > 0 ? read(pipes[0], buffer, sizeof(wanted)) : 0;
	bool good = n == (result > 0 ? result : 0);

	if (good && (size_t)n < sizeof(wanted))
		good = read(fd[1], buffer + n, sizeof(wanted) - n) == (ssize_t)sizeof(wanted) - n;
	good = good && !memcmp(buffer, wanted, sizeof(wanted));
	if (!good)
		printf("  of what was spliced %zd bytes are in the pipe\n", n);
	close(pipes[0]);
	close(pipes[1]);
	return still_works() && good;
}

static bool with_epoll(void)
{
	epoll = epoll_create1(EPOLL_CLOEXEC);
	return epoll >= 0 && in_session();
}

static long watch(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd[1], &event) ? -errno : 0;
}

static bool watched(long result)
{
	struct epoll_event event;
	bool good = result < 0 || (write(fd[0], wanted, sizeof(wanted)) == sizeof(wanted) &&
				   epoll_wait(epoll, &event, 1, 5000) == 1 &&
				   read(fd[1], buffer, sizeof(wanted)) == sizeof(wanted));

	close(epoll);
	return still_works() && good;
}

static long poll_both(void)
{
	struct pollfd p[] = {
		{ .fd = fd[0], .events = POLLIN },
		{ .fd = fd[1], .events = POLLIN },
	};

	return poll(p, 2, 1) < 0 ? -errno : 0;
}

static long ask_for_signals(void)
{
	return fcntl(fd[1], F_SETFL, O_ASYNC | O_NONBLOCK) ? -errno : 0;
}

static bool no_signals(long result)
{
	(void)result;
	return !fcntl(fd[1], F_SETFL, O_NONBLOCK) && still_works();
}

static long close_front(void)
{
	long r = close(fd[0]) ? -errno : 0;

	fd[0] = -1;
	return r;
}

/* Closed or not, the descriptor is gone. */
static bool closed(long result)
{
	(void)result;
	close_both();
	return in_session() && still_works();
}

static int command_fd = -1;

static bool command(const char *text)
{
	return pwrite(command_fd, text, strlen(text), 0) >= 0;
}

static long take_rings(void)
{
	return command("unbind back") ? 0 : -errno;
}

/* What was not read outlives the rings, or the reader gets an error. */
static bool unbound(long result)
{
	ssize_t n = read(fd[1], buffer, sizeof(buffer));
	bool good = n < 0 ? errno == EIO :
			    n == sizeof(wanted) && !memcmp(buffer, wanted, sizeof(wanted));

	if (!good)
		printf("  after unbind back: %zd bytes are read\n", n);
	close_both();
	return (result >= 0 || command("unbind back")) && command("bind back") &&
	       in_session() && still_works() && good;
}

static const struct operation command_operation = {
	"unbind-with-bytes", written, take_rings, unbound,
};

static const struct operation operations[] = {
	{ "open", other_end, open_front, opened },
	{ "tune", in_session, tune, undo_nothing },
	{ "tune-frames", in_session, tune_frames, untune },
	{ "info", in_session, info, undo_nothing },
	{ "wait", in_session, wait_session, undo_nothing },
	{ "shutdown", in_session, shut_down, is_shut_down },
	{ "write", in_session, write_bytes, has_arrived },
	{ "writev", in_session, write_vector, has_arrived },
	{ "read", written, read_bytes, is_read },
	{ "splice-write", pipe_full, splice_out, spliced_out },
	{ "splice-read", pipe_empty, splice_in, spliced_in },
	{ "epoll", with_epoll, watch, watched },
	{ "poll", in_session, poll_both, undo_nothing },
	{ "sigio", in_session, ask_for_signals, no_signals },
	{ "close", in_session, close_front, closed },
};

void attempt_files(const char *front, const char *back, const char *command_file)
{
	node[0] = front;
	node[1] = back;
	for (size_t i = 0; i < sizeof(wanted); i++)
		wanted[i] = 'a' + i % 26;
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		attempt_all(&operations[i]);
		close_both();
	}
	if (!command_file)
		return;
	command_fd = open(command_file, O_WRONLY | O_CLOEXEC);
	if (command_fd < 0)
		die(command_file);
	attempt_all(&command_operation);
}
