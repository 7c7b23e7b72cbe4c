// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include <sys/stat.h>
#include <unistd.h>

#include "policy/file.h"

#define UUID "01234567-89ab-cdef-0123-456789abcdef"

struct mistakes {
	unsigned int n, doubts;
	unsigned int lines[64];
	char last[512];
};

static void note(enum policy_fault fault, const char *file, unsigned int line,
		 const char *message, void *userdata)
{
	struct mistakes *mistakes = userdata;

	assert_true(mistakes->n < ARRAY_SIZE(mistakes->lines));
	for (const char *p = message; *p; p++)
		assert_in_range(*p, ' ', '~');
	mistakes->lines[fault == POLICY_DOUBT ? mistakes->doubts++ : mistakes->n++] = line;
	snprintf(mistakes->last, sizeof(mistakes->last), "%s", message);
}

static struct policy *parse(const char *text)
{
	struct policy *policy = policy_new();
	struct mistakes mistakes = {};

	assert_non_null(policy);
	assert_int_equal(policy_parse(policy, "text", text, strlen(text), note, &mistakes), 0);
	assert_int_equal(mistakes.n, 0);
	return policy;
}

/* One mistake, in this line, and this is said about it. */
static void assert_mistake(const char *text, unsigned int line, const char *about)
{
	_cleanup_(policy_freep) struct policy *policy = policy_new();
	struct mistakes mistakes = {};

	assert_int_equal(policy_parse(policy, "text", text, strlen(text), note, &mistakes),
			 -EBADMSG);
	assert_int_equal(mistakes.n, 1);
	assert_int_equal(mistakes.lines[0], line);
	if (!strstr(mistakes.last, about))
		fail_msg("\"%s\" is not in: %s", about, mistakes.last);
}

static struct policy_settings resolve(const struct policy *policy, const char *guest,
				      const char *uuid, const char *class, const char *name)
{
	struct policy_subject subject = {
		.guest = guest, .uuid = uuid, .class = class, .name = name,
	};

	return policy_resolve(policy, &subject);
}

static struct policy_settings channel(const struct policy *policy, const char *guest)
{
	return resolve(policy, guest, UUID, MYDEVICE_CLASS, "demo");
}

static int decide(const struct policy *policy, const char *guest, const char *name,
		  uint64_t wish, unsigned int n_channels, uint32_t *ring_size)
{
	struct policy_settings settings =
		resolve(policy, guest, UUID, MYDEVICE_CLASS, name);
	struct request request = { .mode = MODE_ANY, .ring_size = wish };
	struct policy_grant grant = {};
	struct reason reason = {};
	int r;

	snprintf(request.name, sizeof(request.name), "%s", name);
	r = policy_decide(&settings, &request, n_channels, &grant, &reason);
	assert_int_equal(r < 0, *reason.text != '\0');
	*ring_size = grant.ring_size;
	return r;
}

static void test_as_shipped(void **state)
{
	_cleanup_(policy_freep) struct policy *policy = parse("");
	uint32_t size;

	assert_int_equal(decide(policy, "web", "demo", 0, 7, &size), 0);
	assert_int_equal(size, 256 << 10);
	assert_int_equal(decide(policy, "web", "demo", 0, 8, &size), -EACCES);
	assert_int_equal(channel(policy, "web").detach_timeout_usec,
			 5 * USEC_PER_SEC);
}

static void test_wishes_are_made_to_fit(void **state)
{
	static const struct {
		uint64_t wish;
		uint32_t size;
	} cases[] = {
		{ 4096, 4096 }, { 5000, 4096 }, { 65536, 65536 }, { 1 << 20, 1 << 20 },
		{ (1 << 20) + 1, 1 << 20 }, { UINT64_C(1) << 32, 1 << 20 },
		{ UINT64_MAX, 1 << 20 },
	};
	_cleanup_(policy_freep) struct policy *policy = parse("");
	uint32_t size;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(decide(policy, "web", "demo", cases[i].wish, 0, &size), 0);
		assert_int_equal(size, cases[i].size);
	}
}

