/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which policy is in use, as operators see it. */
#ifndef ATTACHD_POLICY_STATUS_H
#define ATTACHD_POLICY_STATUS_H

#include <stdbool.h>

#include "base/reason.h"

enum policy_source {
	POLICY_FROM_FILES,		/* what is in the files now */
	POLICY_OLDER,			/* the files as they were before: they were refused since */
	POLICY_SAVED,			/* the saved one: the files were refused at the start */
	POLICY_NONE,			/* nothing new is given to guests */
};

struct policy_status {
	enum policy_source source;
	struct reason error;		/* for which the files were refused; "" */
	struct reason save_error;	/* for which it could not be saved; "": it is saved */
};

static inline const char *policy_source_name(enum policy_source source)
{
	static const char *const names[] = {
		[POLICY_FROM_FILES] = "files",
		[POLICY_OLDER] = "older",
		[POLICY_SAVED] = "saved",
		[POLICY_NONE] = "none",
	};

	return names[source];
}

#endif
