// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows about what programs do with any descriptor, FIFOs and sockets included.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/sockios.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <uapi/linux/mydevice.h>
#include <xen/io/mydevice.h>

#include "row.h"

/* Decided differences from a FIFO; docs/PROTOCOL.md says why. */
static const struct {
	const char *name;
	long result;
} different[] = {
	{ "SIOCOUTQ", 0 },		/* as a socket; the FIFO: ENOTTY */
	{ "F_GETPIPE_SZ", -EBADF },	/* the buffers of pipes alone */
	{ "O_DIRECT", -EINVAL },
	{ "tee", -EINVAL },
	{ "vmsplice", -EBADF },
	{ "fallocate", -ENODEV },	/* as any character device */
	{ "posix_fadvise", 0 },
	{ "splice with an offset", -EINVAL },	/* as a socket */
	{ "RWF_NOWAIT", -EAGAIN },	/* some kernels: EOPNOTSUPP on a FIFO */
};

static bool is_different(const char *name, long result)
{
	for (size_t i = 0; i < sizeof(different) / sizeof(*different); i++)
		if (!strcmp(different[i].name, name))
			return result == different[i].result;
	return false;
}

/* One call on one descriptor; false after the last call. */
static bool other(struct end *end, int fd, int number, struct wire_other *ret)
{
	struct call call = call_begin(end, OP_OTHER, NULL, 0, fd, number, 0, 0);
	long result = call_result(&call);

	if (!result && call.len == sizeof(*ret))
		memcpy(ret, call.data, sizeof(*ret));
	else if (result != -ENOENT)
		IS(result, 0);
	call_free(&call);
	return !result;
}

/* A program that was made for a FIFO finds nothing else. */
static void as_a_fifo(struct end *near, struct end *far)
{
	struct wire_other here, there;
	int a, b, fifo;

	in_session(near, &a, far, &b, O_NONBLOCK);
	fifo = end_do(near, OP_FIFO, NULL, 0, 0, 0, 0, 0);
	CHECK(fifo >= 0);
	says(far, b, "seven b");
	IS(end_becomes(near, a, POLLIN | POLLOUT), POLLIN | POLLOUT);
	IS(end_write(near, fifo, "seven b", 7), 7);
	for (int i = 0; other(near, a, i, &here) && other(near, fifo, i, &there); i++) {
		if (here.result == there.result || is_different(here.name, here.result))
			continue;
		printf("  %s: %ld, on a FIFO %ld\n", here.name, (long)here.result,
		       (long)there.result);
		CHECK(!"as on a FIFO");
	}
}

static long asks(struct end *end, int fd, unsigned int request)
{
	int value = -1;

	IS(IOCTL(end, fd, request, value), 0);
	return value;
}

/* In packet mode of the next packet, since a read gives that one. */
static void fionread(struct end *near, struct end *far)
{
	long next = setting.packet ? 7 : 12;
	int a, b;

	a = opened(near, O_RDWR);
	IS(asks(near, a, FIONREAD), 0);
	b = opened(far, O_RDWR);
	IS(end_becomes(near, a, POLLOUT), POLLOUT);
	IS(end_becomes(far, b, POLLOUT), POLLOUT);
	IS(asks(near, a, FIONREAD), 0);
	says(far, b, "seven b");
	says(far, b, "other");
	IS(end_becomes(near, a, POLLIN | POLLOUT), POLLIN | POLLOUT);
	IS(asks(near, a, FIONREAD), next);
	/* more has come since it looked */
	says(far, b, "!");
	IS(asks(near, a, FIONREAD), setting.packet ? 7 : 13);
	IS(end_read(near, a, 7), 7);
	IS(asks(near, a, FIONREAD), setting.packet ? 5 : 6);
	IS(end_close(far, b), 0);
	IS(end_becomes(near, a, HUP_EVENTS), HUP_EVENTS);
	IS(asks(near, a, FIONREAD), setting.packet ? 5 : 6);
	CHECK(hears(near, a, setting.packet ? "other" : "other!"));
	if (setting.packet)
		CHECK(hears(near, a, "!"));
	/* at the end of the session, and after it */
	IS(asks(near, a, FIONREAD), 0);
	IS(end_read(near, a, 1), 0);
	IS(asks(near, a, FIONREAD), 0);
	IS(end_do(near, OP_IOCTL_AT, NULL, 0, a, FIONREAD, 1, 0), -EFAULT);
	IS(end_do(near, OP_IOCTL_AT, NULL, 0, a, SIOCOUTQ, 1, 0), -EFAULT);
}

/* A read may give several packets then, each behind its frame. */
static void fionread_of_frames(struct end *near, struct end *far)
{
	struct mydevice_tune tune = { .flags = MYDEVICE_TUNE_FRAMES };
	int a, b;

	in_session(near, &a, far, &b, 0);
	says(far, b, "seven b");
	says(far, b, "other");
	IS(IOCTL(near, a, MYDEVICE_IOC_TUNE, tune), 0);
	IS(asks(near, a, FIONREAD), 7 + 5 + 2 * (long)sizeof(struct mydevice_frame));
}

static void full_ring(struct end *near, struct end *far)
{
	int a, b;

	in_session(near, &a, far, &b, O_NONBLOCK);
	IS(end_give(near, a, setting.ring, 0), setting.ring);
	IS(asks(near, a, SIOCOUTQ), setting.ring);
	IS(end_becomes(far, b, POLLIN | POLLOUT), POLLIN | POLLOUT);
	IS(asks(far, b, FIONREAD), setting.ring);
}

/* What the peer has not read yet; in packet mode as many bytes as they take in the ring. */
static void outq(struct end *near, struct end *far)
{
	uint32_t header = setting.packet ? sizeof(struct mydevice_packet) : 0;
	int a, b;

	a = opened(near, O_RDWR);
	IS(asks(near, a, SIOCOUTQ), 0);
	b = opened(far, O_RDWR);
	IS(end_becomes(near, a, POLLOUT), POLLOUT);
	says(near, a, "seven b");
	says(near, a, "other");
	IS(asks(near, a, SIOCOUTQ), 12 + 2 * header);
	IS(end_read(far, b, 7), 7);
	IS(asks(near, a, SIOCOUTQ), 5 + header);
	/* nobody will read the rest */
	IS(end_close(far, b), 0);
	IS(end_becomes(near, a, HUP_EVENTS), HUP_EVENTS);
	IS(asks(near, a, SIOCOUTQ), 0);
	IS(end_read(near, a, 1), 0);
	b = opened(far, O_RDWR);
	IS(end_becomes(near, a, POLLOUT), POLLOUT);
	IS(asks(near, a, SIOCOUTQ), 0);
}

const struct row other_rows[] = {
	{ "as-a-fifo", BOTH, as_a_fifo },
	{ "fionread", BOTH, fionread },
	{ "fionread-of-frames", PACKET, fionread_of_frames },
	{ "fionread-of-a-full-ring", STREAM, full_ring },
	{ "outq", BOTH, outq },
	{}
};
