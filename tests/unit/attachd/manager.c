// SPDX-License-Identifier: GPL-2.0-or-later
/* The daemon's conduct, event by event, against a XenStore in memory. */
#include "harness.h"

#include "base/log.h"
#include "engine/guest-turn.h"
#include "fake-store.h"
#include "world.h"

static bool is_gone(void *userdata)
{
	return device_is_gone(7, 0);
}

static bool is_whole(void *userdata)
{
	return device_is_whole(7, 0);
}

#define FRONTEND "/local/domain/7/device/mydevice/0"
#define BACKEND "/local/domain/0/backend/mydevice/7/0"

static void test_the_nodes_of_the_contract(void **state)
{
	static const char *const expected =
		BACKEND "= (n0,r7)\n"
		BACKEND "/frontend=" FRONTEND " (n0,r7)\n"
		BACKEND "/frontend-id=7 (n0,r7)\n"
		BACKEND "/guest=web (n0,r7)\n"
		BACKEND "/mode=stream (n0,r7)\n"
		BACKEND "/name=demo (n0,r7)\n"
		BACKEND "/online=1 (n0,r7)\n"
		BACKEND "/ring-size=262144 (n0,r7)\n"
		BACKEND "/state=1 (n0,r7)\n";
	struct world world;

	world_begin(&world, QUICK);
	guest_create(7, "web");
	guest_request(7, 0, "demo");
	world_settle(&world);
	assert_non_null(strstr(fake_dump(), expected));
	assert_non_null(strstr(fake_dump(),
		FRONTEND "= (n7,r0)\n"
		FRONTEND "/backend=" BACKEND " (n7,r0)\n"
		FRONTEND "/backend-id=0 (n7,r0)\n"
		FRONTEND "/mode=stream (n7,r0)\n"
		FRONTEND "/name=demo (n7,r0)\n"
		FRONTEND "/state=1 (n7,r0)\n"));
	assert_string_equal(fake_permissions("/mydevice/7/mydevice@demo"), "n0");
	assert_string_equal(guest_answer(7, 0), "attached");
	world_end(&world);
}

static void test_no_name_in_the_backend_that_is_not_safe(void **state)
{
	struct world world;

	world_begin(&world, QUICK);
	guest_create(7, "7-0");
	guest_request(7, 0, "demo");
	world_settle(&world);
	assert_true(device_is_whole(7, 0));
	assert_null(fake_read("/local/domain/0/backend/mydevice/7/0/guest"));
	world_end(&world);
}

static void test_nothing_before_the_request_is_complete(void **state)
{
	struct world world;

	world_begin(&world, QUICK);
	guest_create(7, "web");
	fake_write("/local/domain/7/data/mydevice/0/name", "demo");
	fake_write("/local/domain/7/data/mydevice/0/ring-size", "4096");
	world_settle(&world);
	assert_true(device_is_gone(7, 0));
	assert_null(guest_answer(7, 0));
	fake_write("/local/domain/7/data/mydevice/0/request", "1");
	world_settle(&world);
	assert_string_equal(fake_read("/local/domain/0/backend/mydevice/7/0/ring-size"), "4096");
	world_end(&world);
}

static void test_another_mode_is_another_device(void **state)
{
	struct world world;

	world_begin_connected(&world);
	fake_write("/local/domain/7/data/mydevice/0/mode", "stream");
	guest_request(7, 0, "demo");
	world_settle(&world);
	assert_string_equal(fake_read(BACKEND "/online"), "1");
	fake_write("/local/domain/7/data/mydevice/0/mode", "packet");
	guest_request(7, 0, "demo");
	world_settle(&world);
	assert_string_equal(fake_read(BACKEND "/online"), "0");
	set_states(7, 0, END_CLOSED, END_CLOSED);
	world_settle(&world);
	world_wait(&world, is_whole, NULL);
	assert_string_equal(fake_read(BACKEND "/mode"), "packet");
	assert_non_null(strstr(device_note(7, 0), "mode=packet"));
	world_end(&world);
}

