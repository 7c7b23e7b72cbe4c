/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directories above those of a device. A guest may own its `device`
 * directory (under xapi it does) and fill it with more names than XenStore can
 * list: then the directory stays until the toolstack removes the guest.
 */
#ifndef ATTACHD_PARENTS_H
#define ATTACHD_PARENTS_H

#include "model/paths.h"
#include "store/store.h"

/* Who besides a device is known to have one of its class, served by the same domain. */
enum company {
	COMPANY_UNKNOWN,		/* perhaps nobody */
	COMPANY_OF_CLASS,		/* some guest */
	COMPANY_OF_GUEST,		/* its own guest, a further one */
};

/*
 * Makes the guest's device/CLASS domain 0's own, readable for the guest. The
 * directory must be there. 0 or -errno, -ENOENT among them.
 */
int parents_own(struct store *store, store_txn txn, const struct device_key *key);
/* The same where it is not so yet: an earlier release left it to the guest. 0 or -errno. */
int parents_claim(struct store *store, const struct device_key *key);

/* Each removes those that are empty. 0 or -errno. */
int parents_prune(struct store *store, const struct device_key *key, enum company company);
int parents_prune_backends(struct store *store, const struct device_key *key,
			   enum company company);

#endif
