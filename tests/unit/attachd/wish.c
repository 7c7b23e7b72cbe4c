// SPDX-License-Identifier: GPL-2.0-or-later
/* What becomes of the wishes of a guest, the policy and operators by the same policy. */
#include "harness.h"

#include <xen/io/mydevice.h>

#include "engine/device.h"
#include "engine/guest.h"
#include "engine/host.h"
#include "engine/wish.h"
#include "policy/file.h"

static struct manager host;
static struct domain guest = { .manager = &host, .domid = 7, .name = "web" };
static struct resolved_wish resolved;
static struct reason reason;

static void no_mistakes(enum policy_fault fault, const char *file, unsigned int line,
			const char *message, void *userdata)
{
	fail_msg("%s:%u: %s", file, line, message);
}

static void set_policy(const char *text)
{
	policy_free(host.policy);
	host.policy = policy_new();
	assert_non_null(host.policy);
	assert_int_equal(policy_parse(host.policy, "wish", text, strlen(text), no_mistakes,
				      NULL), 0);
}

static int resolve(const struct wish *wish)
{
	*reason.text = '\0';
	return wish_resolve(&guest, wish, &resolved, &reason);
}

static int drop_policy(void **state)
{
	policy_free(host.policy);
	host.policy = NULL;
	return 0;
}

static void only_a_request_is_refused(void **state)
{
	struct wish wish = {
		.origin = ORIGIN_REQUEST,
		.class = MYDEVICE_CLASS,
		.name = "log",
		.devid = 3,
		.mode = MODE_ANY,
	};

	set_policy("[Defaults]\nMode=packet\nRingSizeMax=64K\n[Device log]\nAllow=no\n");
	assert_int_equal(resolve(&wish), -EACCES);
	assert_non_null(strstr(reason.text, "Allow="));
	wish.origin = ORIGIN_OPERATOR;
	assert_int_equal(resolve(&wish), 0);
	assert_int_equal(resolved.plan.origin, ORIGIN_OPERATOR);
	assert_int_equal(resolved.plan.devid, 3);
	assert_int_equal(resolved.plan.grant.mode, MODE_PACKET);
	wish.origin = ORIGIN_REQUEST;
	wish.name = "demo";
	wish.ring_size = 1 << 20;
	assert_int_equal(resolve(&wish), 0);
	assert_int_equal(resolved.plan.grant.ring_size, 64 << 10);
	/* the policy says which modes a guest may choose */
	wish.mode = MODE_STREAM;
	assert_int_equal(resolve(&wish), -EACCES);
}

static void what_was_granted_stays(void **state)
{
	struct wish wish = {
		.origin = ORIGIN_OPERATOR,
		.class = MYDEVICE_CLASS,
		.name = "log",
		.devid = WISH_ANY_DEVID,
		.mode = MODE_STREAM,
		.ring_size = 1 << 20,
	};

	set_policy("[Defaults]\nMode=packet\nRingSizeMax=64K\n");
	assert_int_equal(resolve(&wish), 0);
	assert_int_equal(resolved.plan.grant.mode, MODE_STREAM);
	assert_int_equal(resolved.plan.grant.ring_size, 64 << 10);
	wish.granted = true;
	assert_int_equal(resolve(&wish), 0);
	assert_int_equal(resolved.plan.grant.mode, MODE_STREAM);
	assert_int_equal(resolved.plan.grant.ring_size, 1 << 20);
}

static void id_is_another_one_only_where_it_does_not_matter(void **state)
{
	struct device other = { .key = { .class = MYDEVICE_CLASS, .devid = MYDEVICE_DEVID_MAX } };
	struct wish wish = {
		.origin = ORIGIN_POLICY,
		.class = MYDEVICE_CLASS,
		.name = "log",
		.devid = WISH_ANY_DEVID,
		.mode = MODE_ANY,
	};

	set_policy("[Class vfoo]\nDevID=5\n");
	assert_int_equal(resolve(&wish), 0);
	assert_int_equal(resolved.plan.devid, MYDEVICE_DEVID_MAX);
	guest.devices = &other;
	assert_int_equal(resolve(&wish), 0);
	assert_int_equal(resolved.plan.devid, MYDEVICE_DEVID_MAX - 1);
	wish.devid = MYDEVICE_DEVID_MAX;
	assert_int_equal(resolve(&wish), 0);
	assert_int_equal(resolved.plan.devid, MYDEVICE_DEVID_MAX - 1);

	wish.class = "vfoo";
	wish.devid = WISH_ANY_DEVID;
	strcpy(other.key.class, "vfoo");
	other.key.devid = 5;
	assert_int_equal(resolve(&wish), 0);
	assert_int_equal(resolved.plan.devid, 5);
	guest.devices = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(only_a_request_is_refused, drop_policy),
		cmocka_unit_test_teardown(what_was_granted_stays, drop_policy),
		cmocka_unit_test_teardown(id_is_another_one_only_where_it_does_not_matter,
					  drop_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
