/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings that a policy file may have: what each takes, and in which sections. */
#ifndef ATTACHD_POLICY_SETTING_H
#define ATTACHD_POLICY_SETTING_H

#include "base/reason.h"
#include "policy/policy.h"

#define SCOPES_TEXT "[Defaults], [Guest NAME], [Device NAME] or [Class NAME]"

const char *policy_scope_name(enum policy_scope scope);

/* 0, -ENOMEM, or -EINVAL and what was expected. */
int policy_set(struct policy_section *section, const char *key, const char *value,
	       struct reason *ret_expected);

/* What stands between [ and ] of a section; name is NULL for one without. 0 or likewise. */
int policy_scope_parse(const char *text, enum policy_scope *ret_scope, const char **ret_name,
		       struct reason *ret_expected);

#endif