static void test_junk_is_refused_and_harmless(void **state)
{
	static const char *const dirs[] = { "abc", "-1", "4096", "00", "99999999999" };
	char path[128], name[600];
	struct world world;

	world_begin(&world, QUICK);
	guest_create(7, "web");
	world_settle(&world);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "/local/domain/7/data/mydevice/%s/request", dirs[i]);
		fake_write(path, "1");
		world_settle(&world);
		snprintf(path, sizeof(path), "/local/domain/7/data/mydevice/%s/status", dirs[i]);
		assert_non_null(fake_read(path));
		assert_int_equal(strncmp(fake_read(path), "error: ", 7), 0);
	}
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	guest_request(7, 1, name);
	guest_request(7, 2, "../../etc/passwd");
	guest_request(7, 3, "\x1b[2J");
	guest_request(7, 4, "");
	world_settle(&world);
	for (unsigned int devid = 1; devid <= 4; devid++)
		assert_int_equal(strncmp(guest_answer(7, devid), "error: name", 11), 0);
	assert_null(fake_read("/local/domain/0/backend/mydevice"));
	assert_int_equal(registry_status(world.registry).metrics.devices, 0);
	world_end(&world);
}

static void test_a_name_is_given_once(void **state)
{
	struct world world;

	world_begin(&world, QUICK);
	guest_create(7, "web");
	guest_create(8, "db");
	guest_request(7, 0, "demo");
	world_settle(&world);
	guest_request(7, 1, "demo");
	guest_request(8, 0, "demo");
	world_settle(&world);
	assert_int_equal(strncmp(guest_answer(7, 1), "denied: ", 8), 0);
	assert_string_equal(guest_answer(8, 0), "attached");
	/* and is free again with the device that had it */
	guest_withdraw(7, 0);
	world_settle(&world);
	assert_true(device_is_whole(7, 1) || !device_note(7, 0));
	world_sleep(&world, 400 * USEC_PER_MSEC);
	assert_true(device_is_whole(7, 1));
	assert_string_equal(guest_answer(7, 1), "attached");
	world_end(&world);
}

static void test_so_many_and_no_more(void **state)
{
	struct world world;
	char name[16];

	world_begin(&world, "[Defaults]\nMaxChannels=3\n");
	guest_create(7, "web");
	for (unsigned int devid = 0; devid < 200; devid++) {
		snprintf(name, sizeof(name), "c%u", devid);
		guest_request(7, devid, name);
	}
	world_settle(&world);
	assert_int_equal(registry_status(world.registry).metrics.devices, 3);
	assert_int_equal(strncmp(guest_answer(7, 199), "denied: ", 8), 0);
	world_end(&world);
}

static void test_another_policy_gives_what_was_denied(void **state)
{
	struct policy *policy = policy_new();
	struct world world;

	world_begin(&world, "[Guest web]\nAllow=no\n");
	guest_create(7, "web");
	guest_request(7, 0, "demo");
	world_settle(&world);
	assert_int_equal(strncmp(guest_answer(7, 0), "denied: ", 8), 0);
	manager_set_policy(world.manager, policy);
	world_settle(&world);
	assert_true(device_is_whole(7, 0));
	assert_string_equal(guest_answer(7, 0), "attached");
	world_end(&world);
}

static void test_withdrawn_and_closed_by_both(void **state)
{
	struct world world;

	world_begin_connected(&world);
	guest_withdraw(7, 0);
	world_settle(&world);
	assert_string_equal(fake_read("/local/domain/0/backend/mydevice/7/0/online"), "0");
	assert_string_equal(fake_read("/local/domain/0/backend/mydevice/7/0/state"), "5");
	set_states(7, 0, END_CLOSED, END_CLOSING);
	world_settle(&world);
	assert_non_null(fake_read("/local/domain/7/device/mydevice/0"));
	set_states(7, 0, END_CLOSED, END_CLOSED);
	world_settle(&world);
	assert_true(device_is_gone(7, 0));
	assert_null(fake_read("/local/domain/0/backend/mydevice"));
	assert_null(fake_read("/local/domain/7/device/mydevice"));
	world_end(&world);
}

static void test_withdrawn_and_forced(void **state)
{
	struct world world;

	world_begin_connected(&world);
	guest_withdraw(7, 0);
	world_settle(&world);
	assert_false(device_is_gone(7, 0));
	world_wait(&world, is_gone, NULL);
	world_end(&world);
}

