// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libxenvchan, the stock library. The guest grants and listens, as it does with
 * our devices. One connection serves all jobs of a process, which is kind to it.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <libxenvchan.h>

#include "bench.h"

#define STORE_PATH	"data/bench"
#define CONNECT_TRIES	500
#define CONNECT_US	10000

/* The linker sends the library's calls here: they are its system calls. */
static uint64_t events_calls, events_notified;

int __real_xenevtchn_notify(xenevtchn_handle *handle, evtchn_port_t port);
int __real_xenevtchn_unmask(xenevtchn_handle *handle, evtchn_port_t port);
xenevtchn_port_or_error_t __real_xenevtchn_pending(xenevtchn_handle *handle);

int __wrap_xenevtchn_notify(xenevtchn_handle *handle, evtchn_port_t port)
{
	events_calls++;
	events_notified++;
	return __real_xenevtchn_notify(handle, port);
}

int __wrap_xenevtchn_unmask(xenevtchn_handle *handle, evtchn_port_t port)
{
	events_calls++;
	return __real_xenevtchn_unmask(handle, port);
}

xenevtchn_port_or_error_t __wrap_xenevtchn_pending(xenevtchn_handle *handle)
{
	events_calls++;
	return __real_xenevtchn_pending(handle);
}

static int vchan_send(struct channel *ch, const uint8_t *buf, size_t len, size_t size)
{
	uint64_t before = events_calls;

	while (len) {
		int n = libxenvchan_write(ch->state, buf, len < size ? len : size);

		if (n <= 0)
			return -1;
		buf += n;
		len -= n;
	}
	ch->calls += events_calls - before;
	return 0;
}

static ssize_t vchan_receive(struct channel *ch, uint8_t *buf, size_t len, size_t size)
{
	uint64_t before = events_calls;
	int n = libxenvchan_read(ch->state, buf, len < size ? len : size);

	ch->calls += events_calls - before;
	return n;
}

static void vchan_close(struct channel *ch)
{
	(void)ch;
}

static const struct channel_ops vchan_ops = {
	.send = vchan_send,
	.receive = vchan_receive,
	.close = vchan_close,
};

static struct libxenvchan *listen_for_dom0(const struct job *job)
{
	struct libxenvchan *vchan;

	vchan = libxenvchan_server_init(NULL, 0, STORE_PATH, job->ring, job->ring);
	if (!vchan)
		return NULL;
	vchan->blocking = 1;
	while (libxenvchan_is_open(vchan) == 2)
		if (libxenvchan_wait(vchan))
			return NULL;
	return vchan;
}

static struct libxenvchan *call_guest(const struct job *job)
{
	struct libxenvchan *vchan;
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/" STORE_PATH, job->domid);
	for (int i = 0; i < CONNECT_TRIES; i++) {
		vchan = libxenvchan_client_init(NULL, job->domid, path);
		if (vchan) {
			vchan->blocking = 1;
			return vchan;
		}
		usleep(CONNECT_US);
	}
	return NULL;
}

struct channel *vchan_open(const struct job *job)
{
	static struct libxenvchan *vchan;
	struct channel *ch;

	if (!vchan)
		vchan = job->dom0 ? call_guest(job) : listen_for_dom0(job);
	if (!vchan)
		return NULL;
	ch = calloc(1, sizeof(*ch));
	if (!ch)
		return NULL;
	ch->ops = &vchan_ops;
	ch->batch = 1;
	ch->in = ch->out = -1;
	ch->notified = &events_notified;
	ch->state = vchan;
	return ch;
}
