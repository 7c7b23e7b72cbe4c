// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows about ioctls: <uapi/linux/mydevice.h>.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <stdlib.h>
#include <uapi/linux/mydevice.h>
#include <xen/io/mydevice.h>

#include "row.h"

/* The same request for a structure of another size. */
#define SIZED(request, size) \
	_IOC(_IOC_DIR(request), _IOC_TYPE(request), _IOC_NR(request), size)

static struct mydevice_info info_of(struct end *end, int fd)
{
	struct mydevice_info info;

	memset(&info, 0xee, sizeof(info));
	IS(IOCTL(end, fd, MYDEVICE_IOC_INFO, info), 0);
	return info;
}

static long waits(struct end *end, int fd, int msec)
{
	struct mydevice_wait wait = { .timeout_msec = msec };

	return IOCTL(end, fd, MYDEVICE_IOC_WAIT, wait);
}

static void info_fields(struct end *near, struct end *far)
{
	uint32_t header = setting.packet ? sizeof(struct mydevice_packet) : 0;
	struct mydevice_info x, y;
	int a = opened(near, O_RDWR), b;

	x = info_of(near, a);
	IS(x.session, MYDEVICE_SESSION_WAITING);
	IS(x.tx_free, 0);
	IS(x.rx_used, 0);
	b = opened(far, O_RDWR);
	IS(end_becomes(near, a, POLLOUT), POLLOUT);
	IS(end_becomes(far, b, POLLOUT), POLLOUT);
	x = info_of(near, a);
	y = info_of(far, b);
	IS(x.end, strcmp(near->name, "back") ? MYDEVICE_END_FRONTEND : MYDEVICE_END_BACKEND);
	IS(y.end, !x.end);
	IS(x.mode, setting.packet);
	IS(y.mode, setting.packet);
	IS(x.devid, y.devid);
	IS(x.end == MYDEVICE_END_FRONTEND ? x.domid : y.domid, 0);
	CHECK(x.end == MYDEVICE_END_FRONTEND ? y.domid : x.domid);
	IS(x.session, MYDEVICE_SESSION_LIVE);
	IS(x.tx_ring, setting.ring);
	IS(x.rx_ring, setting.ring);
	/* as last seen: it is looked at anew when it is less than half */
	CHECK(x.tx_free >= setting.ring / 2 && x.tx_free <= setting.ring);
	IS(x.rx_used, 0);
	IS(x.packet_max, setting.packet ? MYDEVICE_PACKET_MAX(setting.ring) : 0);
	CHECK(!strcmp(x.name, y.name));
	CHECK(x.end == MYDEVICE_END_BACKEND || !x.guest[0]);
	says(near, a, "seven b");
	IS(info_of(near, a).tx_free, x.tx_free - 7 - header);
	IS(info_of(far, b).rx_used, 7 + header);
	IS(end_close(far, b), 0);
	IS(end_becomes(near, a, HUP_EVENTS), HUP_EVENTS);
	x = info_of(near, a);
	IS(x.session, MYDEVICE_SESSION_ENDED);
	IS(x.tx_free, 0);
	IS(end_read(near, a, 1), 0);
	IS(info_of(near, a).session, MYDEVICE_SESSION_ENDED);
	IS(end_becomes(near, a, 0), 0);
	IS(info_of(near, a).session, MYDEVICE_SESSION_WAITING);
}

/* Programs that were built for an earlier or a later version of the structure. */
static void info_sizes(struct end *near, struct end *far)
{
	static const size_t sizes[] = { 4, 40, sizeof(struct mydevice_info) + 8, 4096 };
	struct mydevice_info info;
	unsigned char buffer[8192];
	int a = opened(near, O_RDWR);

	(void)far;
	info = info_of(near, a);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		size_t size = sizes[i], known = size < sizeof(info) ? size : sizeof(info);

		memset(buffer, 0xee, sizeof(buffer));
		IS(end_ioctl(near, a, SIZED(MYDEVICE_IOC_INFO, size), buffer, size + 8), 0);
		CHECK(!memcmp(buffer, &info, known));
		for (size_t at = known; at < size; at++)
			CHECK(!buffer[at]);
		for (size_t at = size; at < size + 8; at++)
			CHECK(buffer[at] == 0xee);
	}
	IS(end_do(near, OP_IOCTL_AT, NULL, 0, a, MYDEVICE_IOC_INFO, 1, 0), -EFAULT);
}

/* Of a larger structure, what this version does not know has to be zero. */
static void argument_sizes(struct end *near, struct end *far)
{
	static const unsigned int requests[] = {
		MYDEVICE_IOC_WAIT, MYDEVICE_IOC_TUNE, MYDEVICE_IOC_SHUTDOWN,
	};
	int a, b;

	in_session(near, &a, far, &b, 0);
	for (int i = 0; i < 3; i++) {
		size_t known = _IOC_SIZE(requests[i]);
		unsigned int larger = SIZED(requests[i], known + 8);
		unsigned char buffer[64] = {};

		buffer[0] = requests[i] == MYDEVICE_IOC_SHUTDOWN ? MYDEVICE_SHUT_WRITE : 0;
		buffer[known + 7] = 1;
		IS(end_ioctl(near, a, larger, buffer, known + 8), -E2BIG);
		buffer[known + 7] = 0;
		IS(end_ioctl(near, a, larger, buffer, known + 8), 0);
		IS(end_ioctl(near, a, SIZED(requests[i], 4), buffer, 4), 0);
		IS(end_do(near, OP_IOCTL_AT, NULL, 0, a, requests[i], 1, 0), -EFAULT);
	}
}

