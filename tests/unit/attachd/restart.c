// SPDX-License-Identifier: GPL-2.0-or-later
/* The daemon ends at any moment and begins anew, and so does xenstored. */
#include "harness.h"

#include "base/log.h"
#include "fake-store.h"
#include "world.h"

static void test_restart_touches_nothing_connected(void **state)
{
	char *before;
	struct world world;

	world_begin_connected(&world);
	before = strdup(fake_dump());
	for (int round = 0; round < 3; round++) {
		world_kill_daemon(&world);
		world_start_daemon(&world, QUICK);
		world_settle(&world);
		/* but for the answer to a request that is still there */
		assert_string_equal(fake_dump(), before);
		assert_int_equal(registry_status(world.registry).metrics.connected, 1);
	}
	free(before);
	world_end(&world);
}

static void test_while_the_daemon_was_away(void **state)
{
	struct world world;

	world_begin_connected(&world);
	guest_create(8, "db");
	guest_request(8, 0, "demo");
	world_settle(&world);
	world_kill_daemon(&world);
	guest_destroy(8);
	guest_withdraw(7, 0);
	guest_create(9, "new");
	guest_request(9, 3, "demo");
	world_start_daemon(&world, QUICK);
	world_settle(&world);
	assert_true(device_is_gone(8, 0));
	assert_string_equal(fake_read("/local/domain/0/backend/mydevice/7/0/online"), "0");
	assert_true(device_is_whole(9, 3));
	world_end(&world);
}

static void test_another_domain_with_the_same_id(void **state)
{
	struct world world;

	world_begin_connected(&world);
	world_kill_daemon(&world);
	fake_remove("/local/domain/7");
	guest_create(7, "other");
	fake_write("/local/domain/7/vm", "/vm/ffffffff-0000-0000-0000-000000000007");
	world_start_daemon(&world, QUICK);
	world_settle(&world);
	assert_true(device_is_gone(7, 0));
	world_end(&world);
}

static void test_backend_made_by_hand_is_left_alone(void **state)
{
	struct world world;

	world_begin(&world, QUICK);
	guest_create(7, "web");
	fake_write("/local/domain/0/backend/mydevice/7/5/state", "4");
	fake_write("/local/domain/0/backend/mydevice/33/5/state", "4");
	world_settle(&world);
	world_kill_daemon(&world);
	world_start_daemon(&world, QUICK);
	world_settle(&world);
	assert_non_null(fake_read("/local/domain/0/backend/mydevice/7/5/state"));
	/* that domain does not even exist: a zombie would wait for this to go */
	assert_null(fake_read("/local/domain/0/backend/mydevice/33"));
	world_end(&world);
}

static void test_xenstored_comes_back(void **state)
{
	struct world world;

	world_begin_connected(&world);
	fake_die_at(1);
	guest_request(7, 1, "log");
	world_settle(&world);
	assert_false(registry_status(world.registry).metrics.store_connected);
	assert_int_equal(fake_watches(), 0);
	fake_revive();
	world_sleep(&world, 2500 * USEC_PER_MSEC);
	assert_true(registry_status(world.registry).metrics.store_connected);
	assert_true(device_is_whole(7, 0));
	assert_true(device_is_whole(7, 1));
	assert_int_equal(registry_status(world.registry).metrics.connected, 1);
	world_end(&world);
}

/*
 * kill -9 at every call to XenStore of an attach, then of a detach, then of a
 * guest's end: after the next start nothing is half done, and what was to be
 * done gets done.
 */
