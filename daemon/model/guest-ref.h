/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How an operator addresses a guest: the same rules in each command and each
 * D-Bus call, see GUESTS in mydevicectl(1). Pure.
 */
#ifndef ATTACHD_GUEST_REF_H
#define ATTACHD_GUEST_REF_H

#include <stdbool.h>

#include "base/reason.h"
#include "model/record.h"

enum guest_ref_kind {
	GUEST_BY_DOMID,			/* digits only */
	GUEST_BY_UUID,			/* the form of a UUID */
	GUEST_BY_NAME,			/* everything else */
};

struct guest_ref {
	enum guest_ref_kind kind;
	unsigned int domid;
	char uuid[UUID_SIZE];
	const char *name;		/* the text that was parsed */
};

/* 0, or -EINVAL and the reason: no guest can ever be addressed like this. */
int guest_ref_parse(const char *text, struct guest_ref *ret, struct reason *ret_reason);

/* shown: the guest's name as escape() makes it. A name matches as it is and as it is shown. */
bool guest_ref_matches(const struct guest_ref *ref, unsigned int domid, const char *uuid,
		       const char *shown);

#endif