static void unknown_ioctls(struct end *near, struct end *far)
{
	static const unsigned int requests[] = {
		_IO(MYDEVICE_IOC_MAGIC, 1), _IOR(MYDEVICE_IOC_MAGIC, 0, int),
		_IOW(MYDEVICE_IOC_MAGIC, 5, int), _IOW(MYDEVICE_IOC_MAGIC, 1, int),
		_IOR(MYDEVICE_IOC_MAGIC, 2, int), _IOWR(MYDEVICE_IOC_MAGIC, 3, int),
		_IOR('x', 1, struct mydevice_info), 0x5413 /* TIOCGWINSZ */,
	};
	int a = opened(near, O_RDWR);
	char buffer[1024] = {};

	(void)far;
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		IS(end_ioctl(near, a, requests[i], buffer, sizeof(buffer)), -ENOTTY);
}

static void wait_for_session(struct end *near, struct end *far)
{
	struct mydevice_wait wait = { .timeout_msec = -1 };
	struct call call;
	int a = opened(near, O_RDWR), b;

	call = call_begin(near, OP_IOCTL, &wait, sizeof(wait), a, MYDEVICE_IOC_WAIT, 0, 0);
	CHECK(call_waits(&call));
	b = opened(far, O_RDWR);
	IS(call_result(&call), 0);
	call_free(&call);
	IS(waits(near, a, -1), 0);
	IS(waits(near, a, 0), 0);
	IS(end_close(far, b), 0);
	IS(end_becomes(near, a, HUP_EVENTS), HUP_EVENTS);
	IS(waits(near, a, -1), -EPIPE);
	IS(end_read(near, a, 1), 0);
	IS(waits(near, a, 0), -ETIMEDOUT);
}

static void wait_times_out(struct end *near, struct end *far)
{
	struct mydevice_wait wait = { .timeout_msec = 300 };
	struct call call;
	int a = opened(near, O_RDWR);

	(void)far;
	call = call_begin(near, OP_IOCTL, &wait, sizeof(wait), a, MYDEVICE_IOC_WAIT, 0, 0);
	IS(call_result(&call), -ETIMEDOUT);
	CHECK(call.usec >= 300000 && call.usec < END_SOON * 1000);
	call_free(&call);
	wait.flags = 1;
	IS(IOCTL(near, a, MYDEVICE_IOC_WAIT, wait), -EINVAL);
	IS(end_nonblock(near, a, true), 0);
	IS(waits(near, a, -1), -EAGAIN);
	IS(waits(near, a, 300), -EAGAIN);
}

/* A 32-bit program sees the same structures. */
static void ioctls_of_32_bits(struct end *near, struct end *far)
{
	int32_t results[7];
	struct mydevice_info info, of32;
	struct call call, writer;
	int a, b = opened(far, O_RDWR);
	const char *line = "ioctl32 \"$NODE\"";

	writer = begin_write(far, b, "four", 4);
	call = call_begin(near, OP_RUN, line, strlen(line), 0, 0, 0, 0);
	IS(call_result(&call), 0);
	IS(call.len, sizeof(results) + sizeof(of32));
	if (call.len == sizeof(results) + sizeof(of32)) {
		memcpy(results, call.data, sizeof(results));
		memcpy(&of32, (char *)call.data + sizeof(results), sizeof(of32));
		IS(results[0], 0);		/* wait */
		IS(results[1], 0);		/* info */
		IS(results[2], 0);		/* tune */
		IS(results[3], 0);		/* shutdown */
		IS(results[4], -EPIPE);		/* write */
		IS(results[5], 4);		/* FIONREAD */
		IS(results[6], 0);		/* TIOCOUTQ */
		IS(end_read(far, b, 100), 0);
		IS(end_becomes(far, b, 0), 0);
		a = opened(near, O_RDWR);
		IS(end_becomes(near, a, POLLOUT), POLLOUT);
		info = info_of(near, a);
		CHECK(!memcmp(&info, &of32, offsetof(struct mydevice_info, stats)));
		IS(info.stats.sessions, of32.stats.sessions + 1);
	}
	call_free(&call);
	IS(call_result(&writer), 4);
	call_free(&writer);
}

const struct row ioctl_rows[] = {
	{ "info-fields", BOTH, info_fields },
	{ "info-sizes", BOTH, info_sizes },
	{ "argument-sizes", BOTH, argument_sizes },
	{ "unknown-ioctls", BOTH, unknown_ioctls },
	{ "wait-for-session", BOTH, wait_for_session },
	{ "wait-times-out", BOTH, wait_times_out },
	{ "ioctls-of-32-bits", BOTH, ioctls_of_32_bits },
	{}
};
