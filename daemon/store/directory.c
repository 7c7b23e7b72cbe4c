// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <xen/io/xs_wire.h>

#include "base/util.h"
#include "store/directory.h"
#include "store/wire.h"

static int split(const char *text, size_t len, char ***ret, size_t *ret_n)
{
	size_t n = 0;
	char **names, *copy;

	for (size_t i = 0; i < len; i++)
		n += !text[i];
	names = malloc((n + 1) * sizeof(*names) + len);
	if (!names)
		return -ENOMEM;
	copy = memcpy(names + n + 1, text, len);
	for (size_t i = 0; i < n; i++) {
		names[i] = copy;
		copy += strlen(copy) + 1;
	}
	*ret = names;
	*ret_n = n;
	return 0;
}

int directory_list(const char *path, char ***ret, size_t *ret_n)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r;

	r = wire_ask(XS_DIRECTORY, path, 0, &text, &len);
	return r < 0 ? r : split(text, len, ret, ret_n);
}
