/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many orders of users other than root may wait: of one, so that nobody keeps others from
 * sending theirs, and of all. An order counts until it is freed, also if its caller has gone.
 * Used by the thread of the bus alone.
 */
#ifndef ATTACHD_BUS_QUOTA_H
#define ATTACHD_BUS_QUOTA_H

struct quota_slot;

struct quota {
	unsigned int of_user, of_all;
	unsigned int n;
	struct quota_slot *slots;
};

/* 0, and no slot for root; -EUSERS: too many wait; -ENOMEM. */
int quota_take(struct quota *quota, unsigned int uid, struct quota_slot **ret);
/* Accepts NULL, and slots of a quota that is gone. */
void quota_release(struct quota_slot *slot);

void quota_done(struct quota *quota);

#endif
