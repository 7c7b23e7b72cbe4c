// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keeps a channel busy both ways through whatever happens to its device:
 *
 *	shuttle NODE [PAUSE-MS]
 *
 * runs on both ends until SIGTERM. SIGUSR1 has it end a session in order: a half-close,
 * answered by the peer with one of its own. SIGUSR2 has it close the file and open it
 * again. In each session each end sends a stream that
 * begins with who it is and how many sessions it has ended, and whose every byte
 * follows from these; and it checks what it gets: one stream to a session, from its
 * first byte, none that has been there before. A node that goes is opened again
 * when it is back; the descriptor is kept if only a session ends. Prints when bytes have
 * gone both ways in a session, how long that took from the end of the one before, and at
 * its end what it has moved and how each direction ended, from which tests/vm/ledger.py
 * finds whether anything was lost. Exits 0 if all was well.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <uapi/linux/mydevice.h>

#define MAGIC		0x656c747475687300ull
#define HEADER		3
#define CHUNK		4096
/* A moving guest is work enough for a small host. */
#define PAUSE_MS	5
/* Who has answered a half-close waits for the other to go, but not for ever. */
#define PARTING_SECONDS	1

/**
 * struct stream - one direction of one session
 * @header: MAGIC, the sender's id, and the number of the session to it
 * @done: bytes moved
 */
struct stream {
	uint64_t header[HEADER];
	uint64_t done;
};

static volatile sig_atomic_t over, end_asked, close_asked;
static unsigned int pause_ms = PAUSE_MS;

static void take_signal(int signal)
{
	if (signal == SIGUSR1)
		end_asked = 1;
	else if (signal == SIGUSR2)
		close_asked = 1;
	else
		over = 1;
}

static uint64_t word_of(const struct stream *s, uint64_t index)
{
	uint64_t z = s->header[1] + (s->header[2] << 40) + index * 0x9e3779b97f4a7c15;

	if (index < HEADER)
		return s->header[index];
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	return z ^ (z >> 27);
}

static uint8_t byte_of(const struct stream *s, uint64_t offset)
{
	return word_of(s, offset / 8) >> offset % 8 * 8;
}

static double seconds(void)
{
	struct timespec t;

	/* boottime: a guest's clock stands still while it is saved */
	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static _Noreturn void wrong(const char *what, const struct stream *in)
{
	printf("WRONG: %s, after %" PRIu64 " bytes of session %" PRIu64 " of %016" PRIx64 "\n",
	       what, in->done, in->header[2], in->header[1]);
	exit(1);
}

/* Whose sessions have been here, and which was the last: a guest may meet one again. */
static struct sender {
	uint64_t id;
	uint64_t last;
} *senders;
static size_t n_senders;

static struct sender *find_sender(uint64_t id)
{
	for (size_t i = 0; i < n_senders; i++)
		if (senders[i].id == id)
			return &senders[i];
	return NULL;
}

static void add_sender(uint64_t id, uint64_t session)
{
	senders = reallocarray(senders, n_senders + 1, sizeof(*senders));
	if (!senders)
		exit(2);
	senders[n_senders++] = (struct sender){ id, session };
}

static void check_header(const struct stream *in)
{
	struct sender *sender = find_sender(in->header[1]);

	if (in->header[0] != MAGIC)
		wrong("not the beginning of a stream", in);
	if (!sender) {
		add_sender(in->header[1], in->header[2]);
		return;
	}
	if (in->header[2] <= sender->last)
		wrong("a session that has been there", in);
	sender->last = in->header[2];
}

static void take(struct stream *in, const uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len; i++, in->done++) {
		if (in->done < sizeof(in->header))
			((uint8_t *)in->header)[in->done] = buf[i];
		else if (buf[i] != byte_of(in, in->done))
			wrong("a byte of another place", in);
		if (in->done + 1 == sizeof(in->header))
			check_header(in);
	}
}

/* Returns errno: EPIPE, ENODEV or 0 if there is no room. */
static int send_some(int fd, struct stream *out)
{
	uint8_t buf[CHUNK];
	ssize_t n;

	for (size_t i = 0; i < CHUNK; i++)
		buf[i] = byte_of(out, out->done + i);
	n = write(fd, buf, CHUNK);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : errno;
	out->done += n;
	return 0;
}

