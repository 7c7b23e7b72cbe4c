// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/glob.h"
#include "base/name.h"
#include "model/record.h"
#include "policy/doubt.h"

#define SEPARATED "names that are separated by spaces, as in: "

_printf_(2, 3) static bool doubt(struct reason *reason, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reason->text, sizeof(reason->text), format, args);
	va_end(args);
	return true;
}

static bool doubts_list(const char *glob, bool spaces, const char *expected, struct reason *ret)
{
	char found[] = { glob_list_char(glob, spaces), '\0' };

	return *found && doubt(ret, "\"%.60s\" is one name with a \"%s\" in it, not a list; "
			       "expected %s", escape(glob).text, escape(found).text, expected);
}

/* Of one guest, or of one word of Guest=. */
static bool doubts_guest(const char *glob, struct reason *ret)
{
	char uuid[UUID_SIZE];

	if (strspn(glob, "0123456789") == strlen(glob))
		return doubt(ret, "\"%.60s\" is compared with names, not with domids; expected the "
			     "name of a guest; if it is one, write its first digit in brackets, "
			     "as in: [7]", glob);
	if (uuid_parse(glob, strlen(glob), uuid) == 0)
		return doubt(ret, "\"%s\" is compared with names, not with UUIDs; expected UUID= "
			     "in a section of its own, as in: [Guest *]", glob);
	if (!strcmp(glob, "Domain-0"))
		return doubt(ret, "Domain-0 serves channels and is no guest; expected the name of "
			     "a guest");
	if (name_is_migrating(glob) || !glob_can_match(glob, GLOB_OF_GUEST))
		return doubt(ret, "\"%.60s\" never matches a guest; expected a name of 1 to 127 "
			     "bytes that does not end in --incoming or --migratedaway",
			     escape(glob).text);
	return false;
}

static bool doubts_channel(const char *glob, struct reason *ret)
{
	return !glob_can_match(glob, GLOB_OF_CHANNEL) &&
	       doubt(ret, "\"%.60s\" never matches a channel; expected a glob of names, which have "
		     "1 to 63 of A-Z a-z 0-9 . _ - with a letter first", escape(glob).text);
}

bool policy_doubts_scope(enum policy_scope scope, const char *name, struct reason *ret)
{
	switch (scope) {
	case SCOPE_GUEST:
		return doubts_list(name, true, "a section for each guest, or a glob; write ? for a "
				   "character that is part of the name", ret) ||
		       doubts_guest(name, ret);
	case SCOPE_DEVICE:
		return doubts_list(name, true, "a section for each channel, or a glob", ret) ||
		       doubts_channel(name, ret);
	default:
		return false;
	}
}

/* Words, separated by spaces. */
static bool doubts_words(const char *words, const char *expected,
			 bool (*doubts)(const char *glob, struct reason *ret), struct reason *ret)
{
	for (const char *word = words; *word; word += strspn(word, " ")) {
		size_t len = strcspn(word, " ");
		_cleanup_free_ char *glob = strndup(word, len);

		if (glob && *glob &&
		    (doubts_list(glob, true, expected, ret) || doubts(glob, ret)))
			return true;
		word += len;
	}
	return false;
}

bool policy_doubts_setting(const char *key, const char *value, struct reason *ret)
{
	if (!strcmp(key, "Channels"))
		return doubts_words(value, SEPARATED "log demo", doubts_channel, ret);
	if (!strcmp(key, "Guest"))
		return doubts_words(value, SEPARATED "web1 web2", doubts_guest, ret);
	if (!strcmp(key, "Backend"))
		return doubts_list(value, false, "the name of one domain", ret);
	if (!strcmp(key, "UUID") && !glob_can_match(value, GLOB_OF_UUID))
		return doubt(ret, "UUID=%.80s never matches a UUID; expected a glob of 36 "
			     "characters, as in: 01234567-89ab-*", escape(value).text);
	return false;
}

static bool are_equal(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* Sections that are about some guests each are taken for different ones. */
static bool share_guests(const struct policy_section *a, const struct policy_section *b)
{
	const char *const *x = (const char *const *)a->texts, *const *y =
		(const char *const *)b->texts;

	if ((!x[TEXT_GUESTS] && !x[TEXT_UUID]) || (!y[TEXT_GUESTS] && !y[TEXT_UUID]))
		return true;
	return are_equal(x[TEXT_GUESTS], y[TEXT_GUESTS]) && are_equal(x[TEXT_UUID], y[TEXT_UUID]);
}

bool policy_doubts_class(const struct policy *policy, size_t section, struct reason *ret)
{
	const struct policy_section *later = &policy->sections[section];

	if (later->scope != SCOPE_CLASS || !(later->named & POLICY_DEVID))
		return false;
	for (size_t i = 0; i < section; i++) {
		const struct policy_section *one = &policy->sections[i];

		if (one->scope == SCOPE_CLASS && one->named & POLICY_DEVID &&
		    !strcmp(one->name, later->name) &&
		    one->settings.devid != later->settings.devid && share_guests(one, later))
			return doubt(ret, "[Class %s] has DevID=%u in line %u of %.120s, and "
				     "DevID=%u here; a guest gets one device of a class, the last one; "
				     "expected one DevID=, or another Guest= in each", one->name,
				     one->settings.devid, one->line, one->file ?: "",
				     later->settings.devid);
	}
	return false;
}
