// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include "base/util.h"
#include "notes/note.h"

#define UUID "01234567-89ab-cdef-0123-456789abcdef"
#define NODE "mydevice@a@b"

static const struct note example = {
	.class = "mydevice",
	.devid = 4095,
	.record = {
		.uuid = UUID,
		.name = "a.b",
		.origin = ORIGIN_OPERATOR,
		.backend = 3,
		.mode = MODE_PACKET,
		.ring_size = 262144,
		.requested_usec = UINT64_C(1795242204087146),
		.written_usec = 2616,
		.connected_usec = UINT64_MAX,
	},
};

static void assert_round_trip(enum note_kind kind, const struct note *note)
{
	char text[NOTE_SIZE], again[NOTE_SIZE];
	struct note parsed;
	struct reason reason;

	note_format(kind, note->devid, &note->record, text);
	assert_int_equal(note_parse(kind, NODE, text, strlen(text), &parsed, &reason), 0);
	note_format(kind, parsed.devid, &parsed.record, again);
	assert_string_equal(text, again);
	assert_string_equal(parsed.class, "mydevice");
	assert_string_equal(parsed.record.name, "a.b");
	assert_string_equal(parsed.record.uuid, note->record.uuid);
	if (kind == NOTE_WITHHELD)
		return;
	assert_int_equal(parsed.devid, note->devid);
	assert_int_equal(parsed.record.origin, note->record.origin);
	assert_int_equal(parsed.record.backend, note->record.backend);
	assert_int_equal(parsed.record.mode, note->record.mode);
	assert_int_equal(parsed.record.ring_size, note->record.ring_size);
	assert_int_equal(parsed.record.scripted, note->record.scripted);
	assert_int_equal(parsed.record.moved, note->record.moved);
	assert_true(parsed.record.requested_usec == note->record.requested_usec);
	assert_true(parsed.record.written_usec == note->record.written_usec);
	assert_true(parsed.record.connected_usec == note->record.connected_usec);
}

static void test_round_trip(void **state)
{
	struct note longest = example, unknown = example;

	longest.record.backend = 32751;
	longest.record.ring_size = UINT32_MAX;
	longest.record.scripted = longest.record.moved = true;
	longest.record.requested_usec = longest.record.written_usec = UINT64_MAX;
	*unknown.record.uuid = '\0';
	for (enum note_kind kind = NOTE_DEVICE; kind <= NOTE_WITHHELD; kind++) {
		assert_round_trip(kind, &example);
		assert_round_trip(kind, &longest);
		assert_round_trip(kind, &unknown);
	}
}

/* What is in XenStore on hosts: to change this takes a new version, and migrate.c. */
static void test_the_text(void **state)
{
	char text[NOTE_SIZE];

	note_format(NOTE_DEVICE, example.devid, &example.record, text);
	assert_string_equal(text, "v2 uuid=" UUID " devid=4095 origin=operator backend=3 "
			    "mode=packet ring-size=262144 hotplug=0 moved=0 "
			    "requested=1795242204087146 written=2616 "
			    "connected=18446744073709551615");
	note_format(NOTE_WITHHELD, 0, &example.record, text);
	assert_string_equal(text, "v2 uuid=" UUID);
}

/* The reason of a failure must contain `says`. */
static int parse_as(enum note_kind kind, const char *node, const char *text, const char *says)
{
	struct note note = { .devid = 4711 };
	struct reason reason = {};
	int r = note_parse(kind, node, text, strlen(text), &note, &reason);

	if (r < 0)
		assert_int_equal(note.devid, 4711);
	if (r == -EBADMSG && !strstr(reason.text, says))
		fail_msg("of \"%s\": \"%s\" does not say \"%s\"", text, reason.text, says);
	return r;
}

static void test_other_versions(void **state)
{
	static const char *const later[] = {
		"v3", "v3 uuid=" UUID, "v10 what ever", "v4294967298 uuid=",
	};

	assert_int_equal(parse_as(NOTE_WITHHELD, NODE, "v2 colour=blue uuid= owner=x=y", ""), 0);
	for (size_t i = 0; i < ARRAY_SIZE(later); i++)
		assert_int_equal(parse_as(NOTE_DEVICE, NODE, later[i], ""), -EPROTONOSUPPORT);
	assert_int_equal(parse_as(NOTE_WITHHELD, NODE, "v1 uuid=" UUID, "begin with v2"),
			 -EBADMSG);
}

