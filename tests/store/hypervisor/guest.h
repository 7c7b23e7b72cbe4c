/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The XenStore side of a guest's kernel: carries the messages of an ordinary
 * client between a unix socket and the guest's ring. One client at a time, the
 * next one waits; each starts without the watches and transactions of the one
 * before.
 */
#ifndef HYPERVISOR_GUEST_H
#define HYPERVISOR_GUEST_H

#include <stdint.h>

#include "shared.h"

struct guest;

/* What every guest needs of the machine around it. */
struct guest_machine {
	struct hv *hv;
	int store_bell;
	int epoll;
};

/* Listens on guest.DOMID. 0 or negative errno. */
int guest_new(const struct guest_machine *machine, unsigned int domid, struct guest **ret);
/* NULL is fine. */
void guest_free(struct guest *guest);

/* The store notified this guest. */
void guest_store_event(struct guest *guest);
/* epoll has something for a descriptor of this guest; data.ptr is the guest. */
void guest_client_event(struct guest *guest);
/* A new ring, as after a boot: whoever was connected is not any more. */
void guest_reset(struct guest *guest);

#endif