static void test_later_sections_override(void **state)
{
	_cleanup_(policy_freep) struct policy *policy =
		parse("[Guest web-*]\nAllow=yes\nMaxChannels=2\nChannels=log backup-*\n"
		      "[Defaults]\nAllow=no\nRingSizeMax=64K\n"
		      "[Guest web-1]\nMaxChannels=1\n");
	uint32_t size;

	assert_int_equal(decide(policy, "db", "log", 0, 0, &size), -EACCES);
	assert_int_equal(decide(policy, "web-2", "log", 1 << 20, 1, &size), 0);
	assert_int_equal(size, 64 << 10);
	assert_int_equal(decide(policy, "web-1", "log", 0, 1, &size), -EACCES);
	assert_int_equal(decide(policy, "web-1", "backup-7", 0, 0, &size), 0);
	assert_int_equal(decide(policy, "web-1", "backup", 0, 0, &size), -EACCES);
	assert_int_equal(decide(policy, "web-1", "demo", 0, 0, &size), -EACCES);
}

/* The mode given for a wish, or MODE_ANY if it was refused. */
static enum channel_mode mode_for(const char *text, enum channel_mode wish)
{
	_cleanup_(policy_freep) struct policy *policy = parse(text);
	struct policy_settings settings = channel(policy, "web");
	struct request request = { .name = "demo", .mode = wish };
	struct policy_grant grant = { .mode = MODE_ANY };
	struct reason reason = {};
	int r = policy_decide(&settings, &request, 0, &grant, &reason);

	assert_int_equal(r < 0, strstr(reason.text, "Mode=") != NULL);
	return grant.mode;
}

static void test_modes(void **state)
{
	static const struct {
		const char *text;
		enum channel_mode none, stream, packet;
	} cases[] = {
		{ "", MODE_STREAM, MODE_STREAM, MODE_PACKET },
		{ "[Defaults]\nMode=packet\n", MODE_PACKET, MODE_ANY, MODE_PACKET },
		{ "[Defaults]\nMode=stream\n", MODE_STREAM, MODE_STREAM, MODE_ANY },
		{ "[Defaults]\nMode=packet  stream\n", MODE_PACKET, MODE_STREAM, MODE_PACKET },
		{ "[Defaults]\nMode=stream\n[Guest w*]\nMode=packet\n", MODE_PACKET, MODE_ANY,
		  MODE_PACKET },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(mode_for(cases[i].text, MODE_ANY), cases[i].none);
		assert_int_equal(mode_for(cases[i].text, MODE_STREAM), cases[i].stream);
		assert_int_equal(mode_for(cases[i].text, MODE_PACKET), cases[i].packet);
	}
	assert_mistake("[Defaults]\nMode=\n", 2, "stream, packet");
	assert_mistake("[Defaults]\nMode=stream fast\n", 2, "stream, packet");
	assert_mistake("[Defaults]\nMode=Stream\n", 2, "stream, packet");
}

static void test_uuid(void **state)
{
	_cleanup_(policy_freep) struct policy *policy =
		parse("[Guest *]\nUUID=01234567-89AB-cdef-0123-456789abcdef\nAllow=no\n");

	assert_false(channel(policy, "web").allow);
	assert_true(resolve(policy, "web", "", MYDEVICE_CLASS, "demo").allow);
}

static void test_uuid_globs(void **state)
{
	_cleanup_(policy_freep) struct policy *policy =
		parse("[Guest *]\nUUID=0123456[0-7]-*-CDEF-*\nAllow=no\n");

	assert_false(channel(policy, "web").allow);
	assert_true(resolve(policy, "web", "01234568-89ab-cdef-0123-456789abcdef", MYDEVICE_CLASS,
			    "demo").allow);
	assert_mistake("[Guest x]\nUUID=0123456g-*\n", 2, "UUID");
	assert_mistake("[Guest x]\nUUID=\n", 2, "UUID");
}

