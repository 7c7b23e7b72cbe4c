// SPDX-License-Identifier: GPL-2.0-or-later
/* What an operator orders, against a XenStore in memory. */
#include "harness.h"

#include "base/log.h"
#include "engine/device.h"
#include "engine/node-link.h"
#include "engine/orders.h"
#include "fake-store.h"
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
	assert_int_equal(attach(&world, "", "demo"), -EINVAL);
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

/* Without a turn of the event loop in between, as the event may be on its way still. */
static void test_orders_know_the_latest_names(void **state)
{
	struct world world;

	world_begin(&world, QUICK);
	guest_create(7, "web");
	assert_int_equal(attach(&world, "web", "demo"), 0);
	assert_true(device_is_whole(7, GIFT));
	fake_write("/local/domain/7/name", "old");
	guest_create(8, "web");
	assert_int_equal(attach(&world, "web", "log"), 0);
	assert_true(device_is_whole(8, GIFT));
	assert_false(device_is_whole(7, GIFT - 1));
	fake_write("/local/domain/8/name", "gone");
	assert_int_equal(detach(&world, "web", "log"), -ESRCH);
	assert_true(device_is_whole(8, GIFT));
	world_end(&world);
}

static int find(struct world *world, const char *guest, unsigned int *ret_domid,
		struct reason *ret_reason)
{
	struct order found = order(ORDER_FIND_GUEST, guest, "");

	orders_execute(world->manager, &found);
	*ret_domid = found.key.guest;
	*ret_reason = found.reason;
	return found.result;
}

static void finds(struct world *world, const char *guest, unsigned int expected)
{
	struct reason reason;
	unsigned int domid;

	assert_int_equal(find(world, guest, &domid, &reason), 0);
	assert_int_equal(domid, expected);
}

static void finds_none(struct world *world, const char *guest, int error, const char *text)
{
	struct reason reason;
	unsigned int domid;

	assert_int_equal(find(world, guest, &domid, &reason), error);
	assert_non_null(strstr(reason.text, text));
}

static void guest_of(unsigned int domid, const char *name, unsigned int uuid);

static void test_guests_are_found_by_rules(void **state)
{
	struct world world;

	world_begin(&world, QUICK);
	guest_of(7, "web", 1);
	guest_of(8, "web", 2);
	guest_of(9, "12", 3);
	guest_of(12, "caf\xc3\xa9", 4);
	guest_of(13, "00000000-0000-0000-0000-000000000001", 5);
	guest_of(14, "caf\xe9 \\", 6);
	finds_none(&world, "web", -ENOTUNIQ, "domid 7 UUID 00000000-0000-0000-0000-000000000001");
	finds_none(&world, "web", -ENOTUNIQ, "domid 8 UUID 00000000-0000-0000-0000-000000000002");
	finds(&world, "7", 7);
	finds(&world, "12", 12);
	finds_none(&world, "5", -ESRCH, "domid 5");
	finds(&world, "00000000-0000-0000-0000-000000000001", 7);
	finds(&world, "00000000-0000-0000-0000-000000000003", 9);
	finds(&world, "caf\xc3\xa9", 12);
	finds(&world, "caf\\xc3\\xa9", 12);
	finds(&world, "caf\\xe9 \\x5c", 14);
	finds_none(&world, "012", -EINVAL, "domid");
	finds_none(&world, "99999999999999999999", -EINVAL, "domid");
	finds_none(&world, "0", -EINVAL, "this host");
	finds_none(&world, "web--incoming", -EINVAL, "migrates");
	guest_destroy(12);
	finds_none(&world, "12", -ESRCH, "domain 9");
	guest_destroy(7);
	finds(&world, "web", 8);
	/* the copy has its name and its UUID */
	fake_write("/local/domain/8/name", "web--migratedaway");
	finds(&world, "web", 8);
	guest_of(15, "web", 2);
	finds(&world, "web", 15);
	finds(&world, "00000000-0000-0000-0000-000000000002", 15);
	finds(&world, "8", 8);
	guest_of(16, "copy", 2);
	finds_none(&world, "00000000-0000-0000-0000-000000000002", -ENOTUNIQ, "domid 16");
	world_end(&world);
}

static const char *node_of(struct world *world, unsigned int domid)
{
	static struct path path;
	struct domain *domain = manager_find_domain(world->manager, domid);

	path = node_link_path(device_find(domain, MYDEVICE_CLASS, GIFT));
	return path.text;
}

static void rename_guest(struct world *world, unsigned int domid, const char *name);

