// SPDX-License-Identifier: GPL-2.0-or-later
/* A guest for which nothing can be written without an end of the connection. */
#include "harness.h"

#include "base/log.h"
#include "engine/orders.h"
#include "fake-store.h"
#include "world.h"

static uint64_t counted(const struct world *world, enum counter counter)
{
	return registry_status(world->registry).metrics.counters[counter];
}

static bool is_connected(const struct world *world)
{
	return registry_status(world->registry).metrics.store_connected;
}

static bool web_is_attached(void *userdata)
{
	const char *answer = guest_answer(7, 1);

	return device_is_whole(7, 1) && answer && !strcmp(answer, "attached");
}

static void be_patient_with_web(struct world *world)
{
	world_haste = 50;
	world_wait(world, web_is_attached, NULL);
	world_haste = 1;
}

static void order_fails(struct world *world, enum order_kind kind)
{
	struct order order = {
		.kind = kind, .mode = MODE_ANY, .class = MYDEVICE_CLASS,
		.guest = "web", .name = "demo",
	};

	orders_execute(world->manager, &order);
	assert_int_equal(order.result, -EBUSY);
	assert_non_null(strstr(order.reason.text, "left alone"));
}

static int count(const struct device_view *view, void *userdata)
{
	*(unsigned int *)userdata += view->key.guest == 7 && view->phase < PHASE_REMOVED;
	return 0;
}

/* Of how many of the guest's devices it tells, each counted as often as it is there. */
static unsigned int told(const struct world *world)
{
	unsigned int n = 0;

	registry_for_each(world->registry, count, &n);
	return n;
}

static void serves(struct world *world, unsigned int domid)
{
	guest_create(domid, "db");
	guest_request(domid, 0, "demo");
	world_settle(world);
	assert_true(device_is_whole(domid, 0));
	assert_string_equal(guest_answer(domid, 0), "attached");
}

/* Guest 7, with a channel "demo", asked for another one. */
static void begin_shunned(struct world *world)
{
	world_begin_connected(world);
	fake_stall(7);
	guest_request(7, 1, "log");
	world_settle(world);
}

static void test_others_are_served(void **state)
{
	struct world world;

	begin_shunned(&world);
	assert_int_equal(counted(&world, COUNT_SHUNNED), 1);
	assert_int_equal(counted(&world, COUNT_STORE_LOST), 0);
	assert_true(is_connected(&world));
	serves(&world, 8);
	guest_request(7, 2, "more");
	guest_withdraw(7, 0);
	world_settle(&world);
	assert_true(is_connected(&world));
	assert_null(guest_answer(7, 2));
	order_fails(&world, ORDER_ATTACH);
	order_fails(&world, ORDER_DETACH);
	order_fails(&world, ORDER_SET);
	assert_int_equal(counted(&world, COUNT_SHUNNED), 1);
	assert_int_equal(told(&world), 2);
	assert_int_equal(registry_status(world.registry).metrics.connected, 1);
	world_end(&world);
}

static void test_served_again(void **state)
{
	struct world world;

	world_begin_connected(&world);
	fake_stall(7);
	world_haste = 50;
	guest_request(7, 1, "log");
	world_settle(&world);
	fake_stall(-1);
	be_patient_with_web(&world);
	/* what it had before has been found again */
	assert_int_equal(registry_status(world.registry).metrics.connected, 1);
	assert_int_equal(told(&world), 2);
	guest_withdraw(7, 0);
	world_settle(&world);
	assert_string_equal(fake_read("/local/domain/0/backend/mydevice/7/0/online"), "0");
	world_end(&world);
}

static void test_again_and_again(void **state)
{
	struct world world;

	world_begin_connected(&world);
	fake_stall(7);
	world_haste = 50;
	for (unsigned int n = 1; n < 4; n++) {
		guest_request(7, 4 - n, n == 3 ? "log" : n == 2 ? "more" : "most");
		while (counted(&world, COUNT_SHUNNED) < n)
			sd_event_run(world.event, 10 * USEC_PER_MSEC);
		world_settle(&world);
		assert_true(is_connected(&world));
		serves(&world, 7 + n);
	}
	fake_stall(-1);
	be_patient_with_web(&world);
	world_end(&world);
}

static void test_gone_meanwhile(void **state)
{
	struct world world;

	begin_shunned(&world);
	fake_stall(-1);
	guest_destroy(7);
	world_settle(&world);
	assert_true(device_is_gone(7, 0));
	assert_true(device_is_gone(7, 1));
	assert_null(fake_read("/mydevice/7"));
	assert_int_equal(told(&world), 0);
	serves(&world, 8);
	world_end(&world);
}

static bool nothing_of_web(void *userdata)
{
	return device_is_gone(7, 0) && device_is_gone(7, 1) && !fake_read("/mydevice/7") &&
	       !told(userdata);
}

/* Whatever fails once is tried again, and nothing is done twice. */
static void test_failures_when_it_is_over(void **state)
{
	for (unsigned int call = 1, failed = 1; failed; call++) {
		struct world world;

		world_haste = 50;
		begin_shunned(&world);
		fake_stall(-1);
		fake_fail_at(call, -EIO);
		be_patient_with_web(&world);
		world_settle(&world);
		failed = fake_has_failed();
		assert_int_equal(told(&world), 2);
		world_end(&world);
	}
}

static void test_failures_when_it_is_gone(void **state)
{
	for (unsigned int call = 1, failed = 1; failed; call++) {
		struct world world;

		world_haste = 50;
		begin_shunned(&world);
		fake_stall(-1);
		guest_destroy(7);
		fake_fail_at(call, -EIO);
		world_wait(&world, nothing_of_web, &world);
		failed = fake_has_failed();
		world_end(&world);
		world_haste = 1;
	}
}

