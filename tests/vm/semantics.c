// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of docs/PROTOCOL.md, "What a program sees", on two nodes of one
 * kernel: semantics FRONTEND-NODE BACKEND-NODE. Each case runs from both ends.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HUP_EVENTS (POLLIN | POLLRDHUP | POLLHUP)

static int failures;

#define CHECK(condition)                                                                          \
	do {                                                                                      \
		if (!(condition)) {                                                               \
			printf("  %s:%d: %s (errno %d)\n", __func__, __LINE__, #condition, errno); \
			failures++;                                                               \
		}                                                                                 \
	} while (0)

static int open_node(const char *node, int flags)
{
	int fd = open(node, flags);

	if (fd < 0) {
		printf("  open %s: %s\n", node, strerror(errno));
		failures++;
	}
	return fd;
}

static short events_of(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP };

	poll(&p, 1, 0);
	return p.revents;
}

/* Waits up to 2 s until the file's events are exactly these. */
static bool becomes(int fd, short events)
{
	for (int i = 0; i < 200; i++) {
		if (events_of(fd) == events)
			return true;
		usleep(10000);
	}
	printf("  events are %#x, not %#x\n", events_of(fd), events);
	return false;
}

static bool read_is(int fd, const char *text)
{
	char buf[256];
	ssize_t n = read(fd, buf, sizeof(buf));

	return n == (ssize_t)strlen(text) && !memcmp(buf, text, n);
}

