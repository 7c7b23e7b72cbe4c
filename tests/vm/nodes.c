// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nodes.h"

#define PATH_SIZE 512

bool node_put(struct xs_handle *xs, const char *dir, const char *node, const char *value)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", dir, node);
	return value ? xs_write(xs, XBT_NULL, path, value, strlen(value)) :
		       xs_rm(xs, XBT_NULL, path);
}

int node_get(struct xs_handle *xs, const char *dir, const char *node)
{
	char path[PATH_SIZE], *value;
	int n = -1;

	snprintf(path, sizeof(path), "%s/%s", dir, node);
	value = xs_read(xs, XBT_NULL, path, NULL);
	if (value)
		n = atoi(value);
	free(value);
	return n;
}
