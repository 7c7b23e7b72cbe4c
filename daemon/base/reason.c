// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>

#include "base/escape.h"
#include "base/reason.h"

int reason_invalid(struct reason *reason, const char *key, const char *value,
		   const char *expected)
{
	snprintf(reason->text, sizeof(reason->text), "%s=%.80s is not valid; expected %s", key,
		 escape(value).text, expected);
	return -EINVAL;
}
