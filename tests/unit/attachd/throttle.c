// SPDX-License-Identifier: GPL-2.0-or-later
/* Watches of a guest that makes more events than its share allows. */
#include "harness.h"

#include "fake-store.h"
#include "base/log.h"
#include "world.h"

/* 128 events a second */
#define TIGHT "[Defaults]\nRateLimitBurst=32\nRateLimitIntervalSec=1\nDetachTimeoutSec=1\n"
#define FLOOD 1000

#define STATE "/local/domain/7/device/mydevice/0/state"
#define BACKEND_STATE "/local/domain/0/backend/mydevice/7/0/state"
#define DRIVEN_STATE(domid) "/local/domain/9/backend/mydevice/" #domid "/0/state"

static uint64_t pauses(const struct world *world)
{
	return registry_status(world->registry).metrics.counters[COUNT_PAUSES];
}

static void write_often(const char *path, const char *value)
{
	for (unsigned int i = 0; i < FLOOD; i++)
		fake_write(path, value);
}

static bool web_is_attached(void *userdata)
{
	const char *answer = guest_answer(7, 1);

	return device_is_whole(7, 1) && answer && !strcmp(answer, "attached");
}

static bool db_is_attached(void *userdata)
{
	return device_is_whole(8, 0);
}

static bool is_connected(void *userdata)
{
	const struct world *world = userdata;

	return registry_status(world->registry).metrics.connected == 1;
}

static bool is_disconnected(void *userdata)
{
	return !is_connected(userdata);
}

static unsigned int expected_watches;

static bool has_watches(void *userdata)
{
	return fake_watches() == expected_watches;
}

/* A guest 7 with a channel that is connected. */
static void begin(struct world *world)
{
	world_begin(world, TIGHT);
	guest_create(7, "web");
	guest_request(7, 0, "demo");
	world_settle(world);
	set_states(7, 0, END_CONNECTED, END_CONNECTED);
	world_wait(world, is_connected, world);
	expected_watches = fake_watches();
}

static void test_requests(void **state)
{
	struct world world;

	begin(&world);
	write_often("/local/domain/7/data/mydevice/0/request", "1");
	world_settle(&world);
	assert_int_equal(fake_watches(), expected_watches - 1);
	assert_true(pauses(&world) > 0);
	/* others are served meanwhile, and what it last asked for afterwards */
	guest_request(7, 1, "log");
	guest_create(8, "db");
	guest_request(8, 0, "demo");
	world_settle(&world);
	assert_true(device_is_whole(8, 0));
	assert_null(guest_answer(7, 1));
	world_wait(&world, web_is_attached, NULL);
	world_end(&world);
}

static void test_withdrawn_meanwhile(void **state)
{
	struct world world;

	begin(&world);
	write_often("/local/domain/7/data/mydevice/junk", "1");
	world_settle(&world);
	assert_int_equal(fake_watches(), expected_watches - 1);
	guest_withdraw(7, 0);
	world_settle(&world);
	assert_string_equal(fake_read("/local/domain/0/backend/mydevice/7/0/online"), "1");
	world_wait(&world, has_watches, NULL);
	world_settle(&world);
	assert_string_equal(fake_read("/local/domain/0/backend/mydevice/7/0/online"), "0");
	world_end(&world);
}

#define MISNAMED "/local/domain/7/data/mydevice/first"

static bool misnamed_is_answered(void *userdata)
{
	const char *answer = fake_read(userdata);

	return answer && !strncmp(answer, "error: ", 7);
}

/* A request whose directory is no device id is answered once, as any other. */
static void test_misnamed_meanwhile(void **state)
{
	static const char *const second = "/local/domain/7/data/mydevice/second/status";
	struct world world;
	uint64_t invalid;

	begin(&world);
	write_often("/local/domain/7/data/mydevice/junk", "1");
	world_settle(&world);
	assert_int_equal(fake_watches(), expected_watches - 1);
	fake_write(MISNAMED "/request", "1");
	fake_write("/local/domain/7/data/mydevice/second/request", "1");
	world_settle(&world);
	assert_null(fake_read(MISNAMED "/status"));
	world_wait(&world, misnamed_is_answered, (void *)(MISNAMED "/status"));
	world_wait(&world, misnamed_is_answered, (void *)second);
	invalid = registry_status(world.registry).metrics.counters[COUNT_INVALID];
	assert_int_equal(invalid, 2);
	/* all requests are looked at again */
	fake_write("/local/domain/7/data/mydevice", "");
	world_settle(&world);
	assert_int_equal(registry_status(world.registry).metrics.counters[COUNT_INVALID], invalid);
	world_end(&world);
}