static void test_devices_by_name(void **state)
{
	_cleanup_(policy_freep) struct policy *policy =
		parse("[Device log-*]\nRingSize=4K\nRingSizeMax=8K\nMode=packet\n"
		      "NodeUser=syslog\nNodeGroup=adm\nNodeMode=0640\n"
		      "[Device log-*]\nGuest=db-* mail\nAllow=no\n"
		      "[Guest web]\nRingSize=64K\nChannels=demo\n"
		      "[Device secret]\nAllow=yes\nGuest=web\n"
		      "[Defaults]\nNodeUser=nobody\n");
	struct policy_settings log = resolve(policy, "web", UUID, MYDEVICE_CLASS, "log-1");
	struct policy_settings demo = channel(policy, "web");
	uint32_t size;

	assert_int_equal(log.ring_size, 4096);
	assert_int_equal(log.ring_size_max, 8192);
	assert_int_equal(log.mode, MODE_PACKET);
	assert_string_equal(log.live[LIVE_NODE_USER], "syslog");
	assert_string_equal(log.live[LIVE_NODE_GROUP], "adm");
	assert_string_equal(log.live[LIVE_NODE_MODE], "0640");
	assert_int_equal(demo.ring_size, 65536);
	assert_string_equal(demo.live[LIVE_NODE_USER], "nobody");
	assert_null(demo.live[LIVE_NODE_MODE]);
	assert_int_equal(decide(policy, "cache", "log-1", 0, 0, &size), 0);
	assert_int_equal(decide(policy, "mail", "log-1", 0, 0, &size), -EACCES);
	assert_int_equal(decide(policy, "db-7", "log-1", 0, 0, &size), -EACCES);
	assert_int_equal(decide(policy, "db-7", "demo", 0, 0, &size), 0);
	/* allowed by its own name, though it is not in the list of the guest's */
	assert_int_equal(decide(policy, "web", "secret", 0, 0, &size), 0);
	assert_int_equal(decide(policy, "web", "other", 0, 0, &size), -EACCES);
	/* but not more of them */
	assert_int_equal(decide(policy, "web", "secret", 0, 8, &size), -EACCES);
}

/* "class/name " for each, in the order in which they are given. */
static const char *gifts(const struct policy *policy, const char *guest)
{
	static char text[512];
	struct policy_gift gift;
	size_t cursor = 0;

	*text = '\0';
	while (policy_next_gift(policy, guest, UUID, &cursor, &gift))
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s/%s ", gift.class,
			 gift.name);
	return text;
}

static void test_gifts(void **state)
{
	_cleanup_(policy_freep) struct policy *policy =
		parse("[Defaults]\nAllow=no\n"
		      "[Device log]\nAlways=yes\nGuest=web-*\nRingSize=8K\n"
		      "[Device l*]\nRingSizeMax=4K\n"
		      "[Device console]\nAlways=yes\nUUID=" UUID "\n"
		      "[Device quiet]\nAlways=yes\nAllow=no\n"
		      "[Class alice_dev]\nGuest=web-1 db\n"
		      "[Class bob-dev]\nAlways=no\n"
		      "[Class alice_dev]\nGuest=db\nAllow=no\n");
	size_t cursor = 0;
	struct policy_gift gift;

	assert_string_equal(gifts(policy, "web-1"),
			    "mydevice/log mydevice/console alice_dev/alice_dev ");
	assert_string_equal(gifts(policy, "web-2"), "mydevice/log mydevice/console ");
	assert_string_equal(gifts(policy, "db"), "mydevice/console ");
	assert_true(policy_next_gift(policy, "web-1", "", &cursor, &gift));
	assert_int_equal(policy_gift_grant(&gift.settings).ring_size, 4096);
	/* without the UUID there is no console */
	assert_true(policy_next_gift(policy, "web-1", "", &cursor, &gift));
	assert_string_equal(gift.class, "alice_dev");
	assert_mistake("[Device log*]\nAlways=yes\n", 2, "name of one device");
	assert_mistake("[Guest x]\nAlways=yes\n", 2, "[Device NAME], [Class NAME]");
}

