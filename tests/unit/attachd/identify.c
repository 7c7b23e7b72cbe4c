// SPDX-License-Identifier: GPL-2.0-or-later
/* What polkit is told an order is about, and that it stays about that. */
#include "harness.h"

#include "engine/device.h"
#include "engine/orders.h"
#include "fake-store.h"
#include "world.h"

#define BACKEND "/local/domain/0/backend/mydevice/7/0/"

static int ask(struct world *world, struct order *order, enum order_kind kind, const char *guest,
	       const char *name)
{
	memset(order, 0, sizeof(*order));
	order->kind = kind;
	order->mode = MODE_ANY;
	order->identify = true;
	strcpy(order->class, MYDEVICE_CLASS);
	strcpy(order->guest, guest);
	strcpy(order->name, name);
	orders_execute(world->manager, order);
	return order->result;
}

/* As the bus does once it is allowed. */
static int carry_out(struct world *world, struct order *order)
{
	order->identify = false;
	snprintf(order->guest, sizeof(order->guest), "%u", order->key.guest);
	orders_execute(world->manager, order);
	return order->result;
}

static void test_names(void **state)
{
	struct world world;
	struct order order;

	world_begin_connected(&world);
	assert_int_equal(ask(&world, &order, ORDER_DETACH, "7", "0"), 0);
	assert_string_equal(order.found.text, "web");
	assert_string_equal(order.name, "demo");
	assert_int_equal(order.key.guest, 7);
	assert_int_equal(ask(&world, &order, ORDER_ATTACH, "web", "log"), 0);
	assert_string_equal(order.name, "log");
	assert_int_equal(ask(&world, &order, ORDER_ATTACH, "web", "0"), -EINVAL);
	assert_int_equal(ask(&world, &order, ORDER_SET, "web", "log"), -ENXIO);
	assert_int_equal(ask(&world, &order, ORDER_ATTACH, "db", "log"), -ESRCH);
	/* nothing has been done */
	world_settle(&world);
	assert_string_equal(fake_read(BACKEND "online"), "1");
	assert_null(device_find_named(manager_find_domain(world.manager, 7), MYDEVICE_CLASS,
				      "log"));
	world_end(&world);
}

static void test_guest_changes_meanwhile(void **state)
{
	struct world world;
	struct order order;

	world_begin_connected(&world);
	assert_int_equal(ask(&world, &order, ORDER_DETACH, "web", "demo"), 0);
	fake_write("/local/domain/7/name", "db");
	world_settle(&world);
	assert_int_equal(carry_out(&world, &order), -EBUSY);
	assert_string_equal(fake_read(BACKEND "online"), "1");
	assert_int_equal(ask(&world, &order, ORDER_DETACH, "db", "demo"), 0);
	assert_int_equal(carry_out(&world, &order), 0);
	world_settle(&world);
	assert_true(device_is_gone(7, 0) || !strcmp(fake_read(BACKEND "online"), "0"));
	world_end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_guest_changes_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
