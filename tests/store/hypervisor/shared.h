/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands in for a hypervisor: one directory, shared by the program that
 * plays it and by the stock daemons that run with its library.
 *
 *	machine		struct hv: the domains and the pending events
 *	rings		a page for each domid: its XenStore ring
 *	bell.store	a FIFO: there are events for the store
 *	bell.guests	a FIFO: there are events for the guests
 *
 * An event channel is a pending bit and a bell, so that events coalesce and
 * are never lost, as real ones do.
 */
#ifndef HYPERVISOR_SHARED_H
#define HYPERVISOR_SHARED_H

#include <stddef.h>
#include <stdint.h>

#define HV_DIR_ENV "MYDEVICE_HYPERVISOR"

#define HV_DOMIDS 0x7ff0u
#define HV_BITS 0x8000u
#define HV_BIT_VIRQ (HV_BITS - 1)	/* not a domid: VIRQ_DOM_EXC */
#define HV_PAGE_SIZE 4096u

enum hv_life {
	HV_NONE,
	HV_RUNNING,
	HV_PAUSED,
	HV_SHUTDOWN,
	HV_DYING,
};

struct hv_domain {
	uint32_t life;		/* enum hv_life, written last */
	uint32_t reason;	/* SHUTDOWN_*, if life is HV_SHUTDOWN */
	uint8_t uuid[16];
};

struct hv_events {
	uint64_t pending[HV_BITS / 64];
};

struct hv {
	uint32_t limit;		/* no domid from here on was ever used */
	struct hv_events to_store;
	struct hv_events to_guests;	/* by domid */
	struct hv_domain domains[HV_DOMIDS];
};

enum hv_bell {
	HV_BELL_STORE,
	HV_BELL_GUESTS,
};

/* All return negative errno or NULL with errno. dir is that of HV_DIR_ENV. */
int hv_path(char *ret, size_t size, const char *name);
struct hv *hv_create(void);
struct hv *hv_map(void);
void *hv_map_ring(unsigned int domid);
int hv_open_bell(enum hv_bell bell);

enum hv_life hv_life(const struct hv *hv, unsigned int domid);

void hv_post(struct hv_events *events, unsigned int bit, int bell);
/* The next pending bit after *cursor, round robin, now taken; or -1. */
int hv_take(struct hv_events *events, unsigned int *cursor);
/* To be called before hv_take(): an event posted later rings again. */
void hv_silence(int bell);
void hv_ring(int bell);

#endif
