// SPDX-License-Identifier: GPL-2.0-or-later
/* What an operator orders, against a XenStore in memory. */
#include "harness.h"

#include "fake-store.h"
#include "log.h"
#include "orders.h"
#include "world.h"

#define GIFT MYDEVICE_DEVID_MAX
#define GIVES_LOG QUICK "[Device log]\nAlways=yes\n[Class alice_dev]\nAlways=no\nDevID=1\n"

static struct order order(enum order_kind kind, const char *guest, const char *name)
{
	struct order order = { .kind = kind, .mode = MODE_ANY, .class = MYDEVICE_CLASS };

	snprintf(order.guest, sizeof(order.guest), "%s", guest);
	snprintf(order.name, sizeof(order.name), "%s", name);
	return order;
}

static int execute(struct world *world, struct order order)
{
	orders_execute(world->manager, &order);
	assert_int_equal(order.result < 0, *order.reason.text != '\0');
	for (const char *p = order.reason.text; *p; p++)
		assert_in_range(*p, ' ', '~');
	world_settle(world);
	return order.result;
}

static int attach(struct world *world, const char *guest, const char *name)
{
	return execute(world, order(ORDER_ATTACH, guest, name));
}

static int detach(struct world *world, const char *guest, const char *name)
{
	return execute(world, order(ORDER_DETACH, guest, name));
}

static void test_attach(void **state)
{
	struct order other, wishes;
	struct world world;

	world_begin(&world, "[Defaults]\nAllow=no\n[Class alice_dev]\nAlways=no\nDevID=1\n");
	guest_create(7, "web");
	world_settle(&world);
	assert_int_equal(attach(&world, "web", "demo"), 0);
	assert_true(device_is_whole(7, GIFT));
	assert_int_equal(attach(&world, "7", "demo"), -EEXIST);
	assert_int_equal(attach(&world, "db", "demo"), -ESRCH);
	assert_int_equal(attach(&world, "", "demo"), -ESRCH);
	assert_int_equal(attach(&world, "web", "\x1b[31m"), -EINVAL);
	assert_int_equal(attach(&world, "web\x1b", "demo"), -ESRCH);
	other = order(ORDER_ATTACH, "web", "alice");
	strcpy(other.class, "alice_dev");
	assert_int_equal(execute(&world, other), 0);
	assert_non_null(fake_read("/local/domain/0/backend/alice_dev/7/1/state"));
	/* this class has one id */
	strcpy(other.name, "again");
	assert_int_equal(execute(&world, other), -EBUSY);
	strcpy(other.class, "eve");
	assert_int_equal(execute(&world, other), -EINVAL);
	wishes = order(ORDER_ATTACH, "web", "bulk");
	wishes.mode = MODE_PACKET;
	wishes.ring_size = 5000;
	assert_int_equal(execute(&world, wishes), 0);
	assert_string_equal(fake_read("/local/domain/0/backend/mydevice/7/4094/mode"), "packet");
	assert_string_equal(fake_read("/local/domain/0/backend/mydevice/7/4094/ring-size"),
			    "4096");
	/* what it was not asked for by its guest is not its guest's to end */
	guest_request(7, GIFT, "demo");
	world_settle(&world);
	guest_withdraw(7, GIFT);
	world_settle(&world);
	assert_true(device_is_whole(7, GIFT));
	world_end(&world);
}

static bool all_gone(void *userdata)
{
	return !fake_read("/local/domain/0/backend/mydevice/7");
}

static void test_detach_lasts(void **state)
{
	struct world world;

	world_begin(&world, GIVES_LOG);
	guest_create(7, "web");
	guest_request(7, 0, "demo");
	world_settle(&world);
	assert_int_equal(detach(&world, "web", "nothing"), -ENXIO);
	assert_int_equal(detach(&world, "web", "9"), -ENXIO);
	assert_int_equal(detach(&world, "web", "0"), 0);
	assert_int_equal(detach(&world, "7", "log"), 0);
	world_wait(&world, all_gone, NULL);
	world_sleep(&world, 400 * USEC_PER_MSEC);
	assert_non_null(strstr(guest_answer(7, 0), "denied: this host's operator"));
	assert_true(all_gone(NULL));
	world_kill_daemon(&world);
	world_start_daemon(&world, GIVES_LOG);
	guest_request(7, 0, "demo");
	world_settle(&world);
	assert_true(all_gone(NULL));
	assert_int_equal(attach(&world, "web", "demo"), 0);
	assert_string_equal(guest_answer(7, 0), "attached");
	assert_true(device_is_whole(7, GIFT));
	assert_int_equal(attach(&world, "web", "log"), 0);
	assert_null(fake_read("/mydevice/7/withheld"));
	world_end(&world);
}

static void test_what_is_withheld_ends_with_its_guest(void **state)
{
	struct world world;

	world_begin(&world, GIVES_LOG);
	guest_create(7, "web");
	guest_create(8, "db");
	world_settle(&world);
	assert_int_equal(detach(&world, "web", "log"), 0);
	assert_int_equal(detach(&world, "db", "log"), 0);
	assert_non_null(fake_read("/mydevice/7/withheld"));
	guest_destroy(7);
	world_settle(&world);
	assert_null(fake_read("/mydevice/7"));
	world_kill_daemon(&world);
	guest_destroy(8);
	guest_create(7, "web");
	world_start_daemon(&world, GIVES_LOG);
	world_settle(&world);
	assert_null(fake_read("/mydevice/8"));
	assert_true(device_is_whole(7, GIFT));
	world_end(&world);
}

static void test_by_force(void **state)
{
	struct order force = order(ORDER_DETACH, "web", "demo");
	struct world world;

	world_begin_connected(&world);
	force.force = true;
	assert_int_equal(execute(&world, force), 0);
	world_sleep(&world, 100 * USEC_PER_MSEC);
	assert_true(!fake_read("/local/domain/0/backend/mydevice/7"));
	world_end(&world);
}

static void test_without_a_store(void **state)
{
	struct world world;

	world_begin(&world, QUICK);
	fake_die_at(1);
	world_sleep(&world, 2500 * USEC_PER_MSEC);
	assert_int_equal(attach(&world, "web", "demo"), -EHOSTDOWN);
	fake_revive();
	world_end(&world);
}

static void test_policy_is_explained(void **state)
{
	struct order explain = order(ORDER_EXPLAIN, "web", "log");
	struct world world;

	world_begin(&world, GIVES_LOG "[Guest web]\nRingSize=8K\nMode=packet stream\n"
			    "NodeGroup=adm\n");
	orders_execute(world.manager, &explain);
	assert_string_equal(explain.explanation,
			    "Allow=yes\nAlways=yes\nDetachTimeoutSec=1\nChannels=*\n"
			    "MaxChannels=8\nMode=packet stream\nRingSize=8192\n"
			    "RingSizeMax=1048576\nRateLimitBurst=1000\n"
			    "RateLimitIntervalSec=10\nNodeGroup=adm\n");
	strcpy(explain.class, "alice_dev");
	orders_execute(world.manager, &explain);
	assert_string_equal(explain.explanation, "Allow=yes\nAlways=no\nDetachTimeoutSec=1\n"
			    "DevID=1\nHandshake=yes\n");
	world_end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attach),
		cmocka_unit_test(test_detach_lasts),
		cmocka_unit_test(test_what_is_withheld_ends_with_its_guest),
		cmocka_unit_test(test_by_force),
		cmocka_unit_test(test_without_a_store),
		cmocka_unit_test(test_policy_is_explained),
	};

	log_open(LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