static void test_damaged(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "begin with v2" }, { " ", "begin with v2" }, { "v", "begin with v2" },
		{ "v02 uuid=", "begin with v2" }, { "v-2 uuid=", "begin with v2" },
		{ "2 uuid=", "begin with v2" }, { "v2uuid=", "begin with v2" },
		{ "v99999999999999999999 uuid=", "begin with v2" },
		{ "v2", "uuid is missing" }, { "v2 ", "uuid is missing" },
		{ "v2 UUID=", "uuid is missing" },
		{ "v2 uuid", "\"uuid\" is not KEY=VALUE" },
		{ "v2 uuid=  devid=1", "\"\" is not KEY=VALUE" },
		{ "v2 uuid=x", "\"uuid=x\" is not valid" },
		{ "v2 uuid=\033[2J", "\\x1b" },
		{ "v2 uuid= devid=4096", "\"devid=4096\" is not valid" },
		{ "v2 uuid= backend=-1", "\"backend=-1\" is not valid" },
		{ "v2 uuid= backend=32752", "is not valid" },
		{ "v2 uuid= mode=fast", "is not valid" },
		{ "v2 uuid= origin=", "is not valid" },
		{ "v2 uuid= hotplug=2", "is not valid" },
		{ "v2 uuid= ring-size=4294967296", "is not valid" },
		{ "v2 uuid= written=18446744073709551616", "is not valid" },
		{ "v2 uuid= devid=1 devid=2", "devid stands in it twice" },
	};
	static const char *const nodes[] = { "", "mydevice-0", "mydevice@", "my.device@x" };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(parse_as(NOTE_WITHHELD, NODE, cases[i].text, cases[i].says),
				 -EBADMSG);
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		assert_int_equal(parse_as(NOTE_WITHHELD, nodes[i], "v2 uuid=", "CLASS@NAME"),
				 -EBADMSG);
	assert_int_equal(parse_as(NOTE_DEVICE, NODE, "v2 uuid=", "devid is missing"), -EBADMSG);
}

/* Cut off or changed anywhere, it is read or refused, and never more than that. */
static void test_every_prefix_and_byte(void **state)
{
	char text[NOTE_SIZE];
	struct reason reason;
	struct note note;
	unsigned int devid;

	note_format(NOTE_DEVICE, example.devid, &example.record, text);
	for (size_t len = 0; len < strlen(text); len++) {
		int r = note_parse(NOTE_DEVICE, NODE, text, len, &note, &reason);

		/* a cut within the last number cannot be seen */
		assert_int_equal(r, strstr(text, "connected=") + 11 > text + len ? -EBADMSG : 0);
		note_parse_devid(text, len, &devid);
	}
	for (size_t i = 0; i < strlen(text); i++) {
		char before = text[i];

		for (int c = 0; c < 256; c++) {
			text[i] = (char)c;
			note_parse(NOTE_DEVICE, NODE, text, strlen(text), &note, &reason);
			note_parse_devid(text, strlen(text), &devid);
		}
		text[i] = before;
	}
}

static void test_devid_of_a_damaged_note(void **state)
{
	static const char *const texts[] = {
		"", "v2", "devid=", "v2 devid=-1", "v2 devid=4096", "v2 xdevid=1", "v2 devid=1x",
	};
	unsigned int devid = 4711;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(note_parse_devid(texts[i], strlen(texts[i]), &devid), -EBADMSG);
	assert_int_equal(devid, 4711);
	assert_int_equal(note_parse_devid("v2 uuid=x devid=12 backend=", 27, &devid), 0);
	assert_int_equal(devid, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_the_text),
		cmocka_unit_test(test_other_versions),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_every_prefix_and_byte),
		cmocka_unit_test(test_devid_of_a_damaged_note),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
