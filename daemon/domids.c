// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "domids.h"
#include "number.h"
#include "values.h"

#define AT_ONCE 64

/* All there can be are asked for. */
static int list_by_trying(struct store *store, const struct path *dir, unsigned int domids[],
			  size_t *ret_n)
{
	size_t found = 0;

	for (unsigned int first = 0; first < DOMID_LIMIT; first += AT_ONCE) {
		struct value values[AT_ONCE];
		struct path paths[AT_ONCE];
		size_t n;
		int r;

		for (n = 0; n < AT_ONCE && first + n < DOMID_LIMIT; n++) {
			char name[16];

			snprintf(name, sizeof(name), "%u", first + (unsigned int)n);
			paths[n] = path_child(dir, name);
		}
		r = values_read(store, paths, n, values);
		if (r < 0)
			return r;
		for (size_t i = 0; i < n; i++) {
			if (values[i].data)
				domids[found++] = first + (unsigned int)i;
			value_done(&values[i]);
		}
	}
	*ret_n = found;
	return 0;
}

int domids_list(struct store *store, const struct path *dir, unsigned int **ret, size_t *ret_n)
{
	_cleanup_free_ unsigned int *domids = NULL;
	_cleanup_free_ char **names = NULL;
	size_t n_names = 0, n = 0;
	int r;

	r = store_list(store, 0, dir->text, &names, &n_names);
	if (r < 0 && r != -ENOENT && r != -E2BIG)
		return r;
	domids = calloc(r == -E2BIG ? DOMID_LIMIT : n_names + 1, sizeof(*domids));
	if (!domids)
		return -ENOMEM;
	/* oxenstored lists some thousand at most */
	if (r == -E2BIG)
		r = list_by_trying(store, dir, domids, &n);
	if (r < 0 && r != -ENOENT)
		return r;
	for (size_t i = 0; i < n_names; i++)
		if (number_domid(names[i], strlen(names[i]), &domids[n]) == 0)
			n++;
	*ret = steal(&domids);
	*ret_n = n;
	return 0;
}
