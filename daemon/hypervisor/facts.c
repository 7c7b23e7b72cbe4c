// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/messages.h"
#include "hypervisor/facts.h"
#include "hypervisor/hypervisor.h"
#include "model/paths.h"
#include "store/domids.h"

struct facts {
	struct hypervisor *hypervisor;	/* NULL: degraded */
};

static void warn_degraded(const struct reason *why, int error)
{
	struct log_about about = { .message_id = MSG_DEGRADED, .domid = -1, .devid = -1 };

	log_about(LOG_WARNING, error, &about,
		  "the hypervisor cannot be asked: %s (%s); taking the facts about domains from "
		  "XenStore: a guest that has shut down keeps its channels until it is destroyed. "
		  "Install the mydevice-attachd that was built for this Xen release",
		  why->text, strerror(-error));
}

int facts_new(const char *library, struct facts **ret)
{
	struct facts *facts = calloc(1, sizeof(*facts));
	struct reason why = {};
	int r;

	if (!facts)
		return -ENOMEM;
	if (library && !*library) {
		log_notice("taking the facts about domains from XenStore, as told to");
		*ret = facts;
		return 0;
	}
	r = hypervisor_open(library, &facts->hypervisor, &why);
	if (r == -ENOMEM) {
		free(facts);
		return r;
	}
	if (r < 0)
		warn_degraded(&why, r);
	*ret = facts;
	return 0;
}

void facts_free(struct facts *facts)
{
	if (!facts)
		return;
	hypervisor_close(facts->hypervisor);
	free(facts);
}

bool facts_degraded(const struct facts *facts)
{
	return !facts->hypervisor;
}

static int list_from_store(struct store *store, unsigned int first, struct domain_fact **ret,
			   size_t *ret_n)
{
	_cleanup_free_ struct domain_fact *facts = NULL;
	_cleanup_free_ unsigned int *domids = NULL;
	struct path domains = { PATH_DOMAINS };
	size_t n_domids, n = 0;
	int r;

	r = domids_list(store, &domains, &domids, &n_domids);
	if (r < 0)
		return r;
	facts = calloc(n_domids + 1, sizeof(*facts));
	if (!facts)
		return -ENOMEM;
	for (size_t i = 0; i < n_domids; i++) {
		if (domids[i] < first)
			continue;
		r = store_is_introduced(store, domids[i]);
		if (r < 0)
			return r;
		if (r)
			facts[n++] = (struct domain_fact){ .domid = domids[i], .running = true };
	}
	*ret = steal(&facts);
	*ret_n = n;
	return 0;
}

int facts_list(struct facts *facts, struct store *store, unsigned int first,
	       struct domain_fact **ret, size_t *ret_n)
{
	struct reason why = {};
	int r;

	if (!facts->hypervisor)
		return list_from_store(store, first, ret, ret_n);
	r = hypervisor_list(facts->hypervisor, first, ret, ret_n, &why);
	if (r == 0 || r == -ENOMEM)
		return r;
	warn_degraded(&why, r);
	hypervisor_close(facts->hypervisor);
	facts->hypervisor = NULL;
	return list_from_store(store, first, ret, ret_n);
}
