// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole messages through a pipe.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <unistd.h>

#include "wire.h"

bool wire_put(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

bool wire_get(int fd, void *data, size_t len)
{
	char *p = data;

	while (len) {
		ssize_t n = read(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= n;
	}
	return true;
}