static void for_every_call(void (*prepare)(struct world *world), void (*act)(void),
			   void (*verify)(void))
{
	bool survived = false;

	for (unsigned int call = 1; !survived; call++) {
		struct world world;

		assert_true(call < 1000);
		prepare(&world);
		fake_die_at(call);
		act();
		world_settle(&world);
		survived = !fake_is_dead();
		world_kill_daemon(&world);
		world_start_daemon(&world, QUICK);
		world_settle(&world);
		/* two ends that do what drivers do */
		if (fake_read("/local/domain/0/backend/mydevice/7/0/online") &&
		    !strcmp(fake_read("/local/domain/0/backend/mydevice/7/0/online"), "0"))
			set_states(7, 0, END_CLOSED, END_CLOSED);
		world_settle(&world);
		verify();
		world_end(&world);
		fake_revive();
	}
}

static void prepare_guest(struct world *world)
{
	world_begin(world, QUICK);
	guest_create(7, "web");
	world_settle(world);
}

static void act_request(void)
{
	guest_request(7, 0, "demo");
}

static void verify_attached(void)
{
	if (!device_is_whole(7, 0))
		fail_msg("not whole:\n%s", fake_dump());
	assert_string_equal(guest_answer(7, 0), "attached");
}

static void act_withdraw(void)
{
	guest_withdraw(7, 0);
}

static void verify_gone(void)
{
	if (!device_is_gone(7, 0))
		fail_msg("something is left:\n%s", fake_dump());
}

static void act_destroy(void)
{
	guest_destroy(7);
}

static void verify_no_trace(void)
{
	verify_gone();
	assert_null(fake_read("/local/domain/7"));
}

static void prepare_served_by_another(struct world *world)
{
	world_begin(world, QUICK "[Device demo]\nBackend=net\n");
	guest_create(8, "net");
	guest_create(7, "web");
	guest_request(7, 0, "demo");
	world_settle(world);
	assert_non_null(fake_read("/local/domain/8/backend/mydevice/7/0/state"));
}

/* One that serves it ends, its frontend sees that, and the next one comes. */
static void act_replace(void)
{
	guest_destroy(8);
	fake_write("/local/domain/7/device/mydevice/0/state", "6");
	guest_create(9, "net");
}

/* By the next domain, or by domain 0, as the policy says after the restart. */
static void verify_served_anew(void)
{
	const char *frontend = "/local/domain/7/device/mydevice/0";
	bool elsewhere = fake_read("/local/domain/9/backend/mydevice/7/0/state");
	const char *record = fake_read("/mydevice/7/mydevice@demo");

	if (elsewhere == device_is_whole(7, 0) || !record ||
	    !strstr(record, elsewhere ? "backend=9 " : "backend=0 "))
		fail_msg("served by nobody, or twice:\n%s", fake_dump());
	assert_string_equal(fake_permissions(frontend), elsewhere ? "n7,r9" : "n7,r0");
	assert_null(fake_read("/local/domain/8/backend/mydevice/7/0/state"));
	assert_string_equal(guest_answer(7, 0), "attached");
}

static void test_killed_at_every_step_of_a_move(void **state)
{
	for_every_call(prepare_served_by_another, act_replace, verify_served_anew);
}

static void test_killed_at_every_step_of_attach(void **state)
{
	for_every_call(prepare_guest, act_request, verify_attached);
}

static void test_killed_at_every_step_of_detach(void **state)
{
	for_every_call(world_begin_connected, act_withdraw, verify_gone);
}

static void test_killed_at_every_step_of_the_end(void **state)
{
	for_every_call(world_begin_connected, act_destroy, verify_no_trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restart_touches_nothing_connected),
		cmocka_unit_test(test_while_the_daemon_was_away),
		cmocka_unit_test(test_another_domain_with_the_same_id),
		cmocka_unit_test(test_backend_made_by_hand_is_left_alone),
		cmocka_unit_test(test_xenstored_comes_back),
		cmocka_unit_test(test_killed_at_every_step_of_attach),
		cmocka_unit_test(test_killed_at_every_step_of_detach),
		cmocka_unit_test(test_killed_at_every_step_of_the_end),
		cmocka_unit_test(test_killed_at_every_step_of_a_move),
	};

	log_open(LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
