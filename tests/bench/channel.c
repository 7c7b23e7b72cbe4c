// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connections that are files to the program: our nodes, sockets, pipes, ttys.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

#include <linux/mydevice.h>

#include "bench.h"

#define TCP_PORT	7700
#define CONNECT_TRIES	500
#define CONNECT_US	10000

static int plain_send(struct channel *ch, const uint8_t *buf, size_t len, size_t size)
{
	while (len) {
		size_t want = len < size ? len : size;
		ssize_t n = write(ch->out, buf, want);

		ch->calls++;
		if (n <= 0)
			return -1;
		buf += n;
		len -= n;
	}
	return 0;
}

static ssize_t plain_receive(struct channel *ch, uint8_t *buf, size_t len, size_t size)
{
	ch->calls++;
	return read(ch->in, buf, len < size ? len : size);
}

static int split(struct iovec *vector, const uint8_t *buf, size_t len, size_t size)
{
	int n = 0;

	for (; len && n < BATCH_MESSAGES; n++) {
		vector[n].iov_base = (void *)buf;
		vector[n].iov_len = len < size ? len : size;
		buf += vector[n].iov_len;
		len -= vector[n].iov_len;
	}
	return n;
}

static int batch_send(struct channel *ch, const uint8_t *buf, size_t len, size_t size)
{
	struct iovec vector[BATCH_MESSAGES];

	while (len) {
		ssize_t n = writev(ch->out, vector, split(vector, buf, len, size));

		ch->calls++;
		if (n <= 0)
			return -1;
		buf += n;
		len -= n;
	}
	return 0;
}

static ssize_t batch_receive(struct channel *ch, uint8_t *buf, size_t len, size_t size)
{
	struct iovec vector[BATCH_MESSAGES];

	ch->calls++;
	return readv(ch->in, vector, split(vector, buf, len, size));
}

static void file_close(struct channel *ch)
{
	close(ch->in);
	if (ch->out != ch->in)
		close(ch->out);
}

static const struct channel_ops plain_ops = {
	.send = plain_send,
	.receive = plain_receive,
	.close = file_close,
};

static const struct channel_ops batch_ops = {
	.send = batch_send,
	.receive = batch_receive,
	.close = file_close,
};

static struct channel *file_channel(const struct job *job, int in, int out)
{
	struct channel *ch;

	if (in < 0 || out < 0)
		return NULL;
	ch = calloc(1, sizeof(*ch));
	if (!ch)
		return NULL;
	ch->in = in;
	ch->out = out;
	ch->batch = 1;
	ch->ops = &plain_ops;
	if (!strcmp(job->mode, "batch")) {
		ch->batch = BATCH_MESSAGES;
		ch->ops = &batch_ops;
	} else if ((!strcmp(job->mode, "uring") && uring_attach(ch)) ||
		   (!strcmp(job->mode, "frames") && frames_attach(ch))) {
		free(ch);
		return NULL;
	}
	return ch;
}

/* What this end has sent its peer to wake it, as far as that can be known. */
uint64_t channel_notified(const struct channel *ch)
{
	struct mydevice_info info;

	if (!ch)
		return 0;
	if (ch->notified)
		return *ch->notified;
	if (ioctl(ch->in, MYDEVICE_IOC_INFO, &info))
		return 0;
	return info.stats.tx.notified + info.stats.rx.notified;
}

static int open_tty(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct termios raw;

	if (fd < 0 || tcgetattr(fd, &raw))
		return -1;
	cfmakeraw(&raw);
	tcsetattr(fd, TCSAFLUSH, &raw);
	return fd;
}

/* As much room as the rings of the others. */
static int new_socket(const struct job *job)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, room = job->ring;

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (room) {
		setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	}
	return fd;
}

static int tcp_accept(const struct job *job, const struct sockaddr_in *address)
{
	int fd = new_socket(job), peer;

	if (fd < 0 || bind(fd, (const struct sockaddr *)address, sizeof(*address)) || listen(fd, 1))
		return -1;
	peer = accept(fd, NULL, NULL);
	close(fd);
	return peer;
}

static int tcp_connect(const struct job *job, const struct sockaddr_in *address)
{
	for (int i = 0; i < CONNECT_TRIES; i++) {
		int fd = new_socket(job);

		if (!connect(fd, (const struct sockaddr *)address, sizeof(*address)))
			return fd;
		close(fd);
		usleep(CONNECT_US);
	}
	return -1;
}

/* The guest is the one that waits to be called, as it is with libxenvchan. */
static int open_tcp(const struct job *job)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(TCP_PORT) };
	int fd, on = 1;

	if (!job->dom0) {
		fd = tcp_accept(job, &address);
	} else {
		if (inet_pton(AF_INET, job->path, &address.sin_addr) != 1)
			return -1;
		fd = tcp_connect(job, &address);
	}
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

/* One of our nodes, with its counters. */
static int open_node(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct mydevice_info info;

	if (fd >= 0 && ioctl(fd, MYDEVICE_IOC_INFO, &info)) {
		close(fd);
		return -1;
	}
	return fd;
}

struct channel *channel_open(const struct job *job)
{
	int fd;

	if (!strcmp(job->transport, "vchan"))
		return vchan_open(job);
	if (!strcmp(job->transport, "tcp"))
		fd = open_tcp(job);
	else if (!strcmp(job->transport, "console"))
		fd = open_tty(job->path);
	else
		fd = open_node(job->path);
	return file_channel(job, fd, fd);
}

int channel_pair(const struct job *job, struct channel *pair[2])
{
	int there[2], back[2];

	if (!strcmp(job->transport, "unix")) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, there))
			return -1;
		pair[0] = file_channel(job, there[0], there[0]);
		pair[1] = file_channel(job, there[1], there[1]);
	} else {
		if (pipe2(there, O_CLOEXEC) || pipe2(back, O_CLOEXEC))
			return -1;
		pair[0] = file_channel(job, back[0], there[1]);
		pair[1] = file_channel(job, there[0], back[1]);
	}
	return pair[0] && pair[1] ? 0 : -1;
}

void channel_close(struct channel *ch)
{
	if (!ch)
		return;
	ch->ops->close(ch);
	free(ch);
}

int channel_send(struct channel *ch, const void *buf, size_t len)
{
	return ch->ops->send(ch, buf, len, len);
}

int channel_receive(struct channel *ch, void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len) {
		ssize_t n = ch->ops->receive(ch, p, len, len);

		if (n <= 0)
			return -1;
		p += n;
		len -= n;
	}
	return 0;
}
