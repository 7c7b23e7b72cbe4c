// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "fake-store.h"
#include "store/store.h"

int store_is_owned(struct store *store, const char *path, unsigned int owner, int reader,
		   char ret_found[static STORE_PERMS_SIZE])
{
	char expected[STORE_PERMS_SIZE];
	int r = store_exists(store, 0, path);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	snprintf(expected, sizeof(expected), reader < 0 ? "n%u" : "n%u,r%d", owner, reader);
	snprintf(ret_found, STORE_PERMS_SIZE, "%s", fake_permissions(path));
	return !strcmp(ret_found, expected);
}