static void test_forged_states_do_nothing(void **state)
{
	char text[2] = "0";
	struct world world;
	unsigned int changes;

	world_begin_connected(&world);
	changes = fake_changes();
	for (int round = 0; round < 3; round++)
		for (text[0] = '0'; text[0] <= '9'; text[0]++) {
			fake_write("/local/domain/7/device/mydevice/0/state", text);
			world_settle(&world);
			assert_true(device_is_whole(7, 0));
		}
	fake_write("/local/domain/7/device/mydevice/0/state", "\x1b]0;x");
	world_settle(&world);
	assert_true(device_is_whole(7, 0));
	set_states(7, 0, END_CONNECTED, END_CONNECTED);
	world_settle(&world);
	assert_int_equal(registry_status(world.registry).metrics.connected, 1);
	assert_int_equal(fake_changes(), changes);
	world_end(&world);
}

static void test_frontend_deleted_by_its_guest_comes_back(void **state)
{
	struct world world;

	world_begin_connected(&world);
	fake_remove("/local/domain/7/device/mydevice/0");
	world_settle(&world);
	assert_string_equal(fake_read("/local/domain/0/backend/mydevice/7/0/state"), "5");
	set_states(7, 0, END_GONE, END_CLOSED);
	world_settle(&world);
	assert_true(device_is_gone(7, 0));
	/* it is still asked for */
	world_wait(&world, is_whole, NULL);
	world_end(&world);
}

/* By a guest that deletes it again and again: later and later. */
static void test_vanished_comes_back_later_each_time(void **state)
{
	struct world world;
	struct domain *domain;

	world_begin_connected(&world);
	domain = manager_find_domain(world.manager, 7);
	domain->vanishings = (struct backoff){ (int)backoff_of_guest.free + 1, monotonic_usec() };
	fake_remove("/local/domain/7/device/mydevice/0");
	world_settle(&world);
	set_states(7, 0, END_GONE, END_CLOSED);
	world_settle(&world);
	assert_true(device_is_gone(7, 0));
	world_sleep(&world, 1700 * USEC_PER_MSEC);
	assert_true(device_is_gone(7, 0));
	world_wait(&world, is_whole, NULL);
	assert_int_equal(domain->vanishings.n, (int)backoff_of_guest.free + 2);
	world_end(&world);
}

/* A handshake without end costs ever less, and none of what matters waits for it. */
static void test_a_looping_handshake_is_looked_at_less(void **state)
{
	struct world world;
	unsigned int calls;

	world_begin_connected(&world);
	for (int round = 0; round < (int)backoff_of_guest.free + 1; round++) {
		for (enum end_state to = END_INITIALISING; to <= END_CLOSED; to++) {
			set_states(7, 0, to, END_CONNECTED);
			world_settle(&world);
		}
	}
	calls = fake_calls();
	for (int round = 0; round < 20; round++) {
		set_states(7, 0, END_INITIALISING + round % 4, END_CONNECTED);
		world_settle(&world);
	}
	assert_int_equal(fake_calls(), calls);
	/* the last word counts, in its time */
	set_states(7, 0, END_CONNECTED, END_CONNECTED);
	world_sleep(&world, backoff_of_guest.first_usec + 200 * USEC_PER_MSEC);
	assert_int_equal(registry_status(world.registry).metrics.connected, 1);
	/* again held, and to go: at once */
	set_states(7, 0, END_INITIALISING, END_CONNECTED);
	world_settle(&world);
	guest_withdraw(7, 0);
	world_settle(&world);
	assert_string_equal(fake_read("/local/domain/0/backend/mydevice/7/0/online"), "0");
	set_states(7, 0, END_CLOSED, END_CLOSED);
	world_settle(&world);
	assert_true(device_is_gone(7, 0));
	world_end(&world);
}

static void test_destroyed_leaves_nothing(void **state)
{
	struct world world;

	world_begin_connected(&world);
	guest_destroy(7);
	world_settle(&world);
	assert_null(strstr(fake_dump(), "/7"));
	assert_int_equal(registry_status(world.registry).metrics.guests, 0);
	assert_int_equal(registry_status(world.registry).metrics.devices, 0);
	/* @introduceDomain and @releaseDomain */
	assert_int_equal(fake_watches(), 2);
	world_end(&world);
}

/* The tree goes after the event, as when a guest shuts down. */
static void test_released_before_its_tree_goes(void **state)
{
	struct world world;

	world_begin_connected(&world);
	fake_introduce(7, false);
	world_settle(&world);
	assert_true(device_is_gone(7, 0));
	fake_remove("/local/domain/7");
	world_settle(&world);
	assert_null(strstr(fake_dump(), "/7"));
	world_end(&world);
}