static const char *node(const struct policy_settings *settings, bool backend, const char *name)
{
	for (size_t i = 0; i < settings->n_nodes; i++)
		if (settings->nodes[i].backend == backend && !strcmp(settings->nodes[i].name, name))
			return settings->nodes[i].value;
	return NULL;
}

static void test_classes(void **state)
{
	_cleanup_(policy_freep) struct policy *policy =
		parse("[Class alice_dev]\nHandshake=no\nDevID=3\nBackend=driver domain\n"
		      "DetachTimeoutSec=1\nFrontendNode=greeting hello world\n"
		      "BackendNode=greeting\nBackendNode=size 1\nBackendNode=size 2\n"
		      "[Class bob]\n[Class bob]\nBackendNode=x y\n");
	struct policy_settings alice = resolve(policy, "web", UUID, "alice_dev", "alice_dev");
	struct policy_settings bob = resolve(policy, "web", UUID, "bob", "bob");
	struct policy_settings eve = resolve(policy, "web", UUID, "eve", "eve");

	assert_false(alice.handshake);
	assert_true(bob.handshake && bob.always && bob.allow);
	assert_int_equal(alice.devid, 3);
	assert_string_equal(alice.backend, "driver domain");
	assert_int_equal(alice.detach_timeout_usec, USEC_PER_SEC);
	assert_int_equal(alice.n_nodes, 3);
	assert_string_equal(node(&alice, false, "greeting"), "hello world");
	assert_string_equal(node(&alice, true, "greeting"), "");
	assert_string_equal(node(&alice, true, "size"), "2");
	assert_string_equal(node(&bob, true, "x"), "y");
	assert_int_equal(eve.n_nodes, 0);
	assert_null(channel(policy, "web").backend);
	assert_mistake("[Class vif]\n", 1, "toolstack");
	assert_mistake("[Class mydevice]\n", 1, "other than mydevice");
	assert_mistake("[Class a/b]\n", 1, "expected a name");
	assert_mistake("[Class a.b]\n", 1, "expected a name");
	assert_mistake("[Class a]\nBackendNode=a.b 1\n", 2, "BackendNode");
	assert_mistake("[Class]\n", 1, "not known");
	assert_mistake("[Class a]\nBackendNode=state 4\n", 2, "BackendNode");
	assert_mistake("[Class a]\nFrontendNode=backend-id 1\n", 2, "FrontendNode");
	assert_mistake("[Class a]\nFrontendNode=a/b 1\n", 2, "FrontendNode");
	assert_mistake("[Class a]\nFrontendNode=\n", 2, "FrontendNode");
	assert_mistake("[Class a]\nDevID=4096\n", 2, "0 to 4095");
	assert_mistake("[Class a]\nRingSize=4K\n", 2, "does not belong in a [Class] section");
	assert_mistake("[Device a]\nHandshake=no\n", 2, "expected it in [Class NAME]");
	assert_mistake("[Defaults]\nNodeMode=0755\n", 2, "octal");
	assert_mistake("[Defaults]\nNodeMode=4660\n", 2, "octal");
	assert_mistake("[Defaults]\nNodeUser=a b\n", 2, "user");
	assert_mistake("[Defaults]\nNodeGroup=$(id)\n", 2, "group");
	assert_mistake("[Defaults]\nBackend=\n", 2, "name of a domain");
	assert_mistake("[Defaults]\nRateLimitBurst=-1\n", 2, "0 to 1000000");
	assert_mistake("[Defaults]\nRateLimitIntervalSec=0\n", 2, "1 to 3600");
	assert_mistake("[Device a]\nRateLimitBurst=1\n", 2, "[Defaults], [Guest NAME]");
}

