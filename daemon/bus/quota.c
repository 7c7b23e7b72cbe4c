// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "bus/quota.h"

struct quota_slot {
	struct quota *quota;		/* NULL: gone */
	struct quota_slot *next;	/* of the quota */
	unsigned int uid;
};

int quota_take(struct quota *quota, unsigned int uid, struct quota_slot **ret)
{
	struct quota_slot *slot;
	unsigned int n = 0;

	*ret = NULL;
	if (!uid)
		return 0;
	for (slot = quota->slots; slot; slot = slot->next)
		n += slot->uid == uid;
	if (n >= quota->of_user || quota->n >= quota->of_all)
		return -EUSERS;
	slot = malloc(sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = (struct quota_slot){ .quota = quota, .next = quota->slots, .uid = uid };
	quota->slots = slot;
	quota->n++;
	*ret = slot;
	return 0;
}

void quota_release(struct quota_slot *slot)
{
	struct quota_slot **link;

	if (!slot)
		return;
	if (slot->quota) {
		link = &slot->quota->slots;
		while (*link != slot)
			link = &(*link)->next;
		*link = slot->next;
		slot->quota->n--;
	}
	free(slot);
}

void quota_done(struct quota *quota)
{
	for (struct quota_slot *slot = quota->slots; slot; slot = slot->next)
		slot->quota = NULL;
	quota->slots = NULL;
	quota->n = 0;
}
