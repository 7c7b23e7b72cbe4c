// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/number.h"
#include "store/domids.h"

int domids_list(struct store *store, const struct path *dir, unsigned int **ret, size_t *ret_n)
{
	_cleanup_free_ unsigned int *domids = NULL;
	_cleanup_free_ char **names = NULL;
	size_t n_names = 0, n = 0;
	int r;

	r = store_list(store, dir->text, &names, &n_names);
	if (r < 0 && r != -ENOENT)
		return r;
	domids = calloc(n_names + 1, sizeof(*domids));
	if (!domids)
		return -ENOMEM;
	for (size_t i = 0; i < n_names; i++)
		if (number_domid(names[i], strlen(names[i]), &domids[n]) == 0)
			n++;
	*ret = steal(&domids);
	*ret_n = n;
	return 0;
}
