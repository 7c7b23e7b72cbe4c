// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Many operations in flight through io_uring. They are linked, because bytes of
 * a stream have an order; one call hands all of them in and waits for the last.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <stdlib.h>

#include <liburing.h>

#include "bench.h"

#define DEPTH	256

struct uring {
	struct io_uring ring;
	const struct channel_ops *file;
};

typedef void (*prepare_fn)(struct io_uring_sqe *sqe, int fd, uint8_t *buf, unsigned int len);

static void prepare_write(struct io_uring_sqe *sqe, int fd, uint8_t *buf, unsigned int len)
{
	io_uring_prep_write(sqe, fd, buf, len, -1);
}

static void prepare_read(struct io_uring_sqe *sqe, int fd, uint8_t *buf, unsigned int len)
{
	io_uring_prep_read(sqe, fd, buf, len, -1);
}

/* Bytes moved before the first operation that was cut short or not begun. */
static ssize_t harvest(struct io_uring *ring, unsigned int n, const size_t *asked)
{
	int result[DEPTH];
	ssize_t sum = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct io_uring_cqe *cqe;

		if (io_uring_wait_cqe(ring, &cqe))
			return -1;
		result[io_uring_cqe_get_data64(cqe)] = cqe->res;
		io_uring_cqe_seen(ring, cqe);
	}
	for (unsigned int i = 0; i < n; i++) {
		if (result[i] < 0) {
			errno = -result[i];
			return sum ? sum : -1;
		}
		sum += result[i];
		if ((size_t)result[i] < asked[i])
			break;
	}
	return sum;
}

static ssize_t chain(struct channel *ch, int fd, uint8_t *buf, size_t len, size_t size,
		     prepare_fn prepare)
{
	struct uring *uring = ch->state;
	struct io_uring_sqe *sqe = NULL;
	size_t asked[DEPTH];
	unsigned int n;

	for (n = 0; len && n < DEPTH; n++) {
		asked[n] = len < size ? len : size;
		sqe = io_uring_get_sqe(&uring->ring);
		prepare(sqe, fd, buf, asked[n]);
		io_uring_sqe_set_data64(sqe, n);
		sqe->flags |= IOSQE_IO_LINK;
		buf += asked[n];
		len -= asked[n];
	}
	if (sqe)
		sqe->flags &= ~IOSQE_IO_LINK;
	ch->calls++;
	if (io_uring_submit_and_wait(&uring->ring, n) != (int)n)
		return -1;
	return harvest(&uring->ring, n, asked);
}

static int uring_send(struct channel *ch, const uint8_t *buf, size_t len, size_t size)
{
	while (len) {
		ssize_t n = chain(ch, ch->out, (uint8_t *)buf, len, size, prepare_write);

		if (n <= 0)
			return -1;
		buf += n;
		len -= n;
	}
	return 0;
}

static ssize_t uring_receive(struct channel *ch, uint8_t *buf, size_t len, size_t size)
{
	return chain(ch, ch->in, buf, len, size, prepare_read);
}

static void uring_close(struct channel *ch)
{
	struct uring *uring = ch->state;

	io_uring_queue_exit(&uring->ring);
	uring->file->close(ch);
	free(uring);
}

static const struct channel_ops uring_ops = {
	.send = uring_send,
	.receive = uring_receive,
	.close = uring_close,
};

int uring_attach(struct channel *ch)
{
	struct uring *uring = calloc(1, sizeof(*uring));
	int r;

	if (!uring)
		return -1;
	r = io_uring_queue_init(DEPTH, &uring->ring, 0);
	if (r) {
		free(uring);
		errno = -r;
		return -1;
	}
	uring->file = ch->ops;
	ch->ops = &uring_ops;
	ch->state = uring;
	ch->batch = DEPTH;
	return 0;
}
