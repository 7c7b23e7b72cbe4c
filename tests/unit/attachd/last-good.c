// SPDX-License-Identifier: GPL-2.0-or-later
/* The saved policy: what is read back, what is refused, and which policy is chosen. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "harness.h"
#include "policy/choice.h"
#include "policy/file.h"
#include "policy/last-good.h"

#define CLOSED "[Defaults]\nAllow=no\n"

struct place {
	char dir[64], conf[96], drop_ins[96], state[96], saved[128];
};

static void write_file(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static size_t read_file(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t len;

	assert_non_null(f);
	len = fread(text, 1, size, f);
	fclose(f);
	return len;
}

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	log_open(-1);
	strcpy(place->dir, "/tmp/attachd-state-XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	snprintf(place->conf, sizeof(place->conf), "%s/attachd.conf", place->dir);
	snprintf(place->drop_ins, sizeof(place->drop_ins), "%s/attachd.conf.d", place->dir);
	snprintf(place->state, sizeof(place->state), "%s/state", place->dir);
	snprintf(place->saved, sizeof(place->saved), "%s/state/policy", place->dir);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", place->dir);
	assert_int_equal(system(command), 0);
	free(place);
	return 0;
}

static bool allows(const struct policy *policy, struct reason *ret_reason)
{
	struct policy_subject subject = { "web", "", MYDEVICE_CLASS, "log" };
	struct policy_settings settings = policy_resolve(policy, &subject);
	struct request request = { .name = "log", .mode = MODE_ANY };
	struct policy_grant grant;

	return policy_decide(&settings, &request, 0, &grant, ret_reason) == 0;
}

/* Each byte of it counts: no part, and no change, is taken for a policy. */
static void test_damage(void **state)
{
	_cleanup_(policy_freep) struct policy *policy = NULL, *read = NULL;
	struct place *place = *state;
	char name[256], text[4096], changed[sizeof(text)];
	struct reason reason;
	time_t saved;
	size_t len;

	assert_int_equal(mkdir(place->drop_ins, 0700), 0);
	/* names and texts that look like the format */
	snprintf(name, sizeof(name), "%s/a\n12\n.conf", place->drop_ins);
	write_file(name, CLOSED "#\n#5\n\n#5", strlen(CLOSED "#\n#5\n\n#5"));
	write_file(place->conf, "", 0);
	assert_int_equal(policy_load(place->conf, NULL, NULL, &policy), 0);
	assert_int_equal(policy->n_sources, 2);
	assert_int_equal(last_good_load(place->state, &read, &saved, &reason), -ENOENT);
	assert_int_equal(last_good_save(place->state, policy), 0);
	assert_int_equal(last_good_load(place->state, &read, &saved, &reason), 0);
	assert_int_equal(read->n_sources, 2);
	assert_string_equal(read->sources[1].file, name);
	assert_string_equal(read->sections[0].file, name);
	assert_int_equal(read->sections[0].line, 1);
	assert_false(allows(read, &reason));

	len = read_file(place->saved, text, sizeof(text));
	for (size_t i = 0; i < len; i++) {
		struct policy *none = NULL;

		assert_int_equal(last_good_parse(text, i, &none, &reason), -EBADMSG);
		memcpy(changed, text, len);
		changed[i] ^= 1;
		assert_int_equal(last_good_parse(changed, len, &none, &reason), -EBADMSG);
		assert_null(none);
		assert_true(*reason.text);
	}
}

/* The checksum is no protection of the parser. */
static void test_lengths(void **state)
{
	static const char *const bodies[] = {
		"", "1\n", "0\n\n", "1\na\n99\nx\n", "1\na\n-1\nx\n", "1\na\n0\nx",
		"18446744073709551615\na\n", "1\n\0\n0\n\n", "1\na\n4\n[Who]\n", "a\n", "\n\n\n\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		uint64_t hash = UINT64_C(0xcbf29ce484222325);
		struct policy *none = NULL;
		struct reason reason;
		char text[256];
		int n;

		for (const char *at = bodies[i]; *at; at++)
			hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
		n = snprintf(text, sizeof(text), "mydevice-policy 1\n%016llx\n%s",
			     (unsigned long long)hash, bodies[i]);
		assert_int_equal(last_good_parse(text, (size_t)n, &none, &reason), -EBADMSG);
		assert_null(none);
	}
}

static void test_saving(void **state)
{
	_cleanup_(policy_freep) struct policy *policy = NULL;
	struct place *place = *state;
	struct stat before, after;

	write_file(place->conf, CLOSED, strlen(CLOSED));
	assert_int_equal(policy_load(place->conf, NULL, NULL, &policy), 0);
	assert_int_equal(last_good_save(place->state, policy), 0);
	assert_int_equal(stat(place->saved, &before), 0);
	assert_int_equal(before.st_mode & 0777, 0600);
	assert_int_equal(last_good_save(place->state, policy), 0);
	assert_int_equal(stat(place->saved, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(last_good_save("/proc/none", policy), -ENOENT);
	assert_int_equal(last_good_save(place->conf, policy), -ENOTDIR);
}

static void choose(struct policy_choice *choice, enum policy_source source, bool allowed)
{
	_cleanup_(policy_freep) struct policy *policy = NULL;
	struct reason reason;

	assert_int_equal(policy_choose(choice, &policy), 0);
	assert_int_equal(choice->status.source, source);
	assert_int_equal(allows(policy, &reason), allowed);
	assert_int_equal(policy->closed, source == POLICY_NONE);
}

static void test_choice(void **state)
{
	_cleanup_(policy_freep) struct policy *policy = NULL;
	struct place *place = *state;
	struct policy_choice choice = { .file = place->conf, .directory = place->state };

	/* nothing at all is not the built-in policy */
	choose(&choice, POLICY_NONE, false);
	write_file(place->conf, "nonsense\n", 9);
	choose(&choice, POLICY_NONE, false);
	assert_non_null(strstr(choice.status.error.text, "attachd.conf:1: "));
	write_file(place->conf, "", 0);
	choose(&choice, POLICY_FROM_FILES, true);
	assert_string_equal(choice.status.error.text, "");
	write_file(place->conf, CLOSED, strlen(CLOSED));
	assert_int_equal(policy_choose_again(&choice, &policy), 0);
	write_file(place->conf, "nonsense\nmore\n", 14);
	assert_int_equal(policy_choose_again(&choice, &policy), -EBADMSG);
	assert_int_equal(choice.status.source, POLICY_OLDER);
	assert_non_null(strstr(choice.status.error.text, " (and 1 more)"));
	choose(&choice, POLICY_SAVED, false);
	assert_int_equal(policy_choose_again(&choice, &policy), -EBADMSG);
	assert_int_equal(choice.status.source, POLICY_SAVED);
	assert_int_equal(unlink(place->conf), 0);
	choose(&choice, POLICY_SAVED, false);
	assert_int_equal(unlink(place->saved), 0);
	choose(&choice, POLICY_NONE, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test_setup_teardown(test_saving, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_choice, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
