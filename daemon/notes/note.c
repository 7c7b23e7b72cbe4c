// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/name.h"
#include "base/number.h"
#include "base/util.h"
#include "notes/note.h"

void note_format(enum note_kind kind, unsigned int devid, const struct record *record,
		 char ret[static NOTE_SIZE])
{
	if (kind == NOTE_WITHHELD) {
		snprintf(ret, NOTE_SIZE, "v%u uuid=%s", NOTE_VERSION, record->uuid);
		return;
	}
	snprintf(ret, NOTE_SIZE,
		 "v%u uuid=%s devid=%u origin=%s backend=%u mode=%s ring-size=%u hotplug=%u"
		 " moved=%u requested=%llu written=%llu connected=%llu",
		 NOTE_VERSION, record->uuid, devid, origin_name(record->origin), record->backend,
		 channel_mode_name(record->mode), record->ring_size, record->scripted,
		 record->moved, (unsigned long long)record->requested_usec,
		 (unsigned long long)record->written_usec,
		 (unsigned long long)record->connected_usec);
}

static int take_uuid(const char *value, size_t len, void *field)
{
	return len ? uuid_parse(value, len, field) : 0;
}

static int take_devid(const char *value, size_t len, void *field)
{
	return number_devid(value, len, field);
}

static int take_origin(const char *value, size_t len, void *field)
{
	return origin_parse(value, len, field);
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

#define DEVID_WORD "devid"

static const struct field {
	const char *key;
	int (*take)(const char *value, size_t len, void *field);
	size_t offset;
} fields[] = {
	{ "uuid", take_uuid, offsetof(struct note, record.uuid) },
	{ DEVID_WORD, take_devid, offsetof(struct note, devid) },
	{ "origin", take_origin, offsetof(struct note, record.origin) },
	{ "backend", take_domid, offsetof(struct note, record.backend) },
	{ "mode", take_mode, offsetof(struct note, record.mode) },
	{ "ring-size", take_ring_size, offsetof(struct note, record.ring_size) },
	{ "hotplug", take_flag, offsetof(struct note, record.scripted) },
	{ "moved", take_flag, offsetof(struct note, record.moved) },
	{ "requested", take_usec, offsetof(struct note, record.requested_usec) },
	{ "written", take_usec, offsetof(struct note, record.written_usec) },
	{ "connected", take_usec, offsetof(struct note, record.connected_usec) },
};

/* How many of these, from the first on, a note must have. */
static const size_t n_needed[] = {
	[NOTE_DEVICE] = ARRAY_SIZE(fields),
	[NOTE_WITHHELD] = 1,
};

_printf_(2, 3) static int damaged(struct reason *reason, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reason->text, sizeof(reason->text), format, args);
	va_end(args);
	return -EBADMSG;
}

static int take_word(const char *word, size_t len, struct note *note, unsigned int *seen,
		     struct reason *ret_reason)
{
	const char *equals = memchr(word, '=', len);

	if (!equals)
		return damaged(ret_reason, "\"%s\" is not KEY=VALUE", escape_bytes(word, len).text);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		size_t key = (size_t)(equals - word);

		if (key != strlen(fields[i].key) || memcmp(word, fields[i].key, key))
			continue;
		if (*seen & 1u << i)
			return damaged(ret_reason, "%s stands in it twice", fields[i].key);
		*seen |= 1u << i;
		if (fields[i].take(equals + 1, len - key - 1, (char *)note + fields[i].offset) < 0)
			return damaged(ret_reason, "\"%s\" is not valid",
				       escape_bytes(word, len).text);
	}
	return 0;
}

int note_parse_words(enum note_kind kind, const char *words, size_t len, struct note *ret,
		     struct reason *ret_reason)
{
	const char *end = words + len, *word = words;
	struct note note = *ret;
	unsigned int seen = 0;

	while (word < end) {
		const char *space = memchr(word, ' ', (size_t)(end - word)) ?: end;
		int r = take_word(word, (size_t)(space - word), &note, &seen, ret_reason);

		if (r < 0)
			return r;
		word = space + 1;
	}
	for (size_t i = 0; i < n_needed[kind]; i++)
		if (!(seen & 1u << i))
			return damaged(ret_reason, "%s is missing", fields[i].key);
	*ret = note;
	return 0;
}

/* How long it is, with the space after it. 0: there is none. */
static size_t parse_version(const char *text, size_t len, uint64_t *ret)
{
	const char *space = memchr(text, ' ', len) ?: text + len;
	size_t n = (size_t)(space - text);

	if (n < 2 || *text != 'v' || number_decimal(text + 1, n - 1, UINT64_MAX, ret) < 0)
		return 0;
	return n + (n < len);
}

int note_parse(enum note_kind kind, const char *node, const char *text, size_t len,
	       struct note *ret, struct reason *ret_reason)
{
	struct note note = {};
	uint64_t version;
	size_t n = parse_version(text, len, &version);
	int r;

	if (path_parse_note(node, note.class, note.record.name) < 0)
		return damaged(ret_reason, "its name is not CLASS@NAME");
	if (n && version > NOTE_VERSION)
		return -EPROTONOSUPPORT;
	if (!n || version != NOTE_VERSION)
		return damaged(ret_reason, "it does not begin with v%u", NOTE_VERSION);
	r = note_parse_words(kind, text + n, len - n, &note, ret_reason);
	if (r == 0)
		*ret = note;
	return r;
}

int note_parse_devid(const char *text, size_t len, unsigned int *ret)
{
	const char *end = text + len;

	while (text < end) {
		const char *space = memchr(text, ' ', (size_t)(end - text)) ?: end;
		size_t n = (size_t)(space - text), key = strlen(DEVID_WORD "=");

		if (n > key && !memcmp(text, DEVID_WORD "=", key) &&
		    number_devid(text + key, n - key, ret) == 0)
			return 0;
		text = space + 1;
	}
	return -EBADMSG;
}
