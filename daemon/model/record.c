// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/name.h"
#include "base/number.h"
#include "base/util.h"
#include "model/record.h"

#define RECORD_VERSION "v1"

static const char *const origin_names[ORIGIN_MAX] = {
	[ORIGIN_REQUEST] = "request",
	[ORIGIN_POLICY] = "policy",
	[ORIGIN_OPERATOR] = "operator",
};

const char *origin_name(enum origin origin)
{
	return origin_names[origin];
}

void record_format(const struct record *record, char ret[static RECORD_SIZE])
{
	snprintf(ret, RECORD_SIZE,
		 RECORD_VERSION " uuid=%s name=%s origin=%s backend=%u mode=%s ring-size=%u"
		 " hotplug=%u moved=%u requested=%llu written=%llu connected=%llu",
		 record->uuid, record->name, origin_name(record->origin), record->backend,
		 channel_mode_name(record->mode),
		 record->ring_size, record->scripted, record->moved,
		 (unsigned long long)record->requested_usec,
		 (unsigned long long)record->written_usec,
		 (unsigned long long)record->connected_usec);
}

static int take_uuid(const char *value, size_t len, void *field)
{
	return len ? uuid_parse(value, len, field) : 0;
}

static int take_name(const char *value, size_t len, void *field)
{
	if (!name_is_safe(value, len))
		return -EINVAL;
	memcpy(field, value, len);
	return 0;
}

static int take_origin(const char *value, size_t len, void *field)
{
	for (enum origin origin = 0; origin < ORIGIN_MAX; origin++)
		if (len == strlen(origin_names[origin]) &&
		    !memcmp(value, origin_names[origin], len)) {
			*(enum origin *)field = origin;
			return 0;
		}
	return -EINVAL;
}

static int take_domid(const char *value, size_t len, void *field)
{
	return number_domid(value, len, field);
}

static int take_mode(const char *value, size_t len, void *field)
{
	return channel_mode_parse(value, len, field);
}

static int take_ring_size(const char *value, size_t len, void *field)
{
	uint64_t n;

	if (number_decimal(value, len, UINT32_MAX, &n) < 0)
		return -EINVAL;
	*(uint32_t *)field = (uint32_t)n;
	return 0;
}

static int take_flag(const char *value, size_t len, void *field)
{
	uint64_t n;
	int r = number_decimal(value, len, 1, &n);

	if (r < 0)
		return r;
	*(bool *)field = n;
	return 0;
}

static int take_usec(const char *value, size_t len, void *field)
{
	return number_decimal(value, len, UINT64_MAX, field);
}

static const struct field {
	const char *key;
	int (*take)(const char *value, size_t len, void *field);
	size_t offset;
} fields[] = {
	{ "uuid", take_uuid, offsetof(struct record, uuid) },
	{ "name", take_name, offsetof(struct record, name) },
	{ "origin", take_origin, offsetof(struct record, origin) },
	{ "backend", take_domid, offsetof(struct record, backend) },
	{ "mode", take_mode, offsetof(struct record, mode) },
	{ "ring-size", take_ring_size, offsetof(struct record, ring_size) },
	{ "hotplug", take_flag, offsetof(struct record, scripted) },
	{ "moved", take_flag, offsetof(struct record, moved) },
	{ "requested", take_usec, offsetof(struct record, requested_usec) },
	{ "written", take_usec, offsetof(struct record, written_usec) },
	{ "connected", take_usec, offsetof(struct record, connected_usec) },
};

/* Unknown words are of a later version and left alone. */
static int take_word(const char *word, size_t len, struct record *record)
{
	const char *equals = memchr(word, '=', len);

	if (!equals)
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		size_t key = (size_t)(equals - word);

		if (key != strlen(fields[i].key) || memcmp(word, fields[i].key, key))
			continue;
		if (fields[i].take(equals + 1, len - key - 1,
				   (char *)record + fields[i].offset) < 0)
			return -EBADMSG;
	}
	return 0;
}

int record_parse(const char *text, size_t len, struct record *ret)
{
	struct record record = {};
	const char *end = text + len, *word = text;
	bool first = true;

	while (word < end) {
		const char *space = memchr(word, ' ', (size_t)(end - word)) ?: end;
		size_t n = (size_t)(space - word);

		if (first && (n != strlen(RECORD_VERSION) || memcmp(word, RECORD_VERSION, n)))
			return -EBADMSG;
		if (!first && take_word(word, n, &record) < 0)
			return -EBADMSG;
		first = false;
		word = space + 1;
	}
	if (!record.name[0])
		return -EBADMSG;
	*ret = record;
	return 0;
}

int uuid_parse(const char *text, size_t len, char ret[static UUID_SIZE])
{
	char uuid[UUID_SIZE];

	if (len != UUID_SIZE - 1)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		char c = text[i];

		if (c >= 'A' && c <= 'F')
			c = (char)(c - 'A' + 'a');
		if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return -EINVAL;
		uuid[i] = c;
	}
	uuid[len] = '\0';
	memcpy(ret, uuid, sizeof(uuid));
	return 0;
}

int uuid_parse_vm(const char *text, char ret[static UUID_SIZE])
{
	static const char prefix[] = "/vm/";
	size_t len = strlen(prefix);

	if (strncmp(text, prefix, len) || strlen(text + len) < UUID_SIZE - 1)
		return -EINVAL;
	return uuid_parse(text + len, UUID_SIZE - 1, ret);
}
