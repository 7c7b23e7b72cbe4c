/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds what is valid in a policy but does not do what it looks like: names that can never
 * match, and lists in another syntax. A policy with such doubts is used, with a warning;
 * --check fails. Pure.
 */
#ifndef ATTACHD_POLICY_DOUBT_H
#define ATTACHD_POLICY_DOUBT_H

#include <stdbool.h>

#include "base/reason.h"
#include "policy/policy.h"

/* True, and what was expected. */
bool policy_doubts_scope(enum policy_scope scope, const char *name, struct reason *ret);
/*
 * Is the class of a section also that of an earlier one, for the same guests and with another
 * id? A guest has one device of a class.
 */
bool policy_doubts_class(const struct policy *policy, size_t section, struct reason *ret);
bool policy_doubts_setting(const char *key, const char *value, struct reason *ret);

#endif
