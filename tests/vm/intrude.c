// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a guest must not be able to do, tried from inside one:
 *
 *	intrude PATH...
 *
 * Tries to write, delete, re-own and add to each path. Exits 0 if every attempt
 * was refused; says which was not.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <xenstore.h>

static bool refused(const char *what, const char *path, bool done)
{
	if (done)
		printf("%s %s was not refused\n", what, path);
	else if (errno != EACCES && errno != EPERM)
		printf("%s %s failed otherwise: %s\n", what, path, strerror(errno));
	return !done && (errno == EACCES || errno == EPERM);
}

int main(int argc, char **argv)
{
	struct xs_permissions mine = { .id = 0, .perms = XS_PERM_READ | XS_PERM_WRITE };
	struct xs_handle *xs = xs_open(0);
	bool good = argc > 1;

	if (!xs) {
		perror("intrude: xs_open");
		return 2;
	}
	for (int i = 1; i < argc; i++) {
		const char *path = argv[i];
		char below[512];

		snprintf(below, sizeof(below), "%s/intruder", path);
		good &= refused("writing", path, xs_write(xs, XBT_NULL, path, "6", 1));
		good &= refused("adding", below, xs_write(xs, XBT_NULL, below, "6", 1));
		good &= refused("re-owning", path,
				xs_set_permissions(xs, XBT_NULL, path, &mine, 1));
		good &= refused("deleting", path, xs_rm(xs, XBT_NULL, path));
	}
	xs_close(xs);
	return good ? 0 : 1;
}
