// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes one way. The sender says hello and is answered, sends, and is told what
 * arrived: its clock has the whole way in it, and nothing of the setting up.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define HELLO		0x6f6c6c65686d7964
#define JUNK_MAX	(1u << 20)

struct hello {
	uint64_t magic;
	uint64_t bytes;
};

struct receipt {
	uint64_t bytes;
	uint64_t sum;
};

/* Of the byte's place as well as of its value. */
static uint64_t add_sum(uint64_t sum, const uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ buf[i]) * 0x100000001b3;
	return sum;
}

/* No two places within a ring, or a few of them, look alike. */
static void fill(uint8_t *buf, uint64_t offset, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint64_t z = (offset + i) * 0x9e3779b97f4a7c15;

		buf[i] = z >> 40 ^ z >> 56;
	}
}

/* A console may have had something to say before. */
static int receive_hello(struct channel *ch, struct hello *ret)
{
	uint64_t word = 0;
	uint8_t byte;

	for (unsigned int i = 0; i < JUNK_MAX; i++) {
		if (channel_receive(ch, &byte, 1))
			return -1;
		word = word >> 8 | (uint64_t)byte << 56;
		if (word != HELLO)
			continue;
		ret->magic = word;
		return channel_receive(ch, &ret->bytes, sizeof(ret->bytes));
	}
	errno = EPROTO;
	return -1;
}

static size_t buffer_size(const struct channel *ch, const struct job *job)
{
	size_t messages = BATCH_BYTES / job->size;

	if (messages > ch->batch)
		messages = ch->batch;
	return job->size * (messages ? messages : 1);
}

static void report(const struct job *job, uint64_t calls, const struct meter *meter)
{
	printf("{\"bytes\": %" PRIu64 ", \"calls\": %" PRIu64 ", \"verified\": %s", job->bytes,
	       calls, job->verify ? "true" : "false");
	meter_report(meter);
}

static int send_all(struct channel *ch, const struct job *job, uint64_t *ret_sum)
{
	size_t room = buffer_size(ch, job), len;
	uint8_t *buf = malloc(room);
	uint64_t sum = 0, done;
	int r = buf ? 0 : -1;

	ch->in_place = !job->verify;
	if (buf)
		memset(buf, 0x5a, room);
	for (done = 0; !r && done < job->bytes; done += len) {
		len = job->bytes - done < room ? job->bytes - done : room;
		if (job->verify) {
			fill(buf, done, len);
			sum = add_sum(sum, buf, len);
		}
		r = ch->ops->send(ch, buf, len, job->size);
	}
	ch->in_place = false;
	free(buf);
	*ret_sum = sum;
	return r;
}

static int receive_all(struct channel *ch, const struct job *job, uint64_t bytes,
		       uint64_t *ret_sum)
{
	size_t room = buffer_size(ch, job);
	uint8_t *buf = malloc(room);
	uint64_t sum = 0, done = 0;
	ssize_t n = buf ? 0 : -1;

	ch->in_place = !job->verify;
	if (buf)
		memset(buf, 0, room);
	for (; n >= 0 && done < bytes; done += n) {
		n = ch->ops->receive(ch, buf, bytes - done < room ? bytes - done : room, job->size);
		if (!n) {
			errno = EPIPE;
			n = -1;
		}
		if (n < 0)
			break;
		if (job->verify)
			sum = add_sum(sum, buf, n);
	}
	ch->in_place = false;
	free(buf);
	*ret_sum = sum;
	return n < 0 ? -1 : 0;
}

static int do_send(struct channel *ch, const struct job *job, struct meter *meter)
{
	struct hello hello = { .magic = HELLO, .bytes = job->bytes };
	struct receipt receipt;
	uint64_t sum;

	meter_prepare(meter, job, ch);
	if (channel_send(ch, &hello, sizeof(hello)) || receive_hello(ch, &hello))
		return failed("no hello");
	ch->calls = 0;
	if (meter_start(meter))
		return -1;
	if (send_all(ch, job, &sum))
		return failed("sending");
	if (channel_receive(ch, &receipt, sizeof(receipt)))
		return failed("no receipt");
	if (meter_stop(meter))
		return -1;
	meter_finish(meter, ch);
	errno = 0;
	if (receipt.bytes != job->bytes)
		return failed("%" PRIu64 " of %" PRIu64 " bytes came", receipt.bytes, job->bytes);
	if (receipt.sum != sum)
		return failed("sum %" PRIx64 " went, %" PRIx64 " came", sum, receipt.sum);
	return 0;
}

static int do_receive(struct channel *ch, const struct job *job, struct meter *meter)
{
	struct receipt receipt;
	struct hello hello;

	meter_prepare(meter, job, ch);
	if (receive_hello(ch, &hello))
		return failed("no hello");
	if (meter_start(meter))
		return -1;
	if (channel_send(ch, &hello, sizeof(hello)))
		return failed("answering hello");
	ch->calls = 0;
	if (receive_all(ch, job, hello.bytes, &receipt.sum))
		return failed("receiving");
	receipt.bytes = hello.bytes;
	if (meter_stop(meter))
		return -1;
	if (channel_send(ch, &receipt, sizeof(receipt)))
		return failed("sending the receipt");
	meter_finish(meter, ch);
	return 0;
}

static int with_channel(const struct job *job,
			int (*act)(struct channel *ch, const struct job *job, struct meter *meter))
{
	struct channel *ch;
	struct meter meter;
	int r;

	if (!job->size || (act == do_send && (!job->bytes || job->bytes % job->size))) {
		errno = EINVAL;
		return failed("size and bytes");
	}
	ch = channel_open(job);
	if (!ch)
		return failed("opening %s %s", job->transport, job->path);
	r = act(ch, job, &meter);
	if (!r)
		report(job, ch->calls, &meter);
	channel_close(ch);
	return r;
}

int stream_send(const struct job *job)
{
	return with_channel(job, do_send);
}

int stream_receive(const struct job *job)
{
	return with_channel(job, do_receive);
}

/* Both ends in this domain: the floor that everybody has. */
int stream_inside(const struct job *job)
{
	struct channel *pair[2] = {};
	struct meter meter;
	uint64_t calls;
	int status, r;
	pid_t child;

	if (!job->size || !job->bytes || job->bytes % job->size || channel_pair(job, pair))
		return failed("a %s inside", job->transport);
	child = fork();
	if (child < 0)
		return failed("fork");
	if (!child) {
		struct job other = *job;

		other.dom0 = false;
		/* one answer is enough */
		if (!freopen("/dev/null", "we", stdout))
			_exit(1);
		channel_close(pair[0]);
		_exit(do_receive(pair[1], &other, &meter) ? 1 : 0);
	}
	channel_close(pair[1]);
	r = do_send(pair[0], job, &meter);
	calls = pair[0]->calls;
	/* before waiting: the child may wait for us */
	channel_close(pair[0]);
	if ((waitpid(child, &status, 0) != child || status) && !r)
		return failed("the receiver inside");
	if (!r)
		report(job, calls, &meter);
	return r;
}
