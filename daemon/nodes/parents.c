// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "nodes/parents.h"

static struct path parent_of(struct path path)
{
	*strrchr(path.text, '/') = '\0';
	return path;
}

int parents_own(struct store *store, store_txn txn, const struct device_key *key)
{
	const struct path class = parent_of(path_frontend(key));

	return store_own(store, txn, class.text, 0, (int)key->guest);
}

int parents_claim(struct store *store, const struct device_key *key)
{
	const struct path class = parent_of(path_frontend(key));
	char found[STORE_PERMS_SIZE];
	int r = store_is_owned(store, class.text, 0, (int)key->guest, found);

	if (r == 0)
		r = parents_own(store, 0, key);
	return r < 0 && r != -ENOENT ? r : 0;
}

/* shared: not only domain 0 writes there. Then a list that is too long is nobody's error. */
static int prune(struct store *store, const struct path *dir, bool shared)
{
	_cleanup_free_ char **names = NULL;
	size_t n = 0;
	int r;

	r = store_list(store, dir->text, &names, &n);
	if (r == -ENOENT || (shared && (r == -EMSGSIZE || r == -E2BIG)))
		return 0;
	return r < 0 || n ? r : store_remove(store, 0, dir->text);
}

int parents_prune_backends(struct store *store, const struct device_key *key,
			   enum company company)
{
	const struct path guest = parent_of(path_backend(key)), class = parent_of(guest);
	bool shared = key->backend != 0;
	int r = prune(store, &guest, shared);

	if (r == 0 && company == COMPANY_UNKNOWN)
		r = prune(store, &class, shared);
	return r;
}

int parents_prune(struct store *store, const struct device_key *key, enum company company)
{
	const struct path class = parent_of(path_frontend(key));
	int r;

	if (company == COMPANY_OF_GUEST)
		return 0;
	r = prune(store, &class, true);
	return r < 0 ? r : parents_prune_backends(store, key, company);
}
