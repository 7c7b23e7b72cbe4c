/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The few calls of libxenctrl that are needed, loaded at run time: each Xen
 * release has a library of its own, and the host may run without any.
 */
#ifndef ATTACHD_HYPERVISOR_H
#define ATTACHD_HYPERVISOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/reason.h"
#include "model/record.h"

struct domain_fact {
	unsigned int domid;
	bool running;			/* not shut down but for a suspend, not dying */
	char uuid[UUID_SIZE];		/* "" if not known here */
};

struct hypervisor;

/*
 * library NULL: of the release this was built with, and no other will do. Its
 * name is still needed afterwards. ret_why is for a person.
 */
int hypervisor_open(const char *library, struct hypervisor **ret, struct reason *ret_why);
void hypervisor_close(struct hypervisor *hypervisor);

/* From this domid on. */
int hypervisor_list(struct hypervisor *hypervisor, unsigned int first, struct domain_fact **ret,
		    size_t *ret_n, struct reason *ret_why);

#endif
