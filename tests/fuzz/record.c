// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the daemon wrote for itself, damaged in any way: it is refused, or says
 * something that is written again as it was read.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "model/record.h"
#include "notes/withheld.h"

#define UUID "01234567-89ab-cdef-0123-456789abcdef"

static void check_uuid(const char *uuid)
{
	fuzz_assert(strlen(uuid) == UUID_SIZE - 1);
	fuzz_assert(strspn(uuid, "0123456789abcdef-") == UUID_SIZE - 1);
	for (int i = 0; i < UUID_SIZE - 1; i++)
		fuzz_assert((uuid[i] == '-') == (i == 8 || i == 13 || i == 18 || i == 23));
}

static void check_record(const char *text, size_t len)
{
	struct record record = { .ring_size = 4711 }, again;
	char written[RECORD_SIZE];
	int r = record_parse(text, len, &record);

	if (r < 0) {
		fuzz_assert(r == -EBADMSG && record.ring_size == 4711);
		return;
	}
	fuzz_assert(is_name(record.name, strlen(record.name)));
	fuzz_assert(record.origin < ORIGIN_MAX && record.mode < MODE_MAX);
	if (*record.uuid)
		check_uuid(record.uuid);
	memset(written, 'x', sizeof(written));
	record_format(&record, written);
	fuzz_assert(memchr(written, 0, sizeof(written)) && is_plain(written));
	fuzz_assert(record_parse(written, strlen(written), &again) == 0);
	fuzz_assert(!memcmp(&record, &again, sizeof(record)));
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

static void check_parts(const char *words)
{
	size_t len;

	for (; *words; words += len) {
		len = withheld_part(words);
		fuzz_assert(len && len < WITHHELD_SIZE && len <= strlen(words));
	}
}

static void check_withheld(const char *text)
{
	struct withheld withheld = {};

	if (withheld_parse(&withheld, UUID, text) < 0)
		return;
	fuzz_assert(!strcmp(text + strlen(UUID), withheld_words(&withheld)));
	check_parts(withheld_words(&withheld));
	if (!withheld_has(&withheld, "mydevice", "zz")) {
		fuzz_assert(withheld_add(&withheld, "mydevice", "zz") == 0);
		fuzz_assert(withheld_has(&withheld, "mydevice", "zz"));
		fuzz_assert(withheld_drop(&withheld, "mydevice", "zz"));
		fuzz_assert(!strcmp(text + strlen(UUID), withheld_words(&withheld)));
		fuzz_assert(!withheld_drop(&withheld, "mydevice", "zz"));
	}
	withheld_done(&withheld);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	size_t len;
	char *bytes = input_bytes(&input, size, &len), *text = malloc(len + 1);

	check_record(bytes, len);
	memcpy(text, bytes, len);
	text[len] = '\0';
	check_vm(text, strlen(text));
	check_withheld(text);
	free(bytes);
	free(text);
	return 0;
}
