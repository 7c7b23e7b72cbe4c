/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which domains there are. From the hypervisor, or, if its library is missing
 * or of another release, from XenStore alone: then a domain that has shut down
 * counts as running until it is destroyed.
 */
#ifndef ATTACHD_FACTS_H
#define ATTACHD_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "hypervisor/hypervisor.h"
#include "store/store.h"

struct facts;

/*
 * library: the libxenctrl to load, NULL for the one this was built with, ""
 * for none. Does not fail for want of one: it warns.
 */
int facts_new(const char *library, struct facts **ret);
void facts_free(struct facts *facts);
DEFINE_CLEANUP(struct facts, facts_free)

bool facts_degraded(const struct facts *facts);
/* From this domid on. */
int facts_list(struct facts *facts, struct store *store, unsigned int first,
	       struct domain_fact **ret, size_t *ret_n);

#endif