static void test_rebooted_gets_its_channel_again(void **state)
{
	struct world world;

	world_begin_connected(&world);
	guest_destroy(7);
	guest_create(9, "web");
	guest_request(9, 0, "demo");
	world_settle(&world);
	assert_true(device_is_gone(7, 0));
	assert_true(device_is_whole(9, 0));
	world_end(&world);
}

static void test_incoming_waits_for_its_name(void **state)
{
	struct world world;

	world_begin(&world, QUICK);
	guest_create(7, "web--incoming");
	guest_request(7, 0, "demo");
	world_settle(&world);
	assert_true(device_is_gone(7, 0));
	fake_write("/local/domain/7/name", "web");
	world_settle(&world);
	assert_true(device_is_whole(7, 0));
	assert_string_equal(fake_read("/local/domain/0/backend/mydevice/7/0/guest"), "web");
	world_end(&world);
}

static void test_migrated_away_keeps_what_it_has(void **state)
{
	struct world world;

	world_begin_connected(&world);
	fake_write("/local/domain/7/name", "web--migratedaway");
	world_settle(&world);
	assert_true(device_is_whole(7, 0));
	assert_int_equal(registry_status(world.registry).metrics.connected, 1);
	world_end(&world);
}

static void test_renamed_is_another_guest_to_the_policy(void **state)
{
	struct world world;

	world_begin(&world, "[Guest web]\nAllow=no\n");
	guest_create(7, "web");
	guest_request(7, 0, "demo");
	world_settle(&world);
	assert_true(device_is_gone(7, 0));
	fake_write("/local/domain/7/name", "db");
	world_settle(&world);
	assert_true(device_is_whole(7, 0));
	world_end(&world);
}

/* All the time xenstored calls the domid introduced: first of the old, then of the new. */
static void test_tree_replaced_unnoticed(void **state)
{
	struct world world;

	world_begin(&world, QUICK);
	guest_create(7, "old");
	world_settle(&world);
	fake_remove("/local/domain/7");
	world_settle(&world);
	fake_write("/local/domain/7/data", "");
	guest_request(7, 0, "demo");
	world_settle(&world);
	assert_true(device_is_gone(7, 0));
	fake_write("/local/domain/7/vm", "/vm/ffffffff-0000-0000-0000-000000000007");
	fake_write("/local/domain/7/name", "new");
	world_settle(&world);
	assert_true(device_is_whole(7, 0));
	assert_string_equal(fake_read("/local/domain/0/backend/mydevice/7/0/guest"), "new");
	assert_non_null(strstr(device_note(7, 0), "uuid=ffffffff"));
	world_end(&world);
}

static void test_conflicts_are_overcome(void **state)
{
	struct world world;

	world_begin(&world, QUICK);
	guest_create(7, "web");
	world_settle(&world);
	fake_conflicts(15);
	guest_request(7, 0, "demo");
	world_settle(&world);
	assert_true(device_is_whole(7, 0));
	world_end(&world);
}

static void test_conflicts_without_end_are_not_waited_for(void **state)
{
	struct world world;
	unsigned int calls;

	world_begin(&world, QUICK);
	guest_create(7, "web");
	world_settle(&world);
	fake_conflicts(1000000);
	guest_request(7, 0, "demo");
	calls = fake_calls();
	world_settle(&world);
	assert_true(fake_calls() - calls < 1000);
	assert_true(device_is_gone(7, 0));
	fake_conflicts(0);
	/* it is tried again without being asked again */
	world_wait(&world, is_whole, NULL);
	world_settle(&world);
	assert_string_equal(guest_answer(7, 0), "attached");
	world_end(&world);
}

/* Of a guest that asks for a lot, no more than one piece is done before another's. */
static void test_storm_does_not_delay_others(void **state)
{
	struct world world;
	unsigned int calls;

	world_begin(&world, QUICK);
	guest_create(7, "storm");
	guest_create(8, "calm");
	world_settle(&world);
	for (unsigned int devid = 0; devid < 500; devid++)
		guest_request(7, devid, "same");
	guest_request(8, 0, "demo");
	calls = fake_calls();
	while (!device_is_whole(8, 0))
		assert_true(sd_event_run(world.event, 0) > 0);
	assert_true(fake_calls() - calls < 250);
	world_end(&world);
}

