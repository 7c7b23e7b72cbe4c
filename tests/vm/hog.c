// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Uses up a XenStore quota of the guest in which it runs, and holds it:
 *
 *	hog transactions|watches
 *
 * It prints how many it has when there are no more, and gives them back when it ends.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#define ATTEMPTS_MAX	1000

static bool read_all(int fd, void *to, size_t len)
{
	ssize_t n;

	for (; len; to = (char *)to + n, len -= (size_t)n) {
		n = read(fd, to, len);
		if (n <= 0)
			return false;
	}
	return true;
}

/* Returns whether XenStore has agreed; events of watches are thrown away. */
static bool ask(int fd, uint32_t type, const char *body, size_t len)
{
	struct xsd_sockmsg *message;
	char buffer[sizeof(*message) + 4096];

	message = (struct xsd_sockmsg *)buffer;
	*message = (struct xsd_sockmsg){ .type = type, .len = (uint32_t)len };
	memcpy(message + 1, body, len);
	if (write(fd, message, sizeof(*message) + len) < 0)
		return false;
	do {
		if (!read_all(fd, message, sizeof(*message)) || message->len > 4096 ||
		    !read_all(fd, message + 1, message->len))
			return false;
	} while (message->type == XS_WATCH_EVENT);
	return message->type == type;
}

static bool take(int fd, const char *what, int number)
{
	char body[32];
	int len;

	if (!strcmp(what, "transactions"))
		return ask(fd, XS_TRANSACTION_START, "", 1);
	len = snprintf(body, sizeof(body), "data%c%d", 0, number);
	return ask(fd, XS_WATCH, body, (size_t)len + 1);
}

int main(int argc, char **argv)
{
	int fd = open("/dev/xen/xenbus", O_RDWR), taken = 0;

	if (argc != 2 || fd < 0) {
		fprintf(stderr, "usage: hog transactions|watches, in a guest\n");
		return 2;
	}
	while (taken < ATTEMPTS_MAX && take(fd, argv[1], taken))
		taken++;
	printf("%d %s\n", taken, argv[1]);
	fflush(stdout);
	for (;;)
		pause();
}
