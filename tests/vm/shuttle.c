// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keeps a channel busy both ways through whatever happens to its device:
 *
 *	shuttle NODE [PAUSE-MS]
 *
 * runs on both ends until SIGTERM. In each session each end sends a stream that
 * begins with who it is and how many sessions it has ended, and whose every byte
 * follows from these; and it checks what it gets: one stream to a session, from its
 * first byte, none that has been there before. A node that goes is opened again
 * when it is back; the descriptor is kept if only a session ends. Prints when each
 * session begins, how long it took from the end of the one before, and what it has
 * moved. Exits 0 if all was well.
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
#include <time.h>
#include <unistd.h>

#define MAGIC		0x656c747475687300ull
#define HEADER		3
#define CHUNK		4096
/* A moving guest is work enough for a small host. */
#define PAUSE_MS	5

/**
 * struct stream - one direction of one session
 * @header: MAGIC, the sender's id, and the number of the session to it
 * @done: bytes moved
 */
struct stream {
	uint64_t header[HEADER];
	uint64_t done;
};

static volatile sig_atomic_t over;
static unsigned int pause_ms = PAUSE_MS;

static void stop(int signal)
{
	(void)signal;
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

static void check_header(const struct stream *in, uint64_t *last)
{
	if (in->header[0] != MAGIC)
		wrong("not the beginning of a stream", in);
	if (in->header[1] == last[1] && in->header[2] <= last[2])
		wrong("a session that has been there", in);
	memcpy(last, in->header, sizeof(in->header));
}

static void take(struct stream *in, uint64_t *last, const uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len; i++, in->done++) {
		if (in->done < sizeof(in->header))
			((uint8_t *)in->header)[in->done] = buf[i];
		else if (buf[i] != byte_of(in, in->done))
			wrong("a byte of another place", in);
		if (in->done + 1 == sizeof(in->header))
			check_header(in, last);
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

/* Returns 0, EPIPE for the end of file, or errno. */
static int receive_some(int fd, struct stream *in, uint64_t *last)
{
	uint8_t buf[4 * CHUNK];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		take(in, last, buf, n);
	if (!n)
		return EPIPE;
	return errno == EAGAIN || errno == EINTR ? 0 : errno;
}

/* From the end of a session to the end of the next. Returns errno as above. */
static int session(int fd, struct stream *out, uint64_t *last)
{
	struct pollfd waiting = { .fd = fd, .events = POLLIN | POLLOUT };
	double since = seconds();
	struct stream in = {};
	bool begun = false;
	int r = 0;

	out->done = 0;
	while (!over && !r) {
		poll(&waiting, 1, 100);
		r = receive_some(fd, &in, last);
		/* the next session does not begin before the end of this was read here */
		if (!r && send_some(fd, out) == ENODEV)
			r = ENODEV;
		if (!begun && (in.done || out->done)) {
			begun = true;
			printf("session %" PRIu64 " begins after %.3f s\n", out->header[2],
			       seconds() - since);
			fflush(stdout);
		}
		usleep(pause_ms * 1000);
	}
	if (begun)
		printf("session %" PRIu64 " ends: sent %" PRIu64 ", received %" PRIu64 "\n",
		       out->header[2], out->done, in.done);
	fflush(stdout);
	out->header[2] += begun;
	return r;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = stop };
	struct stream out = { .header = { MAGIC } };
	uint64_t last[HEADER] = {}, opened = 0;
	int fd, r;

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: shuttle NODE [PAUSE-MS]\n");
		return 2;
	}
	if (argc == 3)
		pause_ms = strtoul(argv[2], NULL, 0);
	sigaction(SIGTERM, &action, NULL);
	out.header[1] = (uint64_t)time(NULL) << 32 | getpid();
	while (!over) {
		fd = open(argv[1], O_RDWR | O_NONBLOCK);
		if (fd < 0) {
			usleep(pause_ms * 1000);
			continue;
		}
		opened++;
		do {
			r = session(fd, &out, last);
		} while (!over && (!r || r == EPIPE));
		close(fd);
		if (!over && r != ENODEV) {
			printf("WRONG: %s\n", strerror(r));
			return 1;
		}
	}
	printf("over: opened %" PRIu64 " times\n", opened);
	return 0;
}
