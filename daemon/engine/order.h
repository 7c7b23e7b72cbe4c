/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operator wants, from the moment the bus has it until it has the
 * answer. Made by the thread of the bus, carried out by that of XenStore.
 */
#ifndef ATTACHD_ORDER_H
#define ATTACHD_ORDER_H

#include <stdbool.h>

#include "base/escape.h"
#include "engine/sections.h"
#include "model/live.h"
#include "model/machine.h"
#include "model/paths.h"
#include "model/record.h"
#include "model/request.h"

enum order_kind {
	ORDER_ATTACH,
	ORDER_DETACH,
	ORDER_EXPLAIN,			/* what the policy says */
	ORDER_SET,
	ORDER_SECTIONS,			/* which sections of the policy match something */
	ORDER_FIND_GUEST,		/* which guest is addressed like this */
};

struct order {
	enum order_kind kind;
	char guest[128];		/* see guest-ref.h */
	char name[MYDEVICE_NAME_MAX + 1]; /* of the device; to detach and set also its id */
	char class[MYDEVICE_NAME_MAX + 1];
	bool any_class;			/* if there is none of this class */
	enum channel_mode mode;		/* MODE_ANY: as the policy has it */
	uint64_t ring_size;		/* 0: likewise */
	struct live live;		/* set: to what */
	unsigned int named;		/* which, 1 << enum live_key */
	bool force;			/* detach without waiting for the drivers */
	unsigned int uid;		/* who wants it */
	/*
	 * Only find out what it is about: key.guest, uuid and found say which guest, and name
	 * is that of the device. Carried out after that, it is about these or fails.
	 */
	bool identify;

	/* the answer */
	int result;			/* 0 or -errno */
	struct reason reason;		/* of a failure */
	struct device_key key;		/* but for explain: of the device; find: of no device */
	char uuid[UUID_SIZE];		/* find, identify: of the guest */
	struct escaped found;		/* find, identify: its name */
	char *explanation;		/* explain: of the policy; or NULL */
	struct section_use *sections;	/* of the policy */
	size_t n_sections;

	void *userdata;
	struct quota_slot *slot;	/* of the bus, see bus/quota.h; or NULL */
	/* also if it is never carried out */
	void (*free)(struct order *order);
	struct order *next;
};

#endif
