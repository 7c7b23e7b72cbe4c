// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the daemon wrote for itself, damaged in any way: it is refused, or says
 * something that is written again as it was read.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "notes/note.h"

static void check_uuid(const char *uuid)
{
	fuzz_assert(strlen(uuid) == UUID_SIZE - 1);
	fuzz_assert(strspn(uuid, "0123456789abcdef-") == UUID_SIZE - 1);
	for (int i = 0; i < UUID_SIZE - 1; i++)
		fuzz_assert((uuid[i] == '-') == (i == 8 || i == 13 || i == 18 || i == 23));
}

static bool is_later_version(const char *text, size_t len)
{
	return len > 1 && text[0] == 'v' && text[1] >= '1' && text[1] <= '9';
}

/* The name of its node, and after a slash the value. */
static void check_note(enum note_kind kind, const char *node, const char *text, size_t len)
{
	struct note note = { .devid = 4711 }, again;
	const struct path dir = path_withheld(7);
	char written[NOTE_SIZE];
	struct reason reason = {};
	unsigned int devid;
	int r = note_parse(kind, node, text, len, &note, &reason);

	if (r < 0) {
		fuzz_assert(note.devid == 4711);
		fuzz_assert(r == -EBADMSG ? *reason.text && is_plain(reason.text) :
			    r == -EPROTONOSUPPORT && is_later_version(text, len));
		return;
	}
	fuzz_assert(is_name(note.record.name, strlen(note.record.name)));
	fuzz_assert(is_name(note.class, strlen(note.class)));
	fuzz_assert(!strcmp(strrchr(path_note(&dir, note.class, note.record.name).text, '/') + 1,
			    node));
	fuzz_assert(note.record.origin < ORIGIN_MAX && note.record.mode < MODE_MAX);
	if (*note.record.uuid)
		check_uuid(note.record.uuid);
	fuzz_assert(kind == NOTE_WITHHELD ||
		    (note_parse_devid(text, len, &devid) == 0 && devid == note.devid));
	memset(written, 'x', sizeof(written));
	note_format(kind, note.devid, &note.record, written);
	fuzz_assert(memchr(written, 0, sizeof(written)) && is_plain(written));
	fuzz_assert(note_parse(kind, node, written, strlen(written), &again, &reason) == 0);
	fuzz_assert(kind == NOTE_WITHHELD || !memcmp(&note, &again, sizeof(note)));
}

static void check_notes(const char *text, size_t len)
{
	const char *slash = memchr(text, '/', len);
	char *node = slash ? strndup(text, (size_t)(slash - text)) : strdup("mydevice@demo");

	if (slash) {
		len -= (size_t)(slash + 1 - text);
		text = slash + 1;
	}
	check_note(NOTE_DEVICE, node, text, len);
	check_note(NOTE_WITHHELD, node, text, len);
	free(node);
}

static void check_vm(const char *text, size_t len)
{
	char uuid[UUID_SIZE] = "";
	int r = uuid_parse(text, len, uuid);

	fuzz_assert(r == 0 || r == -EINVAL);
	if (r == 0)
		check_uuid(uuid);
	*uuid = '\0';
	r = uuid_parse_vm(text, uuid);
	fuzz_assert(r == 0 || (r == -EINVAL && !*uuid));
	if (r == 0)
		check_uuid(uuid);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	size_t len;
	char *bytes = input_bytes(&input, size, &len), *text = malloc(len + 1);

	check_notes(bytes, len);
	memcpy(text, bytes, len);
	text[len] = '\0';
	check_vm(text, strlen(text));
	free(bytes);
	free(text);
	return 0;
}