static bool write_is(int fd, const char *text)
{
	return write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* errno of a read or write that must fail; 0 if it did not */
static int read_errno(int fd)
{
	char c;

	return read(fd, &c, 1) < 0 ? errno : 0;
}

static int write_errno(int fd)
{
	return write(fd, "x", 1) < 0 ? errno : 0;
}

static void exclusive(const char *near, const char *far)
{
	int fd = open_node(near, O_RDWR);

	(void)far;
	CHECK(open(near, O_RDWR) < 0 && errno == EBUSY);
	close(fd);
	fd = open_node(near, O_RDONLY);
	close(fd);
}

static void before_peer(const char *near, const char *far)
{
	int fd = open_node(near, O_RDWR | O_NONBLOCK);

	(void)far;
	CHECK(read_errno(fd) == EAGAIN);
	CHECK(write_errno(fd) == EAGAIN);
	CHECK(events_of(fd) == 0);
	close(fd);
}

static void exchange(const char *near, const char *far)
{
	int a = open_node(near, O_RDWR), b = open_node(far, O_RDWR);

	CHECK(becomes(a, POLLOUT));
	CHECK(becomes(b, POLLOUT));
	CHECK(write_is(a, "ping"));
	CHECK(becomes(b, POLLIN | POLLOUT));
	CHECK(read_is(b, "ping"));
	CHECK(write_is(b, "pong"));
	CHECK(read_is(a, "pong"));
	close(a);
	close(b);
}

static void buffered_then_eof(const char *near, const char *far)
{
	int a = open_node(near, O_RDWR), b = open_node(far, O_RDWR | O_NONBLOCK);

	CHECK(write_is(a, "last words"));
	close(a);
	CHECK(becomes(b, HUP_EVENTS));
	CHECK(write_errno(b) == EPIPE);
	CHECK(read_is(b, "last words"));
	CHECK(write_errno(b) == EPIPE);
	CHECK(read(b, &a, 1) == 0);
	CHECK(read_errno(b) == EAGAIN);
	CHECK(write_errno(b) == EAGAIN);
	CHECK(events_of(b) == 0);
	close(b);
}

/* The descriptor survives; the new session waits until the old one is read. */
static void next_session(const char *near, const char *far)
{
	int a, b = open_node(far, O_RDWR | O_NONBLOCK);

	a = open_node(near, O_RDWR);
	CHECK(write_is(a, "one"));
	close(a);
	a = open_node(near, O_RDWR | O_NONBLOCK);
	CHECK(becomes(b, HUP_EVENTS));
	CHECK(write_errno(a) == EAGAIN);
	CHECK(read_is(b, "one"));
	CHECK(write_errno(a) == EAGAIN);
	CHECK(read(b, &failures, 0) == 0);
	CHECK(read_is(b, ""));
	CHECK(becomes(a, POLLOUT));
	CHECK(becomes(b, POLLOUT));
	CHECK(write_is(a, "two"));
	CHECK(becomes(b, POLLIN | POLLOUT));
	CHECK(read_is(b, "two"));
	close(a);
	close(b);
}

/* A reader that opens anew sees no byte that was meant for the one before. */
static void no_stale_bytes(const char *near, const char *far)
{
	int a = open_node(near, O_RDWR | O_NONBLOCK), b = open_node(far, O_RDWR | O_NONBLOCK);

	CHECK(becomes(a, POLLOUT));
	CHECK(write_is(a, "stale"));
	close(b);
	b = open_node(far, O_RDWR | O_NONBLOCK);
	CHECK(becomes(a, HUP_EVENTS));
	CHECK(read_errno(b) == EAGAIN);
	CHECK(read_is(a, ""));
	CHECK(becomes(a, POLLOUT));
	CHECK(becomes(b, POLLOUT));
	CHECK(read_errno(b) == EAGAIN);
	CHECK(write_is(a, "fresh"));
	CHECK(becomes(b, POLLIN | POLLOUT));
	CHECK(read_is(b, "fresh"));
	close(a);
	close(b);
}

/* What a quick writer wrote before anybody looked is not lost. */
static void quick_writers(const char *near, const char *far)
{
	char text[16];
	int b = open_node(far, O_RDWR);

	for (int i = 0; i < 50; i++) {
		int a = open_node(near, O_WRONLY);

		snprintf(text, sizeof(text), "round %d", i);
		CHECK(write_is(a, text));
		close(a);
		CHECK(read_is(b, text));
		CHECK(read_is(b, ""));
	}
	close(b);
}

/* Without a read side, an end is told as EPIPE, once. */
static void write_only(const char *near, const char *far)
{
	int a = open_node(near, O_WRONLY | O_NONBLOCK), b = open_node(far, O_RDONLY);

	CHECK(becomes(a, POLLOUT));
	close(b);
	CHECK(becomes(a, HUP_EVENTS));
	CHECK(write_errno(a) == EPIPE);
	CHECK(write_errno(a) == EAGAIN);
	b = open_node(far, O_RDONLY);
	CHECK(becomes(a, POLLOUT));
	CHECK(write_is(a, "again"));
	CHECK(read_is(b, "again"));
	close(a);
	close(b);
}

static void full_ring(const char *near, const char *far)
{
	static char buf[8 << 20];
	int a = open_node(near, O_RDWR | O_NONBLOCK), b = open_node(far, O_RDWR | O_NONBLOCK);
	ssize_t n, total = 0;

	CHECK(becomes(a, POLLOUT));
	n = write(a, buf, sizeof(buf));
	CHECK(n >= 4096 && n < (ssize_t)sizeof(buf));
	CHECK(write_errno(a) == EAGAIN);
	CHECK(events_of(a) == 0);
	CHECK(becomes(b, POLLIN | POLLOUT));
	CHECK(read(b, buf, n / 4) == n / 4);
	CHECK(events_of(a) == 0);
	CHECK(read(b, buf, n / 2) == n / 2);
	CHECK(becomes(a, POLLOUT));
	total = n - n / 4 - n / 2;
	CHECK(read(b, buf, sizeof(buf)) == total);
	CHECK(read_errno(b) == EAGAIN);
	close(a);
	close(b);
}

static void edge_triggered(const char *near, const char *far)
{
	int a = open_node(near, O_RDWR | O_NONBLOCK), b = open_node(far, O_RDWR | O_NONBLOCK);
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };
	int ep = epoll_create1(0);

	CHECK(becomes(a, POLLOUT));
	CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, b, &e) == 0);
	for (int i = 0; i < 20; i++) {
		CHECK(write_is(a, "edge"));
		CHECK(epoll_wait(ep, &e, 1, 2000) == 1);
		CHECK(read_is(b, "edge"));
		CHECK(read_errno(b) == EAGAIN);
	}
	CHECK(epoll_wait(ep, &e, 1, 50) == 0);
	close(ep);
	close(a);
	close(b);
}

static void vectors(const char *near, const char *far)
{
	int a = open_node(near, O_RDWR), b = open_node(far, O_RDWR);
	struct iovec out[3] = { { "ab", 2 }, { "", 0 }, { "cdef", 4 } };
	char x[3], y[5];
	struct iovec in[2] = { { x, 3 }, { y, 5 } };

	CHECK(writev(a, out, 3) == 6);
	CHECK(becomes(b, POLLIN | POLLOUT));
	CHECK(readv(b, in, 2) == 6);
	CHECK(!memcmp(x, "abc", 3) && !memcmp(y, "def", 3));
	close(a);
	close(b);
}

static void bad_buffers(const char *near, const char *far)
{
	int a = open_node(near, O_RDWR | O_NONBLOCK), b = open_node(far, O_RDWR | O_NONBLOCK);
	char *hole = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(becomes(a, POLLOUT));
	CHECK(write(a, hole, 100) < 0 && errno == EFAULT);
	CHECK(write_is(a, "kept"));
	CHECK(becomes(b, POLLIN | POLLOUT));
	CHECK(read(b, hole, 100) < 0 && errno == EFAULT);
	CHECK(read_is(b, "kept"));
	munmap(hole, 4096);
	close(a);
	close(b);
}