/* At most so many, and each of a bounded length: XenStore's limits are not the policy's to find. */
static void test_many_nodes(void **state)
{
	_cleanup_(policy_freep) struct policy *policy = policy_new();
	struct mistakes mistakes = {};
	char text[2048] = "[Class a]\n";

	for (int i = 0; i < 34; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "BackendNode=n%d x\n",
			 i);
	assert_int_equal(policy_parse(policy, "text", text, strlen(text), note, &mistakes),
			 -EBADMSG);
	assert_int_equal(mistakes.n, 2);
	assert_int_equal(mistakes.lines[0], 34);
}

static void test_globs_in_a_section(void **state)
{
	_cleanup_(policy_freep) struct policy *policy = parse("[Guest web-[0-9]]\nAllow=no\n");

	assert_false(channel(policy, "web-7").allow);
	assert_true(channel(policy, "web-x").allow);
}

static void test_what_is_no_setting(void **state)
{
	_cleanup_(policy_freep) struct policy *policy =
		parse("# comment\n; another\n\n[Defaults]\n\t\n# Allow=no\nAllow = yes ; inline\n"
		      "[Guest a b]\n[Guest x]");

	assert_int_equal(policy->n_sections, 3);
	assert_string_equal(policy->sections[1].name, "a b");
	assert_true(policy->sections[0].settings.allow);
}

static void test_mistakes_are_told_with_their_line(void **state)
{
	assert_mistake("Allow=yes\n", 1, "before any section");
	assert_mistake("[Defaults]\n\nAlow=yes\n", 3, "Alow= is not known");
	assert_mistake("[Defaults]\nAllow=perhaps\n", 2, "yes or no");
	assert_mistake("[Defaults]\nChannels=\n", 2, "globs");
	assert_mistake("[Defaults]\nMaxChannels=4097\n", 2, "0 to 4096");
	assert_mistake("[Defaults]\nRingSize=2M\n", 2, "power of two");
	assert_mistake("[Defaults]\nRingSize=5000\n", 2, "power of two");
	assert_mistake("[Defaults]\nRingSizeMax=2048\n", 2, "power of two");
	assert_mistake("[Defaults]\nDetachTimeoutSec=0\n", 2, "1 to 300");
	assert_mistake("[Defaults]\nUUID=" UUID "\n", 2, "[Guest NAME]");
	assert_mistake("[Guest x]\nUUID=1\n", 2, "UUID");
	assert_mistake("#\n[Gast x]\n", 2, "[Gast x] is not known");
	assert_mistake("[Guest]\nAllow=yes\n", 1, "[Guest] is not known");
	assert_mistake("[Guest ]\n", 1, "not known");
	assert_mistake("[Defaults\n", 1, "alone on its line");
	assert_mistake("[Defaults] Allow=no\n", 1, "alone on its line");
	assert_mistake("[Defaults]\nAllow\n", 2, "Setting=value");
	assert_mistake("[Defaults]\nAllow=no\n  Channels=x\n", 3, "start of a line");
	assert_mistake("[Defaults]\nA\x1b[31mllow=no\n", 2, "\\x1b");
}

static void test_scripts(void **state)
{
	_cleanup_(policy_freep) struct policy *policy =
		parse("[Device log-*]\nScript=/etc/xen/scripts/log_1.x+y\n"
		      "[Class alice_dev]\nScript=/a\n");

	assert_string_equal(resolve(policy, "web", UUID, MYDEVICE_CLASS, "log-1").script,
			    "/etc/xen/scripts/log_1.x+y");
	assert_string_equal(resolve(policy, "web", UUID, "alice_dev", "alice_dev").script, "/a");
	assert_null(channel(policy, "web").script);
	assert_mistake("[Defaults]\nScript=/a\n", 2, "[Device NAME], [Class NAME]");
	assert_mistake("[Device a]\nScript=\n", 2, "path of a script");
	assert_mistake("[Device a]\nScript=log\n", 2, "path of a script");
	assert_mistake("[Device a]\nScript=/etc/../log\n", 2, "path of a script");
	assert_mistake("[Device a]\nScript=/etc/\n", 2, "path of a script");
	assert_mistake("[Device a]\nScript=/a b\n", 2, "path of a script");
	assert_mistake("[Device a]\nScript=/a$(b)\n", 2, "path of a script");
	assert_mistake("[Class a]\nBackendNode=hotplug-status connected\n", 2, "a node's name");
}

