// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include "base/util.h"
#include "model/record.h"

static const struct record example = {
	.uuid = "01234567-89ab-cdef-0123-456789abcdef",
	.name = "demo",
	.backend = 3,
	.mode = MODE_STREAM,
	.ring_size = 262144,
	.requested_usec = UINT64_C(1795242204087146),
	.written_usec = 2616,
	.connected_usec = UINT64_MAX,
};

static void assert_round_trip(const struct record *record)
{
	char text[RECORD_SIZE], again[RECORD_SIZE];
	struct record parsed;

	record_format(record, text);
	assert_int_equal(record_parse(text, strlen(text), &parsed), 0);
	record_format(&parsed, again);
	assert_string_equal(text, again);
	assert_string_equal(parsed.uuid, record->uuid);
	assert_string_equal(parsed.name, record->name);
	assert_int_equal(parsed.backend, record->backend);
	assert_int_equal(parsed.mode, record->mode);
	assert_int_equal(parsed.ring_size, record->ring_size);
	assert_int_equal(parsed.scripted, record->scripted);
	assert_int_equal(parsed.moved, record->moved);
	assert_true(parsed.requested_usec == record->requested_usec);
	assert_true(parsed.written_usec == record->written_usec);
	assert_true(parsed.connected_usec == record->connected_usec);
}

static void test_round_trip(void **state)
{
	struct record longest = example, unknown = example;

	assert_round_trip(&example);
	memset(longest.name, 'n', MYDEVICE_NAME_MAX);
	longest.backend = 32751;
	longest.mode = MODE_PACKET;
	longest.ring_size = UINT32_MAX;
	longest.scripted = longest.moved = true;
	longest.requested_usec = longest.written_usec = UINT64_MAX;
	assert_round_trip(&longest);
	*unknown.uuid = '\0';
	assert_round_trip(&unknown);
}

static int parse(const char *text)
{
	struct record record = { .name = "untouched" };
	int r = record_parse(text, strlen(text), &record);

	if (r < 0)
		assert_string_equal(record.name, "untouched");
	return r;
}

static void test_words_of_a_later_version(void **state)
{
	assert_int_equal(parse("v1 name=demo colour=blue uuid= owner=x=y"), 0);
}

static void test_damaged(void **state)
{
	static const char *const texts[] = {
		"", " ", "v2 name=demo", "name=demo", "v1", "v1 ", "v1 name=", "v1 name=../x",
		"v1 name", "v1 name=demo  uuid=", "v1 name=demo uuid=x", "v1 name=demo backend=-1",
		"v1 name=demo backend=32752", "v1 name=demo mode=fast",
		"v1 name=demo ring-size=4294967296", "v1 name=demo written=18446744073709551616",
		"v1 uuid=01234567-89ab-cdef-0123-456789abcdef",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(parse(texts[i]), -EBADMSG);
}

/* Cut off or changed anywhere, it is read or refused, and never more than that. */
static void test_every_prefix_and_byte(void **state)
{
	char text[RECORD_SIZE];
	struct record record;

	record_format(&example, text);
	for (size_t len = 0; len <= strlen(text); len++)
		record_parse(text, len, &record);
	for (size_t i = 0; i < strlen(text); i++) {
		char kept = text[i];

		for (int c = 0; c < 256; c++) {
			text[i] = (char)c;
			record_parse(text, strlen(text), &record);
		}
		text[i] = kept;
	}
}

static void test_uuid(void **state)
{
	char uuid[UUID_SIZE] = "?";

	assert_int_equal(uuid_parse("01234567-89AB-cdef-0123-456789abcDEF", 36, uuid), 0);
	assert_string_equal(uuid, "01234567-89ab-cdef-0123-456789abcdef");
	assert_int_equal(uuid_parse("01234567-89ab-cdef-0123-456789abcde", 35, uuid), -EINVAL);
	assert_int_equal(uuid_parse("01234567-89ab-cdef-0123-456789abcdefa", 37, uuid), -EINVAL);
	assert_int_equal(uuid_parse("0123456-789ab-cdef-0123-456789abcdef", 36, uuid), -EINVAL);
	assert_int_equal(uuid_parse("g1234567-89ab-cdef-0123-456789abcdef", 36, uuid), -EINVAL);
	assert_int_equal(uuid_parse("", 0, uuid), -EINVAL);
}

static void test_uuid_of_a_vm(void **state)
{
	static const char text[] = "01234567-89ab-cdef-0123-456789abcdef";
	char uuid[UUID_SIZE] = "";

	assert_int_equal(uuid_parse_vm("/vm/01234567-89ab-cdef-0123-456789abcdef", uuid), 0);
	assert_string_equal(uuid, text);
	*uuid = '\0';
	assert_int_equal(uuid_parse_vm("/vm/01234567-89ab-cdef-0123-456789abcdef-1", uuid), 0);
	assert_string_equal(uuid, text);
	assert_int_equal(uuid_parse_vm("/vm/01234567-89ab-cdef-0123-456789abcde", uuid), -EINVAL);
	assert_int_equal(uuid_parse_vm(text, uuid), -EINVAL);
	assert_int_equal(uuid_parse_vm("", uuid), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_words_of_a_later_version),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_every_prefix_and_byte),
		cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_uuid_of_a_vm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
