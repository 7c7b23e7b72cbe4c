// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "store/values.h"

int values_read(struct store *store, const struct path paths[], size_t n, struct value ret[])
{
	for (size_t i = 0; i < n; i++) {
		int r;

		ret[i] = (struct value){};
		r = store_read(store, 0, paths[i].text, &ret[i].data, &ret[i].len);
		if (!r || r == -ENOENT)
			continue;
		while (i)
			value_done(&ret[--i]);
		return r;
	}
	return 0;
}