/*
 * Returns 0, EPIPE for the end of a session, ESHUTDOWN for the peer's half-close, or
 * errno. Only the end of a session is a hang-up; a poll that asks for nothing does not
 * begin the next one.
 */
static int receive_some(int fd, struct stream *in)
{
	struct pollfd left = { .fd = fd };
	uint8_t buf[4 * CHUNK];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		take(in, buf, n);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : errno;
	poll(&left, 1, 0);
	return left.revents & POLLHUP ? EPIPE : ESHUTDOWN;
}

/* All that will be sent in this session has been. False if it has ended. */
static bool half_close(int fd)
{
	struct mydevice_shutdown how = { .how = MYDEVICE_SHUT_WRITE };

	return ioctl(fd, MYDEVICE_IOC_SHUTDOWN, &how) == 0;
}

/* The peer, whose half-close was answered, reads the answer and goes. */
static void see_off(int fd)
{
	struct pollfd leaving = { .fd = fd };
	double since = seconds();

	while (!over && seconds() - since < PARTING_SECONDS) {
		if (poll(&leaving, 1, 100) > 0)
			return;
	}
}

static void print_end(const struct stream *out, const char *how_out, const struct stream *in,
		      const char *how_in)
{
	printf("session %" PRIu64 " ends: %016" PRIx64 " sent %" PRIu64 " %s, %016" PRIx64
	       " %" PRIu64 " received %" PRIu64 " %s\n", out->header[2], out->header[1],
	       out->done, how_out, in->header[1], in->header[2], in->done, how_in);
	fflush(stdout);
}

/*
 * From the end of a session to the end of the next. Returns errno as above, ESHUTDOWN
 * if both have half-closed, 0 if the file is to be closed.
 */
static int session(int fd, struct stream *out)
{
	struct pollfd waiting = { .fd = fd, .events = POLLIN | POLLOUT };
	bool begun = false, shut = false, moved;
	double since = seconds();
	struct stream in = {};
	int r = 0;

	out->done = 0;
	while (!over && !(close_asked && begun) && !r) {
		poll(&waiting, 1, 100);
		r = receive_some(fd, &in);
		if (r == ESHUTDOWN && !shut) {
			shut = half_close(fd);
			if (shut)
				see_off(fd);
		}
		/* the next session does not begin before the end of this was read here */
		if (!r && !shut && send_some(fd, out) == ENODEV)
			r = ENODEV;
		if (!begun && in.done && out->done) {
			begun = true;
			printf("session %" PRIu64 " begins after %.3f s\n", out->header[2],
			       seconds() - since);
			fflush(stdout);
		}
		if (end_asked && begun && !r) {
			end_asked = 0;
			shut = half_close(fd);
		}
		if (!r)
			usleep(pause_ms * 1000);
	}
	moved = in.done || out->done;
	if (moved)
		print_end(out, shut ? "shut" : r ? "cut" : "closed", &in,
			  r == ESHUTDOWN ? "whole" : r == EPIPE ? "ended" : "left");
	out->header[2] += moved;
	return r;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = take_signal };
	struct stream out = { .header = { MAGIC } };
	uint64_t opened = 0;
	int fd, r;

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: shuttle NODE [PAUSE-MS]\n");
		return 2;
	}
	if (argc == 3)
		pause_ms = strtoul(argv[2], NULL, 0);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	if (getrandom(&out.header[1], sizeof(out.header[1]), 0) != sizeof(out.header[1]))
		return 2;
	while (!over) {
		fd = open(argv[1], O_RDWR | O_NONBLOCK);
		if (fd < 0) {
			usleep(pause_ms * 1000);
			continue;
		}
		printf("opens: %016" PRIx64 "\n", out.header[1]);
		fflush(stdout);
		opened++;
		close_asked = 0;
		do {
			r = session(fd, &out);
		} while (!over && r == EPIPE);
		close(fd);
		if (r && r != EPIPE && r != ENODEV && r != ESHUTDOWN) {
			printf("WRONG: %s\n", strerror(r));
			return 1;
		}
	}
	printf("over: opened %" PRIu64 " times\n", opened);
	return 0;
}
