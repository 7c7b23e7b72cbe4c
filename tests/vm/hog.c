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
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xenstore.h>

#define ATTEMPTS_MAX 10000

static bool take(struct xs_handle *xs, const char *what, int number)
{
	char token[16];

	if (!strcmp(what, "transactions"))
		return xs_transaction_start(xs) != XBT_NULL;
	snprintf(token, sizeof(token), "%d", number);
	return xs_watch(xs, "data", token);
}

int main(int argc, char **argv)
{
	struct xs_handle *xs = xs_open(0);
	int taken = 0;

	if (argc != 2 || !xs) {
		fprintf(stderr, "usage: hog transactions|watches\n");
		return 2;
	}
	while (taken < ATTEMPTS_MAX && take(xs, argv[1], taken))
		taken++;
	printf("%d %s\n", taken, argv[1]);
	fflush(stdout);
	for (;;)
		pause();
}