static void ignore(int signal)
{
	(void)signal;
}

static void interrupted(const char *near, const char *far)
{
	struct sigaction action = { .sa_handler = ignore };
	int a = open_node(near, O_RDWR);

	(void)far;
	sigaction(SIGALRM, &action, NULL);
	ualarm(100000, 0);
	CHECK(read_errno(a) == EINTR);
	ualarm(100000, 0);
	CHECK(write_errno(a) == EINTR);
	close(a);
}

/* ---- traffic ---- */

struct flow {
	int fd;
	size_t total;
	size_t size;
	bool good;
};

static unsigned char pattern(size_t offset)
{
	return offset * 131 + (offset >> 8) * 7 + (offset >> 16);
}

static void *produce(void *arg)
{
	struct flow *f = arg;
	unsigned char *buf = malloc(f->size);

	for (size_t done = 0; done < f->total;) {
		size_t want = f->total - done < f->size ? f->total - done : f->size;
		ssize_t n;

		for (size_t i = 0; i < want; i++)
			buf[i] = pattern(done + i);
		n = write(f->fd, buf, want);
		if (n <= 0)
			break;
		done += n;
		f->good = done == f->total;
	}
	free(buf);
	return NULL;
}

static void *consume(void *arg)
{
	struct flow *f = arg;
	unsigned char *buf = malloc(f->size);

	for (size_t done = 0; done < f->total;) {
		ssize_t n = read(f->fd, buf, f->size);

		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			if (buf[i] != pattern(done + i))
				goto out;
		done += n;
		f->good = done == f->total;
	}
out:
	free(buf);
	return NULL;
}

/* Both ways at once, with sizes that never fit the ring evenly. */
static void traffic(const char *near, const char *far)
{
	int a = open_node(near, O_RDWR), b = open_node(far, O_RDWR);
	struct flow f[4] = {
		{ .fd = a, .total = 3000001, .size = 4999 },
		{ .fd = b, .total = 3000001, .size = 70001 },
		{ .fd = b, .total = 2000003, .size = 301 },
		{ .fd = a, .total = 2000003, .size = 8192 },
	};
	pthread_t t[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, i % 2 ? consume : produce, &f[i]);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], NULL);
		CHECK(f[i].good);
	}
	close(a);
	close(b);
}

/* ---- blocked programs ---- */

static void *close_later(void *arg)
{
	usleep(200000);
	close(*(int *)arg);
	return NULL;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void peer_closes_reader(const char *near, const char *far)
{
	int a = open_node(near, O_RDWR), b = open_node(far, O_RDWR);
	double start = seconds();
	pthread_t t;

	CHECK(becomes(b, POLLOUT));
	pthread_create(&t, NULL, close_later, &a);
	CHECK(read_is(b, ""));
	CHECK(seconds() - start < 1.2);
	pthread_join(t, NULL);
	close(b);
}

static void peer_closes_writer(const char *near, const char *far)
{
	static char buf[8 << 20];
	int a = open_node(near, O_RDWR), b = open_node(far, O_RDWR);
	double start = seconds();
	pthread_t t;
	ssize_t n;

	CHECK(becomes(b, POLLOUT));
	pthread_create(&t, NULL, close_later, &a);
	n = write(b, buf, sizeof(buf));
	CHECK(n > 0 && n < (ssize_t)sizeof(buf));
	CHECK(write_errno(b) == EPIPE);
	CHECK(seconds() - start < 1.2);
	pthread_join(t, NULL);
	close(b);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(const char *near, const char *far);
	} cases[] = {
		{ "exclusive", exclusive },
		{ "before-peer", before_peer },
		{ "exchange", exchange },
		{ "buffered-then-eof", buffered_then_eof },
		{ "next-session", next_session },
		{ "no-stale-bytes", no_stale_bytes },
		{ "quick-writers", quick_writers },
		{ "write-only", write_only },
		{ "full-ring", full_ring },
		{ "edge-triggered", edge_triggered },
		{ "vectors", vectors },
		{ "bad-buffers", bad_buffers },
		{ "interrupted", interrupted },
		{ "traffic", traffic },
		{ "peer-closes-reader", peer_closes_reader },
		{ "peer-closes-writer", peer_closes_writer },
	};
	int total = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: semantics FRONTEND-NODE BACKEND-NODE\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (int end = 0; end < 2; end++) {
			failures = 0;
			cases[i].run(argv[1 + end], argv[2 - end]);
			printf("%s semantics-%s-%s\n", failures ? "FAIL" : "PASS", cases[i].name,
			       end ? "back" : "front");
			total += failures;
		}
	}
	return total ? 1 : 0;
}
