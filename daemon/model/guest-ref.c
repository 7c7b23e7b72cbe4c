// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/name.h"
#include "base/number.h"
#include "model/guest-ref.h"

/* As many bytes of a name as the daemon keeps. */
#define NAME_MAX_LEN 127

static int impossible(struct reason *reason, const char *text, const char *why)
{
	snprintf(reason->text, sizeof(reason->text), "no guest can be \"%.60s\": %s",
		 escape(text).text, why);
	return -EINVAL;
}

int guest_ref_parse(const char *text, struct guest_ref *ret, struct reason *ret_reason)
{
	struct guest_ref ref = { .kind = GUEST_BY_NAME, .name = text };
	size_t len = strlen(text);

	if (!len)
		return impossible(ret_reason, text, "expected a name, a domid or a UUID");
	if (strspn(text, "0123456789") == len) {
		ref.kind = GUEST_BY_DOMID;
		if (number_domid(text, len, &ref.domid) < 0)
			return impossible(ret_reason, text, "digits only are a domid, which is a "
					  "number below 32752 without leading zeros; address a "
					  "guest of this name by its domid or its UUID");
		if (!ref.domid)
			return impossible(ret_reason, text, "domain 0 is this host");
	} else if (uuid_parse(text, len, ref.uuid) == 0) {
		ref.kind = GUEST_BY_UUID;
	} else if (len > NAME_MAX_LEN) {
		return impossible(ret_reason, text, "the name is longer than 127 bytes; use its "
				  "domid or its UUID");
	} else if (name_is_migrating(text)) {
		return impossible(ret_reason, text, "a guest has this name only while it "
				  "migrates; use its domid or its UUID");
	}
	*ret = ref;
	return 0;
}

bool guest_ref_matches(const struct guest_ref *ref, unsigned int domid, const char *uuid,
		       const char *shown)
{
	switch (ref->kind) {
	case GUEST_BY_DOMID:
		return domid == ref->domid;
	case GUEST_BY_UUID:
		return !strcmp(uuid, ref->uuid);
	default:
		return *shown && (!strcmp(shown, ref->name) ||
				  !strcmp(shown, escape(ref->name).text));
	}
}
