// SPDX-License-Identifier: GPL-2.0-or-later
/* One call to XenStore fails, each in turn, in each way it can: no step is lost for it. */
#include "harness.h"

#include "base/log.h"
#include "base/util.h"
#include "engine/orders.h"
#include "fake-store.h"
#include "world.h"

#define GIFT MYDEVICE_DEVID_MAX
#define HOTPLUG_STATUS "/local/domain/0/backend/mydevice/7/0/hotplug-status"
#define SCRIPTED QUICK "[Device demo]\nScript=/a\n"
#define GIVES_LOG QUICK "[Device log]\nAlways=yes\n"

/* Of both xenstoreds: others in the way, four quotas, no memory, a disk, a fault. */
static const int errors[] = {
	-EAGAIN, -ENOSPC, -EDQUOT, -E2BIG, -EINVAL, -ENOMEM, -EIO, -EBUSY,
};

/* condition is not to hold by chance: it is looked at when nothing is left to do at once. */
static void fail_each_call(const char *policy, void (*prepare)(struct world *world),
			   void (*act)(struct world *world), bool (*condition)(void *userdata))
{
	bool failed = true;

	for (unsigned int call = 1; failed; call++) {
		struct world world;

		assert_true(call < 300);
		world_begin(&world, policy);
		prepare(&world);
		fake_fail_at(call, errors[call % ARRAY_SIZE(errors)]);
		act(&world);
		world_settle(&world);
		failed = fake_has_failed();
		world_wait(&world, condition, NULL);
		world_end(&world);
	}
}

static void prepare_guest(struct world *world)
{
	guest_create(7, "web");
	world_settle(world);
}

static void act_request(struct world *world)
{
	guest_request(7, 0, "demo");
}

static bool is_attached(void *userdata)
{
	const char *answer = guest_answer(7, 0);

	return device_is_whole(7, 0) && answer && !strcmp(answer, "attached");
}

static void test_attach(void **state)
{
	fail_each_call(QUICK, prepare_guest, act_request, is_attached);
}

static void prepare_connected(struct world *world)
{
	prepare_guest(world);
	guest_request(7, 0, "demo");
	world_settle(world);
	set_states(7, 0, END_CONNECTED, END_CONNECTED);
	world_settle(world);
}

static void act_withdraw(struct world *world)
{
	guest_withdraw(7, 0);
	world_settle(world);
	set_states(7, 0, END_CLOSED, END_CLOSED);
}

static bool is_gone(void *userdata)
{
	return device_is_gone(7, 0);
}

static void test_detach(void **state)
{
	fail_each_call(QUICK, prepare_connected, act_withdraw, is_gone);
}

static void act_destroy(struct world *world)
{
	guest_destroy(7);
}

static bool is_without_trace(void *userdata)
{
	return device_is_gone(7, 0) && !fake_read("/local/domain/7");
}

static void test_end_of_a_guest(void **state)
{
	fail_each_call(QUICK, prepare_connected, act_destroy, is_without_trace);
}

static void prepare_nothing(struct world *world)
{
}

static void act_create(struct world *world)
{
	guest_create(7, "web");
	guest_request(7, 0, "demo");
}

static bool is_given_and_attached(void *userdata)
{
	return device_is_whole(7, GIFT) && is_attached(NULL);
}

static void test_beginning_of_a_guest(void **state)
{
	fail_each_call(GIVES_LOG, prepare_nothing, act_create, is_given_and_attached);
}

static struct world *observed;

static void act_connect(struct world *world)
{
	observed = world;
	set_states(7, 0, END_CONNECTED, END_CONNECTED);
}

static bool is_connected(void *userdata)
{
	return registry_status(observed->registry).metrics.connected == 1;
}

static void prepare_attached(struct world *world)
{
	prepare_guest(world);
	guest_request(7, 0, "demo");
	world_settle(world);
}

static void test_connecting(void **state)
{
	fail_each_call(QUICK, prepare_attached, act_connect, is_connected);
}

static void prepare_plugged(struct world *world)
{
	prepare_attached(world);
	fake_write(HOTPLUG_STATUS, "connected");
	world_settle(world);
	set_states(7, 0, END_CONNECTED, END_CONNECTED);
	world_settle(world);
}

/* The script undoes its work only when it is asked to, with the nodes still there. */
static void undo(struct world *world)
{
	world_settle(world);
	if (fake_read(HOTPLUG_STATUS))
		fake_remove(HOTPLUG_STATUS);
}

static void act_unplug(struct world *world)
{
	act_withdraw(world);
	undo(world);
}

static void act_destroy_plugged(struct world *world)
{
	guest_destroy(7);
	undo(world);
}

static void test_scripts(void **state)
{
	fail_each_call(SCRIPTED, prepare_plugged, act_unplug, is_gone);
	fail_each_call(SCRIPTED, prepare_plugged, act_destroy_plugged, is_without_trace);
}

/* One that never undoes its work, of a guest that is no more: not longer than it may. */
static void test_script_that_hangs(void **state)
{
	struct world world;

	world_begin(&world, SCRIPTED);
	prepare_plugged(&world);
	guest_destroy(7);
	world_settle(&world);
	assert_false(is_without_trace(NULL));
	world_wait(&world, is_without_trace, NULL);
	world_end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attach),
		cmocka_unit_test(test_detach),
		cmocka_unit_test(test_end_of_a_guest),
		cmocka_unit_test(test_beginning_of_a_guest),
		cmocka_unit_test(test_connecting),
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_script_that_hangs),
	};

	log_open(-1);
	world_haste = 25;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