/* Somebody who watches them all reads nothing: then it is none of them. */
static void test_one_after_the_other(void **state)
{
	struct world world;

	begin_shunned(&world);
	fake_stall(8);
	guest_create(8, "db");
	guest_request(8, 0, "demo");
	world_settle(&world);
	assert_int_equal(counted(&world, COUNT_SHUNNED), 1);
	assert_int_equal(counted(&world, COUNT_STORE_LOST), 1);
	world_end(&world);
}

static void test_rebooted_meanwhile(void **state)
{
	struct world world;

	begin_shunned(&world);
	fake_stall(-1);
	guest_destroy(7);
	guest_create(9, "web");
	fake_write("/local/domain/9/vm", "/vm/00000000-0000-0000-0000-000000000007");
	guest_request(9, 0, "demo");
	world_settle(&world);
	assert_null(guest_answer(9, 0));
	order_fails(&world, ORDER_ATTACH);
	world_end(&world);
}

/* While everything is looked at, too. */
static void test_remains_that_cannot_be_removed(void **state)
{
	struct world world;

	world_begin_connected(&world);
	world_kill_daemon(&world);
	fake_remove("/local/domain/7/device/mydevice");
	fake_stall(7);
	world_haste = 50;
	world_start_daemon(&world, QUICK);
	world_sleep(&world, 200 * USEC_PER_MSEC);
	assert_true(is_connected(&world));
	assert_in_range(counted(&world, COUNT_SHUNNED), 1, 3);
	serves(&world, 8);
	fake_stall(-1);
	guest_request(7, 1, "log");
	be_patient_with_web(&world);
	assert_true(device_is_gone(7, 0) || device_is_whole(7, 0));
	world_end(&world);
}

static int attach(struct world *world, const char *guest)
{
	struct order order = { .kind = ORDER_ATTACH, .mode = MODE_ANY, .class = MYDEVICE_CLASS };

	snprintf(order.guest, sizeof(order.guest), "%s", guest);
	snprintf(order.name, sizeof(order.name), "more");
	orders_execute(world->manager, &order);
	return order.result;
}

/* An order finds it by the name that it has now. */
static void test_renamed_meanwhile(void **state)
{
	struct world world;

	begin_shunned(&world);
	assert_int_equal(attach(&world, "web"), -EBUSY);
	fake_write("/local/domain/7/name", "shop");
	assert_int_equal(attach(&world, "shop"), -EBUSY);
	assert_int_equal(attach(&world, "web"), -ESRCH);
	/* the name is free for another one */
	guest_create(9, "web");
	assert_int_equal(attach(&world, "web"), 0);
	assert_int_equal(attach(&world, "shop"), -EBUSY);
	assert_true(device_is_whole(9, MYDEVICE_DEVID_MAX));
	world_settle(&world);
	assert_int_equal(counted(&world, COUNT_SHUNNED), 1);
	assert_null(guest_answer(7, 1));
	fake_stall(-1);
	world_end(&world);
}

/* Nor does a guest get a backend domain by the name that another one had. */
static void test_renamed_backend(void **state)
{
	struct world world;

	world_begin(&world, QUICK "[Guest db]\nBackend=driver\n");
	guest_create(7, "driver");
	fake_write("/local/domain/7/backend", "");
	world_settle(&world);
	fake_stall(7);
	guest_request(7, 1, "log");
	world_settle(&world);
	assert_int_equal(counted(&world, COUNT_SHUNNED), 1);
	fake_stall(-1);
	fake_write("/local/domain/7/name", "old");
	guest_create(9, "driver");
	fake_write("/local/domain/9/backend", "");
	guest_create(8, "db");
	guest_request(8, 0, "demo");
	world_settle(&world);
	assert_string_equal(guest_answer(8, 0), "attached");
	assert_non_null(fake_read("/local/domain/9/backend/mydevice/8/0/state"));
	world_end(&world);
}

/* The same if its name, or anything else of it, could not be read. */
static void test_renamed_where_reading_fails(void **state)
{
	for (unsigned int call = 1, failed = 1; failed; call++) {
		struct world world;
		int r;

		world_begin_connected(&world);
		fake_write("/local/domain/7/name", "shop");
		guest_create(9, "web");
		fake_fail_at(call, -EIO);
		world_settle(&world);
		failed = fake_has_failed();
		fake_fail_at(0, 0);
		r = attach(&world, "web");
		if (failed && r == -ESRCH) {
			/* the new one could not be read */
			world_end(&world);
			continue;
		}
		assert_int_equal(r, 0);
		assert_true(device_is_whole(9, MYDEVICE_DEVID_MAX));
		assert_null(fake_read("/local/domain/7/device/mydevice/4095"));
		world_end(&world);
	}
}

static int set_up(void **state)
{
	world_haste = 1;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_others_are_served, set_up),
		cmocka_unit_test_setup(test_served_again, set_up),
		cmocka_unit_test_setup(test_again_and_again, set_up),
		cmocka_unit_test_setup(test_gone_meanwhile, set_up),
		cmocka_unit_test_setup(test_failures_when_it_is_over, set_up),
		cmocka_unit_test_setup(test_failures_when_it_is_gone, set_up),
		cmocka_unit_test_setup(test_one_after_the_other, set_up),
		cmocka_unit_test_setup(test_rebooted_meanwhile, set_up),
		cmocka_unit_test_setup(test_renamed_meanwhile, set_up),
		cmocka_unit_test_setup(test_renamed_backend, set_up),
		cmocka_unit_test_setup(test_renamed_where_reading_fails, set_up),
		cmocka_unit_test_setup(test_remains_that_cannot_be_removed, set_up),
	};

	log_open(LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