static void test_all_mistakes_are_told(void **state)
{
	static const char text[] = "Allow=no\n[Defaults]\nAllow=x\nX=y\n[Nothing]\nAllow=x\n";
	_cleanup_(policy_freep) struct policy *policy = policy_new();
	static const unsigned int lines[] = { 1, 3, 4, 5 };
	struct mistakes mistakes = {};

	assert_int_equal(policy_parse(policy, "text", text, strlen(text), note, &mistakes),
			 -EBADMSG);
	assert_int_equal(mistakes.n, ARRAY_SIZE(lines));
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_int_equal(mistakes.lines[i], lines[i]);
}

static void test_long_lines(void **state)
{
	for (size_t len = 8100; len < 8300; len++) {
		_cleanup_(policy_freep) struct policy *policy = policy_new();
		struct mistakes mistakes = {};
		char text[8500];
		size_t start;
		int r;

		strcpy(text, "[Defaults]\nChannels=");
		start = strlen(text);
		memset(text + start, 'x', len);
		strcpy(text + start + len, "\nAllow=no\n");
		r = policy_parse(policy, "text", text, strlen(text), note, &mistakes);
		if (r == 0) {
			assert_int_equal(strlen(policy->sections[0].texts[TEXT_CHANNELS]), len);
		} else {
			assert_int_equal(mistakes.n, 1);
			assert_int_equal(mistakes.lines[0], 2);
		}
		assert_false(channel(policy, "web").allow);
	}
}

/* As of a file whose blocks never got to the disk: it must not pass for an empty one. */
static void test_nul_bytes(void **state)
{
	static const char zeroes[600], inside[] = "[Defaults]\nAllow=no\0\n# fine\nAllow=x\n";
	_cleanup_(policy_freep) struct policy *policy = policy_new();
	struct mistakes mistakes = {};

	assert_int_equal(policy_parse(policy, "text", zeroes, sizeof(zeroes), note, &mistakes),
			 -EBADMSG);
	assert_int_equal(mistakes.n, 1);
	assert_int_equal(mistakes.lines[0], 1);
	mistakes.n = 0;
	assert_int_equal(policy_parse(policy, "text", inside, sizeof(inside) - 1, note, &mistakes),
			 -EBADMSG);
	assert_int_equal(mistakes.n, 2);
	assert_int_equal(mistakes.lines[0], 2);
	assert_int_equal(mistakes.lines[1], 4);
}

static void test_random_bytes(void **state)
{
	unsigned int random = 4711;
	static const char alphabet[] = "[]=:;# \t\n\r\0GuestDfalAlow*x\\\xff\x1b";

	for (int round = 0; round < 2000; round++) {
		_cleanup_(policy_freep) struct policy *policy = policy_new();
		struct mistakes mistakes = {};
		char text[64];

		for (size_t i = 0; i < sizeof(text); i++) {
			random = random * 1103515245 + 12345;
			text[i] = alphabet[(random >> 16) % (sizeof(alphabet) - 1)];
		}
		policy_parse(policy, "text", text, sizeof(text), note, &mistakes);
	}
}

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void remove_file(const char *dir, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	remove(path);
}

