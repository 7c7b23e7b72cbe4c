// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Moves known bytes through a channel and checks each of them:
 *
 *	transfer send|receive|both NODE BYTES [SIZE]
 *
 * Without SIZE the calls take every power of two from 1 byte to 1 MiB in turn,
 * one less and one more, the reader in another order than the writer. The
 * receiver also wants the end of file after the last byte. Exits 0 if all was
 * well; prints bytes, seconds and MB/s.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SIZE_MAX_BYTES	((1u << 20) + 1)
#define SIZES		(21 * 3)

struct job {
	int fd;
	uint64_t total;
	size_t size;
	bool expect_end;
	bool good;
};

static uint64_t word_at(uint64_t index)
{
	uint64_t z = (index + 1) * 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	return z ^ (z >> 27);
}

/* What the stream holds at this offset: depends on it alone, and repeats nowhere near. */
static void fill(uint8_t *buf, uint64_t offset, size_t len)
{
	while (len) {
		uint64_t word = word_at(offset / 8);
		size_t skip = offset % 8, n = 8 - skip < len ? 8 - skip : len;

		memcpy(buf, (uint8_t *)&word + skip, n);
		buf += n;
		offset += n;
		len -= n;
	}
}

static size_t size_of_call(const struct job *job, unsigned int call)
{
	size_t size = (1u << (call % SIZES / 3)) + call % 3 - 1;

	if (job->size)
		return job->size;
	return size ?: 1;
}

static void *send_all(void *arg)
{
	uint8_t *buf = malloc(SIZE_MAX_BYTES);
	struct job *job = arg;
	uint64_t done = 0;

	for (unsigned int call = 0; done < job->total; call++) {
		size_t want = size_of_call(job, call);
		ssize_t n;

		if (want > job->total - done)
			want = job->total - done;
		fill(buf, done, want);
		for (size_t sent = 0; sent < want; sent += n) {
			n = write(job->fd, buf + sent, want - sent);
			if (n <= 0) {
				fprintf(stderr, "transfer: write after %" PRIu64 " bytes: %s\n",
					done + sent, strerror(errno));
				goto out;
			}
		}
		done += want;
	}
	job->good = true;
out:
	free(buf);
	return NULL;
}

static void *receive_all(void *arg)
{
	uint8_t *buf = malloc(SIZE_MAX_BYTES), *expected = malloc(SIZE_MAX_BYTES);
	struct job *job = arg;
	uint64_t done = 0;
	ssize_t n;

	for (unsigned int call = 0; done < job->total; call++) {
		n = read(job->fd, buf, size_of_call(job, call * 5 + 2));
		if (n <= 0) {
			fprintf(stderr, "transfer: read after %" PRIu64 " of %" PRIu64 " bytes: %s\n",
				done, job->total, n ? strerror(errno) : "end of file");
			goto out;
		}
		fill(expected, done, n);
		if (memcmp(buf, expected, n)) {
			fprintf(stderr, "transfer: wrong bytes between %" PRIu64 " and %" PRIu64 "\n",
				done, done + n);
			goto out;
		}
		done += n;
	}
	if (job->expect_end && (n = read(job->fd, buf, 1)) != 0) {
		fprintf(stderr, "transfer: %s after the last byte\n",
			n < 0 ? strerror(errno) : "more bytes");
		goto out;
	}
	job->good = done == job->total;
out:
	free(buf);
	free(expected);
	return NULL;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	bool send, receive;
	struct job out, in;
	pthread_t t[2];
	double start;

	if (argc < 4 || argc > 5)
		goto usage;
	send = !strcmp(argv[1], "send") || !strcmp(argv[1], "both");
	receive = !strcmp(argv[1], "receive") || !strcmp(argv[1], "both");
	out = (struct job){ .total = strtoull(argv[3], NULL, 0) };
	if (argc == 5)
		out.size = strtoul(argv[4], NULL, 0);
	if ((!send && !receive) || !out.total || out.size > SIZE_MAX_BYTES)
		goto usage;

	out.fd = open(argv[2], send && receive ? O_RDWR : send ? O_WRONLY : O_RDONLY);
	if (out.fd < 0) {
		fprintf(stderr, "transfer: %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	out.expect_end = !send;
	in = out;
	start = seconds();
	if (send)
		pthread_create(&t[0], NULL, send_all, &out);
	if (receive)
		pthread_create(&t[1], NULL, receive_all, &in);
	if (send)
		pthread_join(t[0], NULL);
	if (receive)
		pthread_join(t[1], NULL);
	if ((send && !out.good) || (receive && !in.good))
		return 1;
	start = seconds() - start;
	printf("%s %" PRIu64 " bytes in %.2f s, %.1f MB/s\n", argv[1], out.total, start,
	       out.total / start / 1e6);
	return 0;

usage:
	fprintf(stderr, "usage: transfer send|receive|both NODE BYTES [SIZE]\n");
	return 2;
}
