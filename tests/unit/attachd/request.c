// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include "base/util.h"
#include "model/request.h"

#define TEXT(s) { s, sizeof(s) - 1 }

static struct request_nodes good(void)
{
	return (struct request_nodes){
		.request = TEXT("1"),
		.name = TEXT("demo"),
	};
}

static int parse(const struct request_nodes *nodes, struct request *request,
		 struct reason *reason)
{
	struct request before;
	int r;

	memset(request, 0x5a, sizeof(*request));
	before = *request;
	memset(reason, 0, sizeof(*reason));
	r = request_parse(nodes, request, reason);
	if (r < 0)
		assert_memory_equal(request, &before, sizeof(before));
	if (r == -EBADMSG) {
		assert_true(strlen(reason->text) > 0 && strlen(reason->text) < REASON_SIZE);
		for (const char *p = reason->text; *p; p++)
			assert_in_range(*p, ' ', '~');
	}
	return r;
}

static void test_least(void **state)
{
	struct request_nodes nodes = good();
	struct request request;
	struct reason reason;

	assert_int_equal(parse(&nodes, &request, &reason), 0);
	assert_string_equal(request.name, "demo");
	assert_int_equal(request.mode, MODE_ANY);
	assert_int_equal(request.ring_size, 0);
}

static void test_all(void **state)
{
	struct request_nodes nodes = good();
	struct request request;
	struct reason reason;

	nodes.mode = (struct node_text)TEXT("stream");
	nodes.ring_size = (struct node_text)TEXT("65536");
	assert_int_equal(parse(&nodes, &request, &reason), 0);
	assert_int_equal(request.mode, MODE_STREAM);
	assert_int_equal(request.ring_size, 65536);
	nodes.mode = (struct node_text)TEXT("packet");
	assert_int_equal(parse(&nodes, &request, &reason), 0);
	assert_int_equal(request.mode, MODE_PACKET);
}

static void test_incomplete(void **state)
{
	struct request_nodes nodes = good();
	struct request request;
	struct reason reason;

	nodes.request.data = NULL;
	assert_int_equal(parse(&nodes, &request, &reason), -ENODATA);
	nodes = good();
	nodes.name.data = NULL;
	assert_int_equal(parse(&nodes, &request, &reason), -EBADMSG);
}

static void test_versions(void **state)
{
	static const char *const versions[] = { "", "0", "2", "01", "1 ", "yes", "4294967297" };
	struct request request;
	struct reason reason;

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct request_nodes nodes = good();

		nodes.request = (struct node_text){ versions[i], strlen(versions[i]) };
		assert_int_equal(parse(&nodes, &request, &reason), -EBADMSG);
	}
}

static void test_junk_names(void **state)
{
	static const struct node_text names[] = {
		TEXT(""), TEXT("../etc"), TEXT("a b"), TEXT("a\nb"), TEXT("\x1b[31m"),
		TEXT("a\0b"), TEXT("\0"), TEXT("9lives"), TEXT("-x"), TEXT("n\xc3\xa4me"),
	};
	char longest[2048];
	struct request request;
	struct reason reason;
	struct request_nodes nodes;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		nodes = good();
		nodes.name = names[i];
		assert_int_equal(parse(&nodes, &request, &reason), -EBADMSG);
	}
	for (int fill = 0; fill < 256; fill++) {
		memset(longest, fill, sizeof(longest));
		nodes = good();
		nodes.name = (struct node_text){ longest, sizeof(longest) };
		assert_int_equal(parse(&nodes, &request, &reason), -EBADMSG);
		/* what was expected must not be lost behind a long value */
		assert_non_null(strstr(reason.text, "is not 1 to 63"));
	}
}

static void test_ring_sizes(void **state)
{
	static const struct {
		struct node_text text;
		int r;
		uint64_t size;
	} cases[] = {
		{ TEXT("4096"), 0, 4096 },
		{ TEXT("5000"), 0, 5000 },
		{ TEXT("18446744073709551615"), 0, UINT64_MAX },
		{ TEXT("4095"), -EBADMSG, 0 },
		{ TEXT("0"), -EBADMSG, 0 },
		{ TEXT(""), -EBADMSG, 0 },
		{ TEXT("64K"), -EBADMSG, 0 },
		{ TEXT("-1"), -EBADMSG, 0 },
		{ TEXT("18446744073709551616"), -EBADMSG, 0 },
		{ TEXT("99999999999999999999999999"), -EBADMSG, 0 },
		{ TEXT("4096\0"), -EBADMSG, 0 },
		{ TEXT("4096\n"), -EBADMSG, 0 },
	};
	struct request request;
	struct reason reason;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct request_nodes nodes = good();

		nodes.ring_size = cases[i].text;
		assert_int_equal(parse(&nodes, &request, &reason), cases[i].r);
		if (cases[i].r == 0)
			assert_true(request.ring_size == cases[i].size);
	}
}

static void test_modes(void **state)
{
	static const struct node_text modes[] = {
		TEXT(""), TEXT("packets"), TEXT("streams"), TEXT("strea"), TEXT("stream\0"),
		TEXT("STREAM"),
	};
	struct request request;
	struct reason reason;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct request_nodes nodes = good();

		nodes.mode = modes[i];
		assert_int_equal(parse(&nodes, &request, &reason), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_junk_names),
		cmocka_unit_test(test_ring_sizes),
		cmocka_unit_test(test_modes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