static void test_files(void **state)
{
	char dir[] = "/tmp/attachd-policy-XXXXXX", file[64], drop_ins[64];
	_cleanup_(policy_freep) struct policy *policy = NULL, *none = NULL, *bad = NULL;
	struct mistakes mistakes = {};

	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/attachd.conf", dir);
	snprintf(drop_ins, sizeof(drop_ins), "%s/attachd.conf.d", dir);
	assert_int_equal(policy_load(file, note, &mistakes, &none), 0);
	assert_int_equal(none->n_sections, 0);
	assert_int_equal(mistakes.doubts, 1);

	assert_int_equal(mkdir(drop_ins, 0700), 0);
	write_file(dir, "attachd.conf", "[Defaults]\nMaxChannels=1\n");
	write_file(drop_ins, "20-b.conf", "[Defaults]\nMaxChannels=3\n");
	write_file(drop_ins, "10-a.conf", "[Defaults]\nMaxChannels=2\n");
	write_file(drop_ins, "30-c.conf~", "nonsense\n");
	write_file(drop_ins, ".40-d.conf", "nonsense\n");
	assert_int_equal(policy_load(file, note, &mistakes, &policy), 0);
	assert_int_equal(channel(policy, "web").max_channels, 3);
	assert_int_equal(mistakes.n, 0);

	write_file(drop_ins, "10-a.conf", "nonsense\n");
	assert_int_equal(policy_load(file, note, &mistakes, &bad), -EBADMSG);
	assert_null(bad);
	assert_int_equal(mistakes.n, 1);

	remove_file(drop_ins, "10-a.conf");
	remove_file(drop_ins, "20-b.conf");
	remove_file(drop_ins, "30-c.conf~");
	remove_file(drop_ins, ".40-d.conf");
	remove_file(dir, "attachd.conf");
	assert_int_equal(rmdir(drop_ins), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* The file in the package must say what it claims to, in each commented line. */
static void test_shipped_file(void **state)
{
	_cleanup_(policy_freep) struct policy *policy = NULL;
	struct policy *uncommented = policy_new();
	struct mistakes mistakes = {};
	char line[256], text[4096] = "";
	struct policy_settings settings;
	FILE *f;

	assert_int_equal(policy_load("daemon/attachd.conf", note, &mistakes, &policy), 0);
	assert_int_equal(policy->n_sections, 1);
	assert_int_equal(policy->sections[0].named, 0);

	f = fopen("daemon/attachd.conf", "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (line[0] != '#')
			strcat(text, line);
		else if (line[1] == '[' || (strchr(line, '=') && line[1] != ' ' && line[1] != '\t'))
			strcat(text, line + 1);
	fclose(f);
	assert_int_equal(policy_parse(uncommented, "text", text, strlen(text), note, &mistakes),
			 0);
	settings = channel(uncommented, "any");
	assert_string_equal(settings.channels, channel(policy, "any").channels);
	assert_int_equal(settings.max_channels, channel(policy, "any").max_channels);
	assert_int_equal(settings.ring_size, channel(policy, "any").ring_size);
	assert_int_equal(settings.ring_size_max,
			 channel(policy, "any").ring_size_max);
	assert_int_equal(settings.mode, channel(policy, "any").mode);
	assert_int_equal(settings.modes, channel(policy, "any").modes);
	assert_int_equal(settings.rate_burst, channel(policy, "any").rate_burst);
	assert_int_equal(settings.rate_interval_usec, channel(policy, "any").rate_interval_usec);
	assert_int_equal(settings.detach_timeout_usec,
			 channel(policy, "any").detach_timeout_usec);
	assert_int_equal(uncommented->sections[0].named,
			 POLICY_ALLOW | POLICY_CHANNELS | POLICY_MAX_CHANNELS | POLICY_RING_SIZE |
			 POLICY_RING_SIZE_MAX | POLICY_MODE | POLICY_DETACH_TIMEOUT |
			 POLICY_RATE_BURST | POLICY_RATE_INTERVAL);
	policy_free(uncommented);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_shipped),
		cmocka_unit_test(test_wishes_are_made_to_fit),
		cmocka_unit_test(test_later_sections_override),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_uuid_globs),
		cmocka_unit_test(test_devices_by_name),
		cmocka_unit_test(test_gifts),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_many_nodes),
		cmocka_unit_test(test_globs_in_a_section),
		cmocka_unit_test(test_what_is_no_setting),
		cmocka_unit_test(test_mistakes_are_told_with_their_line),
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_all_mistakes_are_told),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_nul_bytes),
		cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_shipped_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