static void test_paths_after_a_rename(void **state)
{
	struct world world;

	world_begin(&world, QUICK);
	guest_create(7, "web");
	assert_int_equal(attach(&world, "web", "demo"), 0);
	assert_string_equal(node_of(&world, 7), "/dev/mydevice-back/web/demo");
	rename_guest(&world, 7, "old");
	assert_string_equal(node_of(&world, 7), "/dev/mydevice-back/7-4095");
	/* udev still has a link by the old name */
	guest_create(8, "web");
	assert_int_equal(attach(&world, "web", "demo"), 0);
	assert_string_equal(node_of(&world, 8), "/dev/mydevice-back/8-4095");
	assert_null(fake_read("/local/domain/0/backend/mydevice/8/4095/guest"));
	world_kill_daemon(&world);
	world_start_daemon(&world, QUICK);
	world_settle(&world);
	assert_string_equal(node_of(&world, 7), "/dev/mydevice-back/7-4095");
	rename_guest(&world, 7, "web");
	assert_string_equal(node_of(&world, 7), "/dev/mydevice-back/web/demo");
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
	assert_true(device_is_whole(7, 0));
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

static void guest_of(unsigned int domid, const char *name, unsigned int uuid)
{
	char path[64], value[64];

	guest_create(domid, name);
	snprintf(path, sizeof(path), "/local/domain/%u/vm", domid);
	snprintf(value, sizeof(value), "/vm/00000000-0000-0000-0000-%012u", uuid);
	fake_write(path, value);
}

static void rename_guest(struct world *world, unsigned int domid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
	fake_write(path, name);
	world_settle(world);
}

static void test_attached_comes_back_with_its_guest(void **state)
{
	struct order wishes = order(ORDER_ATTACH, "web", "bulk");
	struct world world;

	world_begin(&world, GIVES_LOG);
	guest_of(7, "web", 1);
	world_settle(&world);
	wishes.mode = MODE_PACKET;
	wishes.ring_size = 8192;
	assert_int_equal(execute(&world, wishes), 0);
	assert_true(device_is_whole(7, GIFT - 1));
	for (unsigned int domid = 8; domid < 11; domid++) {
		guest_destroy(domid - 1);
		if (domid == 9)
			world_kill_daemon(&world);
		guest_of(domid, "web", 1);
		if (domid == 9)
			world_start_daemon(&world, GIVES_LOG);
		world_settle(&world);
		assert_true(device_is_gone(domid - 1, GIFT - 1));
		assert_true(device_is_whole(domid, GIFT - 1));
	}
	assert_string_equal(fake_read("/local/domain/0/backend/mydevice/10/4094/mode"), "packet");
	assert_string_equal(fake_read("/local/domain/0/backend/mydevice/10/4094/ring-size"),
			    "8192");
	assert_string_equal(fake_permissions("/mydevice/kept"), "n0");
	/* its guest may not get rid of it */
	assert_non_null(strstr(device_note(10, GIFT - 1), "origin=operator"));
	/* another guest gets nothing; and nobody, once it was detached */
	guest_of(20, "other", 2);
	world_settle(&world);
	assert_true(device_is_gone(20, GIFT - 1) || !device_is_whole(20, GIFT - 1));
	assert_int_equal(detach(&world, "web", "bulk"), 0);
	assert_null(fake_read("/mydevice/kept/00000000-0000-0000-0000-000000000001"));
	guest_destroy(10);
	guest_of(11, "web", 1);
	world_settle(&world);
	assert_true(device_is_whole(11, GIFT));
	assert_false(device_is_whole(11, GIFT - 1));
	world_end(&world);
}

static void test_two_of_one_uuid_are_told_apart(void **state)
{
	struct world world;

	world_begin(&world, QUICK);
	guest_of(7, "web", 1);
	world_settle(&world);
	assert_int_equal(attach(&world, "web", "demo"), 0);
	/* a copy gets nothing of the first one's, not even when that is gone */
	guest_of(8, "copy", 1);
	world_settle(&world);
	assert_true(device_is_gone(8, GIFT));
	guest_destroy(7);
	world_settle(&world);
	assert_true(device_is_gone(8, GIFT));
	/* and what both have is nobody's when they are gone */
	guest_of(9, "web", 1);
	world_settle(&world);
	assert_true(device_is_gone(9, GIFT));
	assert_int_equal(attach(&world, "copy", "log"), 0);
	guest_destroy(8);
	guest_destroy(9);
	guest_of(10, "web", 1);
	world_settle(&world);
	assert_true(device_is_whole(10, GIFT));
	assert_non_null(fake_read("/mydevice/10/mydevice@demo"));
	assert_false(device_is_whole(10, GIFT - 1));
	world_end(&world);
}

/* The note of the one that is gone is not the copy's to lose. */
static void test_a_failed_order_leaves_the_note_of_a_twin(void **state)
{
	static const char note[] = "/mydevice/kept/00000000-0000-0000-0000-000000000001/"
				   "mydevice@demo";

	for (unsigned int call = 1, failed = 1; failed; call++) {
		char before[256];
		struct world world;
		int r;

		world_begin(&world, QUICK);
		guest_of(7, "web", 1);
		world_settle(&world);
		assert_int_equal(attach(&world, "web", "demo"), 0);
		strcpy(before, fake_read(note));
		guest_of(8, "copy", 1);
		world_settle(&world);
		guest_destroy(7);
		world_settle(&world);
		fake_fail_at(call, -EIO);
		r = attach(&world, "copy", "demo");
		failed = fake_has_failed();
		fake_fail_at(0, 0);
		if (r < 0)
			assert_string_equal(fake_read(note) ?: "", before);
		assert_int_equal(r == 0, device_is_whole(8, GIFT));
		world_end(&world);
	}
}

static void test_migrated_on_one_host(void **state)
{
	struct world world;

	world_begin(&world, QUICK);
	guest_of(7, "web", 1);
	world_settle(&world);
	assert_int_equal(attach(&world, "web", "demo"), 0);
	guest_of(8, "web--incoming", 1);
	world_settle(&world);
	assert_true(device_is_gone(8, GIFT));
	rename_guest(&world, 7, "web--migratedaway");
	assert_true(device_is_whole(7, GIFT));
	rename_guest(&world, 8, "web");
	assert_true(device_is_whole(8, GIFT));
	guest_destroy(7);
	world_settle(&world);
	assert_true(device_is_whole(8, GIFT));
	/* by another name it is the same guest still */
	rename_guest(&world, 8, "shop");
	guest_destroy(8);
	guest_of(9, "shop", 1);
	world_settle(&world);
	assert_true(device_is_whole(9, GIFT));
	world_end(&world);
}

static void test_so_many_guests_are_kept(void **state)
{
	static const char record[] = "v2 uuid= devid=4000 origin=operator backend=0 mode=stream "
		"ring-size=4096 hotplug=0 moved=0 requested=%u written=0 connected=0";
	char path[96], text[192];
	struct world world;

	world_begin(&world, QUICK);
	/* the second is the oldest but lives */
	guest_of(7, "alive", 1);
	guest_of(8, "new", 999);
	world_settle(&world);
	for (unsigned int i = 0; i < 256; i++) {
		snprintf(path, sizeof(path),
			 "/mydevice/kept/00000000-0000-0000-0000-%012u/mydevice@x", i);
		snprintf(text, sizeof(text), record, i == 1 ? 1 : i == 17 ? 2 : 1000 + i);
		fake_write(path, text);
	}
	assert_int_equal(attach(&world, "new", "demo"), 0);
	assert_non_null(fake_read("/mydevice/kept/00000000-0000-0000-0000-000000000999"));
	assert_null(fake_read("/mydevice/kept/00000000-0000-0000-0000-000000000017"));
	assert_non_null(fake_read("/mydevice/kept/00000000-0000-0000-0000-000000000001"));
	assert_non_null(fake_read("/mydevice/kept/00000000-0000-0000-0000-000000000000"));
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
	free(explain.explanation);
	strcpy(explain.class, "alice_dev");
	orders_execute(world.manager, &explain);
	assert_string_equal(explain.explanation, "Allow=yes\nAlways=no\nDetachTimeoutSec=1\n"
			    "DevID=1\nHandshake=yes\n");
	free(explain.explanation);
	world_end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attach),
		cmocka_unit_test(test_orders_know_the_latest_names),
		cmocka_unit_test(test_guests_are_found_by_rules),
		cmocka_unit_test(test_paths_after_a_rename),
		cmocka_unit_test(test_detach_lasts),
		cmocka_unit_test(test_what_is_withheld_ends_with_its_guest),
		cmocka_unit_test(test_attached_comes_back_with_its_guest),
		cmocka_unit_test(test_two_of_one_uuid_are_told_apart),
		cmocka_unit_test(test_a_failed_order_leaves_the_note_of_a_twin),
		cmocka_unit_test(test_migrated_on_one_host),
		cmocka_unit_test(test_so_many_guests_are_kept),
		cmocka_unit_test(test_by_force),
		cmocka_unit_test(test_without_a_store),
		cmocka_unit_test(test_policy_is_explained),
	};

	log_open(LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
