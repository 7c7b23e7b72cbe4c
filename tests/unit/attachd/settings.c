// SPDX-License-Identifier: GPL-2.0-or-later
/* The settings of a device, from the policy and by order, against a XenStore in memory. */
#include "harness.h"

#include "base/log.h"
#include "engine/device.h"
#include "engine/orders.h"
#include "fake-store.h"
#include "world.h"

#define BACKEND "/local/domain/0/backend/mydevice/7/0/"
#define FRONTEND "/local/domain/7/device/mydevice/0/"

static struct order order(enum order_kind kind, const char *name)
{
	struct order order = {
		.kind = kind,
		.mode = MODE_ANY,
		.class = MYDEVICE_CLASS,
		.guest = "web",
	};

	snprintf(order.name, sizeof(order.name), "%s", name);
	return order;
}

static int execute(struct world *world, struct order *order)
{
	orders_execute(world->manager, order);
	assert_int_equal(order->result < 0, *order->reason.text != '\0');
	world_settle(world);
	return order->result;
}

/* By words as mydevicectl has them. */
static int set(struct world *world, const char *name, const char *key, const char *value)
{
	struct order change = order(ORDER_SET, name);
	struct reason reason;

	assert_int_equal(live_set(&change.live, key, value, &reason), 0);
	change.named = 1u << live_find(key);
	return execute(world, &change);
}

static void test_set(void **state)
{
	struct device *device;
	struct world world;

	world_begin_connected(&world);
	assert_int_equal(set(&world, "nothing", "paused", "yes"), -ENXIO);
	assert_int_equal(set(&world, "demo", "paused", "yes"), 0);
	assert_int_equal(set(&world, "0", "rate-bytes", "64K"), 0);
	assert_string_equal(fake_read(BACKEND "paused"), "1");
	assert_string_equal(fake_read(BACKEND "rate-bytes"), "65536");
	assert_string_equal(fake_permissions(BACKEND "paused"), fake_permissions(BACKEND "state"));
	/* only what is named */
	assert_int_equal(set(&world, "demo", "paused", "no"), 0);
	assert_null(fake_read(BACKEND "paused"));
	assert_string_equal(fake_read(BACKEND "rate-bytes"), "65536");
	/* it stands in XenStore, so another process finds it there */
	world_kill_daemon(&world);
	fake_write(BACKEND "node-mode", "0777");
	world_start_daemon(&world, QUICK);
	world_settle(&world);
	device = device_find(manager_find_domain(world.manager, 7), MYDEVICE_CLASS, 0);
	assert_string_equal(device->live.value[LIVE_RATE_BYTES], "65536");
	assert_string_equal(device->live.value[LIVE_NODE_MODE], "");
	assert_int_equal(set(&world, "demo", "rate-bytes", "0"), 0);
	assert_null(fake_read(BACKEND "rate-bytes"));
	/* no ghost of a directory that has gone */
	fake_remove("/local/domain/0/backend/mydevice/7");
	assert_int_equal(set(&world, "demo", "paused", "yes") < 0, 1);
	assert_null(fake_read(BACKEND "paused"));
	world_end(&world);
}

/* In the mode of the backend, too, which a driver that cannot enforce it refuses. */
static void test_set_direction(void **state)
{
	struct world world;

	world_begin_connected(&world);
	fake_write(BACKEND "max-protocol", "1");
	assert_int_equal(set(&world, "demo", "direction", "to-host"), -EOPNOTSUPP);
	assert_null(fake_read(BACKEND "direction"));
	fake_write(BACKEND "feature-direction", "1");
	assert_int_equal(set(&world, "demo", "direction", "to-host"), 0);
	assert_string_equal(fake_read(BACKEND "direction"), "to-host");
	assert_string_equal(fake_read(BACKEND "mode"), "one-way stream");
	assert_string_equal(fake_read(FRONTEND "mode"), "stream");
	assert_int_equal(set(&world, "demo", "direction", "both"), 0);
	assert_null(fake_read(BACKEND "direction"));
	assert_string_equal(fake_read(BACKEND "mode"), "stream");
	world_end(&world);
}

static void test_direction_of_the_policy(void **state)
{
	struct world world;

	world_begin(&world, QUICK "Direction=to-host\n[Device demo]\nDirection=to-guest\n"
			    "[Device free]\nDirection=both\n");
	guest_create(7, "web");
	guest_request(7, 0, "demo");
	guest_request(7, 1, "free");
	world_settle(&world);
	assert_string_equal(fake_read(BACKEND "direction"), "to-guest");
	assert_string_equal(fake_read(BACKEND "mode"), "one-way stream");
	assert_string_equal(fake_read("/local/domain/0/backend/mydevice/7/1/mode"), "stream");
	world_end(&world);
}

static void test_set_while_it_goes(void **state)
{
	struct order detach = order(ORDER_DETACH, "demo");
	struct world world;

	world_begin_connected(&world);
	assert_int_equal(execute(&world, &detach), 0);
	assert_int_equal(set(&world, "demo", "paused", "yes"), -EBUSY);
	assert_null(fake_read(BACKEND "paused"));
	world_end(&world);
}

/* What a device begins with; another one begins with that again. */
static void test_settings_of_the_policy(void **state)
{
	struct world world;

	world_begin(&world, QUICK "RateBytes=1M\nReadWake=4K\n"
			    "[Device demo]\nPaused=yes\nReadWake=0\n");
	guest_create(7, "web");
	guest_request(7, 0, "demo");
	world_settle(&world);
	assert_string_equal(fake_read(BACKEND "rate-bytes"), "1048576");
	assert_string_equal(fake_read(BACKEND "paused"), "1");
	assert_null(fake_read(BACKEND "read-wake"));
	assert_int_equal(set(&world, "demo", "rate-bytes", "1"), 0);
	guest_destroy(7);
	world_settle(&world);
	guest_create(7, "web");
	guest_request(7, 0, "demo");
	world_settle(&world);
	assert_string_equal(fake_read(BACKEND "rate-bytes"), "1048576");
	world_end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_set_direction),
		cmocka_unit_test(test_direction_of_the_policy),
		cmocka_unit_test(test_set_while_it_goes),
		cmocka_unit_test(test_settings_of_the_policy),
	};

	log_open(LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