/* Also before the daemon starts, and two at the same moment. */
static void test_misnamed_at_once(void **state)
{
	struct world world;

	begin(&world);
	world_kill_daemon(&world);
	fake_write(MISNAMED "/request", "1");
	world_start_daemon(&world, TIGHT);
	world_wait(&world, misnamed_is_answered, (void *)(MISNAMED "/status"));
	for (unsigned int i = 0; i < 5; i++) {
		char path[128];

		snprintf(path, sizeof(path), "/local/domain/7/data/mydevice/x%u/request", i);
		fake_write(path, "1");
	}
	for (unsigned int i = 0; i < 5; i++) {
		char path[128];

		snprintf(path, sizeof(path), "/local/domain/7/data/mydevice/x%u/status", i);
		world_wait(&world, misnamed_is_answered, path);
	}
	world_end(&world);
}

/* Also nodes below its state, which only the guest makes, and what its backend answers. */
static void test_states(void **state)
{
	static const char *const paths[] = { STATE, STATE "/x", BACKEND_STATE };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct world world;

		begin(&world);
		write_often(paths[i], "4");
		world_settle(&world);
		assert_int_equal(fake_watches(), expected_watches - 1);
		set_states(7, 0, END_CLOSED, END_CLOSED);
		world_wait(&world, is_disconnected, &world);
		world_wait(&world, has_watches, NULL);
		set_states(7, 0, END_CONNECTED, END_CONNECTED);
		world_wait(&world, is_connected, &world);
		world_end(&world);
	}
}

/* The same number of events over a longer time. */
static void test_within_its_share(void **state)
{
	struct world world;

	begin(&world);
	for (unsigned int i = 0; i < 4; i++) {
		for (unsigned int n = 0; n < 60; n++)
			fake_write(STATE, "4");
		world_sleep(&world, 600 * USEC_PER_MSEC);
		assert_int_equal(fake_watches(), expected_watches);
	}
	world_end(&world);
}

static void test_no_limit(void **state)
{
	struct world world;

	world_begin(&world, "[Defaults]\nRateLimitBurst=0\n");
	guest_create(7, "web");
	guest_request(7, 0, "demo");
	world_settle(&world);
	expected_watches = fake_watches();
	write_often(STATE, "1");
	world_settle(&world);
	assert_int_equal(fake_watches(), expected_watches);
	world_end(&world);
}

static void test_destroyed_meanwhile(void **state)
{
	struct world world;
	unsigned int none;

	world_begin(&world, TIGHT);
	none = fake_watches();
	guest_create(7, "web");
	guest_request(7, 0, "demo");
	world_settle(&world);
	write_often("/local/domain/7/data/mydevice/0/request", "1");
	world_settle(&world);
	write_often(STATE, "3");
	world_settle(&world);
	guest_destroy(7);
	world_settle(&world);
	assert_true(device_is_gone(7, 0));
	assert_int_equal(fake_watches(), none);
	world_sleep(&world, 1200 * USEC_PER_MSEC);
	assert_int_equal(fake_watches(), none);
	world_end(&world);
}

static void test_reconnected_meanwhile(void **state)
{
	struct world world;

	begin(&world);
	write_often("/local/domain/7/data/mydevice/0/request", "1");
	world_settle(&world);
	assert_int_equal(fake_watches(), expected_watches - 1);
	world_haste = 20;
	fake_die_at(1);
	guest_request(7, 1, "log");
	world_sleep(&world, 300 * USEC_PER_MSEC);
	fake_revive();
	world_wait(&world, web_is_attached, NULL);
	world_haste = 1;
	world_end(&world);
}

static void test_renamed_meanwhile(void **state)
{
	struct world world;

	begin(&world);
	write_often("/local/domain/7/data/mydevice/0/request", "1");
	world_settle(&world);
	fake_write("/local/domain/7/name", "other");
	world_settle(&world);
	/* the end of a wait for turns may be what identifies it */
	world_sleep(&world, 300 * USEC_PER_MSEC);
	assert_int_equal(fake_watches(), expected_watches - 1);
	world_wait(&world, has_watches, NULL);
	world_end(&world);
}

/* Whatever fails once is tried again, and each watch comes back. */
static void test_failures(void **state)
{
	for (unsigned int call = 1, failed = 1; failed; call++) {
		struct world world;

		begin(&world);
		world_haste = 20;
		write_often(STATE, "4");
		write_often("/local/domain/7/data/mydevice/0/request", "1");
		world_settle(&world);
		assert_true(fake_watches() < expected_watches);
		guest_request(7, 1, "log");
		fake_fail_at(call, -STORE_QUOTA_WATCHES);
		world_wait(&world, web_is_attached, NULL);
		/* those of the second device */
		expected_watches += 2;
		world_wait(&world, has_watches, NULL);
		failed = fake_has_failed();
		world_haste = 1;
		world_end(&world);
	}
}