static bool is_served(void *userdata)
{
	const char *status = guest_answer(7, 49);

	return status && !strcmp(status, "attached");
}

/* Over its share it waits, forgets nothing, and can still end. */
static void test_a_busy_guest_waits(void **state)
{
	struct world world;
	struct domain *domain;
	uint64_t began, took;
	char name[16];

	world_begin(&world, QUICK "RateLimitBurst=20\nRateLimitIntervalSec=20\nMaxChannels=50\n"
		    "[Guest db]\nRateLimitBurst=0\n");
	guest_create(7, "web");
	guest_create(8, "db");
	for (unsigned int devid = 0; devid < 50; devid++) {
		snprintf(name, sizeof(name), "c%u", devid);
		guest_request(7, devid, name);
		guest_request(8, devid, name);
	}
	began = monotonic_usec();
	world_settle(&world);
	took = monotonic_usec() - began;
	assert_true(device_is_whole(8, 49));
	assert_false(device_is_whole(7, 49));
	/* one more each second; on a busy machine, that was some seconds */
	assert_in_range(registry_status(world.registry).metrics.devices, 60,
			75 + took / USEC_PER_SEC);
	assert_true(registry_status(world.registry).metrics.counters[COUNT_PAUSES] > 0);
	/* from here 20 at once, and then 20 each second */
	domain = manager_find_domain(world.manager, 7);
	domain->rate = (struct rate){ 0 };
	domain->rate_interval_usec = USEC_PER_SEC;
	world_wait(&world, is_served, NULL);
	assert_true(monotonic_usec() - began > USEC_PER_SEC);
	/* its end is not a turn of its own */
	guest_destroy(7);
	world_settle(&world);
	assert_null(strstr(fake_dump(), "backend/mydevice/7/"));
	assert_null(fake_read("/mydevice/7"));
	assert_null(strstr(fake_dump(), "domain/7/"));
	world_end(&world);
}

static void test_many_rounds_leave_nothing(void **state)
{
	struct world world;
	char *before;

	world_begin(&world, QUICK);
	before = strdup(fake_dump());
	for (unsigned int domid = 1; domid < 50; domid++) {
		guest_create(domid, "web");
		guest_request(domid, 0, "demo");
		guest_request(domid, 1, "log");
		world_settle(&world);
		assert_true(device_is_whole(domid, 1));
		guest_destroy(domid);
		world_settle(&world);
		assert_string_equal(fake_dump(), before);
		assert_int_equal(fake_watches(), 2);
	}
	free(before);
	world_end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_nodes_of_the_contract),
		cmocka_unit_test(test_no_name_in_the_backend_that_is_not_safe),
		cmocka_unit_test(test_nothing_before_the_request_is_complete),
		cmocka_unit_test(test_another_mode_is_another_device),
		cmocka_unit_test(test_junk_is_refused_and_harmless),
		cmocka_unit_test(test_a_name_is_given_once),
		cmocka_unit_test(test_so_many_and_no_more),
		cmocka_unit_test(test_another_policy_gives_what_was_denied),
		cmocka_unit_test(test_withdrawn_and_closed_by_both),
		cmocka_unit_test(test_withdrawn_and_forced),
		cmocka_unit_test(test_forged_states_do_nothing),
		cmocka_unit_test(test_frontend_deleted_by_its_guest_comes_back),
		cmocka_unit_test(test_vanished_comes_back_later_each_time),
		cmocka_unit_test(test_a_looping_handshake_is_looked_at_less),
		cmocka_unit_test(test_destroyed_leaves_nothing),
		cmocka_unit_test(test_released_before_its_tree_goes),
		cmocka_unit_test(test_rebooted_gets_its_channel_again),
		cmocka_unit_test(test_incoming_waits_for_its_name),
		cmocka_unit_test(test_migrated_away_keeps_what_it_has),
		cmocka_unit_test(test_renamed_is_another_guest_to_the_policy),
		cmocka_unit_test(test_tree_replaced_unnoticed),
		cmocka_unit_test(test_conflicts_are_overcome),
		cmocka_unit_test(test_conflicts_without_end_are_not_waited_for),
		cmocka_unit_test(test_storm_does_not_delay_others),
		cmocka_unit_test(test_a_busy_guest_waits),
		cmocka_unit_test(test_many_rounds_leave_nothing),
	};

	log_open(LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
