// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A 32-bit program without a libc: opens the node, reads what comes and makes each
 * ioctl, then writes what they returned, and the information, to stdout.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <asm/ioctls.h>
#include <linux/poll.h>
#include <uapi/linux/mydevice.h>

#define NR_EXIT		1
#define NR_READ		3
#define NR_WRITE	4
#define NR_OPEN		5
#define NR_IOCTL	54
#define NR_POLL		168

#define O_RDWR		2

_Static_assert(sizeof(void *) == 4, "to be built with -m32");

static long call(long number, long a, const void *b, const void *c)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result)
			 : "0"(number), "b"(a), "c"(b), "d"(c) : "memory");
	return result;
}

static long ioctl(long fd, unsigned long request, void *argument)
{
	return call(NR_IOCTL, fd, (void *)request, argument);
}

__attribute__((used)) static void run(char **argv)
{
	struct mydevice_wait wait = { .timeout_msec = 5000 };
	struct mydevice_tune tune = { .rx_wake = 1000 };
	struct mydevice_shutdown shutdown = { .how = MYDEVICE_SHUT_WRITE };
	struct {
		__s32 result[7];
		struct mydevice_info info;
	} __attribute__((packed)) out = {};
	long fd = call(NR_OPEN, (long)argv[1], (void *)O_RDWR, 0);
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	char buffer[16];

	out.result[0] = ioctl(fd, MYDEVICE_IOC_WAIT, &wait);
	call(NR_POLL, (long)&pollfd, (void *)1, (void *)5000);
	out.result[5] = ioctl(fd, FIONREAD, &out.result[5]) ?: out.result[5];
	call(NR_READ, fd, buffer, (void *)sizeof(buffer));
	out.result[6] = ioctl(fd, TIOCOUTQ, &out.result[6]) ?: out.result[6];
	out.result[1] = ioctl(fd, MYDEVICE_IOC_INFO, &out.info);
	out.result[2] = ioctl(fd, MYDEVICE_IOC_TUNE, &tune);
	out.result[3] = ioctl(fd, MYDEVICE_IOC_SHUTDOWN, &shutdown);
	out.result[4] = call(NR_WRITE, fd, "x", (void *)1);
	call(NR_WRITE, 1, &out, (void *)sizeof(out));
	call(NR_EXIT, fd < 0, 0, 0);
}

/* argc, then argv, are on the stack */
__asm__(".globl _start\n_start: lea 4(%esp), %eax\n push %eax\n call run\n");