/* Its own events do not count for the guests that it serves, but those of theirs that it makes. */
static void test_driver_domain(void **state)
{
	static const char driven[] = TIGHT "[Guest web]\nBackend=driver\n";
	struct world world;

	world_begin(&world, driven);
	guest_create(9, "driver");
	fake_write("/local/domain/9/backend", "");
	guest_create(7, "web");
	guest_request(7, 0, "demo");
	world_settle(&world);
	assert_non_null(fake_read("/local/domain/9/backend/mydevice/7/0/state"));
	expected_watches = fake_watches();
	write_often("/local/domain/9/backend/mydevice/7/0/state", "2");
	world_settle(&world);
	assert_int_equal(fake_watches(), expected_watches - 1);
	guest_request(7, 1, "log");
	guest_create(8, "db");
	guest_request(8, 0, "demo");
	world_wait(&world, db_is_attached, NULL);
	world_sleep(&world, 1500 * USEC_PER_MSEC);
	/* the second guest has a watch on its name, one on its requests, and two of its device */
	expected_watches += 4 + 2;
	world_wait(&world, has_watches, NULL);
	world_end(&world);
}

/* Guests 7 "web" and 8 "db", each with a channel 0 that domain 9 serves. */
static void begin_driven(struct world *world)
{
	world_begin(world, TIGHT "[Guest *b]\nBackend=driver\n");
	guest_create(9, "driver");
	fake_write("/local/domain/9/backend", "");
	guest_create(7, "web");
	guest_request(7, 0, "demo");
	guest_create(8, "db");
	guest_request(8, 0, "demo");
	world_settle(world);
	assert_non_null(fake_read(DRIVEN_STATE(7)));
	assert_non_null(fake_read(DRIVEN_STATE(8)));
	expected_watches = fake_watches();
}

static void take_steps(unsigned int domid, unsigned int n)
{
	const char *frontend = domid == 7 ? STATE : "/local/domain/8/device/mydevice/0/state";

	for (unsigned int i = 0; i < n; i++) {
		fake_write(frontend, "1");
		fake_write(domid == 7 ? DRIVEN_STATE(7) : DRIVEN_STATE(8), "6");
		fake_write(domid == 7 ? DRIVEN_STATE(7) : DRIVEN_STATE(8), "2");
	}
}

/* What a backend answers to a noisy guest does not count for the other guests that it serves. */
static void test_noisy_guest_of_driver_domain(void **state)
{
	struct world world;
	unsigned int watches;

	begin_driven(&world);
	take_steps(7, FLOOD);
	world_settle(&world);
	watches = fake_watches();
	assert_true(watches < expected_watches);
	/* the other one is within its share */
	take_steps(8, 60);
	world_settle(&world);
	assert_int_equal(fake_watches(), watches);
	world_sleep(&world, 1500 * USEC_PER_MSEC);
	world_wait(&world, has_watches, NULL);
	world_end(&world);
}

/* Nor do guests that are all within their shares count for each other. */
static void test_many_steps_of_driver_domain(void **state)
{
	struct world world;

	begin_driven(&world);
	for (unsigned int i = 0; i < 3; i++) {
		take_steps(7, 18);
		take_steps(8, 18);
		world_settle(&world);
		assert_int_equal(fake_watches(), expected_watches);
	}
	world_end(&world);
}

/* A guest does not wait because its driver domain makes noise. */
static void test_noisy_driver_domain(void **state)
{
	struct world world;

	begin_driven(&world);
	write_often(DRIVEN_STATE(7), "2");
	world_settle(&world);
	assert_int_equal(fake_watches(), expected_watches - 1);
	fake_write("/local/domain/7/data/mydevice/0/junk", "1");
	fake_write(STATE, "1");
	guest_request(7, 1, "log");
	world_settle(&world);
	assert_int_equal(fake_watches(), expected_watches - 1 + 2);
	assert_string_equal(guest_answer(7, 1), "attached");
	world_end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_withdrawn_meanwhile),
		cmocka_unit_test(test_misnamed_meanwhile),
		cmocka_unit_test(test_misnamed_at_once),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_within_its_share),
		cmocka_unit_test(test_no_limit),
		cmocka_unit_test(test_destroyed_meanwhile),
		cmocka_unit_test(test_reconnected_meanwhile),
		cmocka_unit_test(test_renamed_meanwhile),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_driver_domain),
		cmocka_unit_test(test_noisy_guest_of_driver_domain),
		cmocka_unit_test(test_many_steps_of_driver_domain),
		cmocka_unit_test(test_noisy_driver_domain),
	};

	log_open(LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
