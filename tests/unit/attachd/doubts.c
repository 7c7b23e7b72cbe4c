// SPDX-License-Identifier: GPL-2.0-or-later
/* What a policy says that cannot be meant so. */
#include "harness.h"

#include "policy/file.h"

#define UUID "01234567-89ab-cdef-0123-456789abcdef"

struct said {
	unsigned int n, line;
	char message[512];
};

static void note(enum policy_fault fault, const char *file, unsigned int line,
		 const char *message, void *userdata)
{
	struct said *said = userdata;

	assert_int_equal(fault, POLICY_DOUBT);
	for (const char *p = message; *p; p++)
		assert_in_range(*p, ' ', '~');
	said->n++;
	said->line = line;
	snprintf(said->message, sizeof(said->message), "%s", message);
}

/* Valid, and it does not do what it looks like: it is used, and this is said about it. */
static void assert_doubt(const char *text, unsigned int line, const char *about)
{
	_cleanup_(policy_freep) struct policy *policy = policy_new();
	struct said said = {};

	assert_int_equal(policy_parse(policy, "text", text, strlen(text), note, &said), 0);
	if (said.n != !!about)
		fail_msg("%u doubts about: %s", said.n, text);
	if (!about)
		return;
	assert_int_equal(said.line, line);
	if (!strstr(said.message, about))
		fail_msg("\"%s\" is not in: %s", about, said.message);
}

static void test_doubts(void **state)
{
	assert_doubt("[Guest web1,web2]\nAllow=no\n", 1, "not a list; expected a section for");
	assert_doubt("[Guest web1 web2]\n", 1, "write ? for");
	assert_doubt("[Guest web1;web2]\n", 1, "not a list");
	assert_doubt("[Guest web1\tweb2]\n", 1, "with a \"\\x09\" in it, not a list");
	assert_doubt("[Guest web1|web2]\n", 1, "not a list");
	assert_doubt("[Guest {web1,web2}]\n", 1, "not a list");
	assert_doubt("[Guest \"web1\"]\n", 1, "not a list");
	assert_doubt("\n[Guest 7]\n", 2, "not with domids");
	assert_doubt("[Guest " UUID "]\n", 1, "expected UUID= in a section");
	assert_doubt("[Guest Domain-0]\n", 1, "is no guest");
	assert_doubt("[Guest web--incoming]\n", 1, "never matches a guest");
	assert_doubt("[Device log,demo]\n", 1, "not a list");
	assert_doubt("[Device log demo]\n", 1, "not a list");
	assert_doubt("[Device 0]\nAllow=no\n", 1, "never matches a channel");
	assert_doubt("[Device caf\xc3\xa9]\n", 1, "never matches a channel");
	assert_doubt("[Device log/*]\n", 1, "never matches a channel");
	assert_doubt("[Device [0-9]x]\n", 1, "never matches a channel");
	assert_doubt("[Defaults]\nChannels=log,demo\n", 2, "separated by spaces");
	assert_doubt("[Defaults]\nChannels=log, demo\n", 2, "separated by spaces");
	assert_doubt("[Guest web]\nChannels=log 7\n", 2, "never matches a channel");
	assert_doubt("[Device a]\nGuest=web1,web2\n", 2, "separated by spaces");
	assert_doubt("[Class a]\nGuest=7\n", 2, "not with domids");
	assert_doubt("[Defaults]\nBackend=net,net2\n", 2, "one domain");
	assert_doubt("[Class a]\nDevID=1\n[Class a]\nDevID=2\n", 3, "one device of a class");
	assert_doubt("[Class a]\nDevID=1\nGuest=x\n[Class a]\nDevID=2\n", 4, "one device of a");
	assert_doubt("[Guest a]\nUUID=0123456789*\n", 2, "never matches a UUID");
}

static void test_no_doubts(void **state)
{
	assert_doubt("[Guest web?1]\n[Guest *]\n[Guest web[1,2]]\n[Guest [7]]\n", 0, NULL);
	assert_doubt("[Guest caf\xc3\xa9]\n[Guest a.b_c-d]\n[Guest \\,]\n", 0, NULL);
	assert_doubt("[Class a]\nDevID=1\n[Class a]\nAllow=yes\n[Class b]\nDevID=2\n", 0, NULL);
	assert_doubt("[Class a]\nDevID=1\nGuest=x\n[Class a]\nDevID=2\nGuest=y\n", 0, NULL);
	assert_doubt("[Device [[:alpha:]]*]\n[Device ?og]\n[Device *7]\n", 0, NULL);
	assert_doubt("[Guest a]\nUUID=*\n[Guest b]\nUUID=0123456[7-9]-*\n", 0, NULL);
	assert_doubt("[Defaults]\nChannels=log demo-* org.x.0\nBackend=net dom\n", 0, NULL);
}

/* As a list of forty names is. */
static void test_forty_names(void **state)
{
	char text[4096] = "[Defaults]\nAllow=no\n[Device log]\nAllow=yes\nGuest=";
	_cleanup_(policy_freep) struct policy *policy = policy_new();
	struct policy_subject subject = {
		.guest = "web99-with-a-name", .uuid = UUID, .class = MYDEVICE_CLASS, .name = "log",
	};
	struct said said = {};

	for (int i = 0; i < 100; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "web%d-with-a-name ", i);
	assert_int_equal(policy_parse(policy, "text", text, strlen(text), note, &said), 0);
	assert_int_equal(said.n, 0);
	assert_true(policy_resolve(policy, &subject).allow);
	subject.guest = "web100-with-a-name";
	assert_false(policy_resolve(policy, &subject).allow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_no_doubts),
		cmocka_unit_test(test_forty_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
