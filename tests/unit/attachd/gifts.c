// SPDX-License-Identifier: GPL-2.0-or-later
/* What is given without being asked, and what another domain serves. */
#include "harness.h"

#include "base/log.h"
#include "fake-store.h"
#include "policy/file.h"
#include "world.h"

#define FRONTEND "/local/domain/7/device/mydevice/0"
#define GIFT_BACKEND "/local/domain/0/backend/mydevice/7/4095"

static void set_policy(struct world *world, const char *text)
{
	struct policy *policy = policy_new();

	assert_int_equal(policy_parse(policy, "policy", text, strlen(text), NULL, NULL), 0);
	manager_set_policy(world->manager, policy);
	world_settle(world);
}

#define GIVES_LOG QUICK "[Device log]\nAlways=yes\nGuest=web*\nNodeUser=syslog\nRingSize=4K\n"

static void test_given_without_asking(void **state)
{
	struct world world;

	world_begin(&world, GIVES_LOG);
	guest_create(7, "web");
	guest_create(8, "db");
	world_settle(&world);
	assert_true(device_is_whole(7, MYDEVICE_DEVID_MAX));
	assert_true(device_is_gone(8, MYDEVICE_DEVID_MAX));
	assert_string_equal(fake_read(GIFT_BACKEND "/name"), "log");
	assert_string_equal(fake_read(GIFT_BACKEND "/ring-size"), "4096");
	assert_string_equal(fake_read(GIFT_BACKEND "/node-user"), "syslog");
	assert_null(fake_read(GIFT_BACKEND "/node-mode"));
	/* who asks for it all the same has it */
	guest_request(7, 0, "log");
	world_settle(&world);
	assert_string_equal(guest_answer(7, 0), "attached");
	assert_null(fake_read(FRONTEND));
	guest_withdraw(7, 0);
	world_settle(&world);
	assert_true(device_is_whole(7, MYDEVICE_DEVID_MAX));
	/* its id is not to be had */
	guest_request(7, MYDEVICE_DEVID_MAX, "mine");
	world_settle(&world);
	assert_non_null(strstr(guest_answer(7, MYDEVICE_DEVID_MAX), "denied: device 4095"));
	guest_withdraw(7, MYDEVICE_DEVID_MAX);
	world_settle(&world);
	assert_true(device_is_whole(7, MYDEVICE_DEVID_MAX));
	world_end(&world);
}

static bool gift_is_whole(void *userdata)
{
	return device_is_whole(7, MYDEVICE_DEVID_MAX);
}

static void test_gifts_survive_reload_restart_and_their_guest(void **state)
{
	struct world world;

	world_begin(&world, GIVES_LOG);
	guest_create(7, "web");
	world_settle(&world);
	set_policy(&world, QUICK);
	assert_true(device_is_whole(7, MYDEVICE_DEVID_MAX));
	world_kill_daemon(&world);
	world_start_daemon(&world, GIVES_LOG);
	world_settle(&world);
	assert_true(device_is_whole(7, MYDEVICE_DEVID_MAX));
	assert_null(fake_read("/local/domain/0/backend/mydevice/7/4094"));
	/* it may delete its own end, and gets it anew */
	fake_remove("/local/domain/7/device/mydevice/4095");
	world_settle(&world);
	assert_true(device_is_gone(7, MYDEVICE_DEVID_MAX));
	world_wait(&world, gift_is_whole, NULL);
	world_end(&world);
}

static void test_gifts_come_with_a_reload_and_count_for_nothing(void **state)
{
	struct world world;

	world_begin(&world, QUICK);
	guest_create(7, "web");
	guest_request(7, 0, "demo");
	world_settle(&world);
	set_policy(&world, GIVES_LOG "[Guest web]\nMaxChannels=2\n[Device a]\nAlways=yes\n");
	assert_true(device_is_whole(7, 0));
	assert_true(device_is_whole(7, MYDEVICE_DEVID_MAX));
	assert_true(device_is_whole(7, MYDEVICE_DEVID_MAX - 1));
	guest_request(7, 1, "more");
	world_settle(&world);
	assert_true(device_is_whole(7, 1));
	/* what it had asked for itself is not given once more, until that goes */
	set_policy(&world, QUICK "[Device demo]\nAlways=yes\n");
	assert_null(fake_read("/local/domain/0/backend/mydevice/7/4093"));
	guest_withdraw(7, 0);
	world_sleep(&world, 500 * USEC_PER_MSEC);
	assert_true(device_is_whole(7, 4093));
	assert_string_equal(fake_read("/local/domain/0/backend/mydevice/7/4093/name"), "demo");
	world_end(&world);
}

static bool served_by_9(void *userdata)
{
	return fake_read("/local/domain/9/backend/mydevice/7/0/state") != NULL;
}

static bool served_by_0(void *userdata)
{
	return device_is_whole(7, 0);
}

static void test_backend_in_another_domain(void **state)
{
	struct world world;

	world_begin(&world, QUICK "[Device demo]\nBackend=net\n");
	guest_create(7, "web");
	guest_request(7, 0, "demo");
	guest_request(7, 1, "log");
	world_settle(&world);
	assert_non_null(strstr(guest_answer(7, 0), "error: its backend domain \"net\""));
	assert_true(device_is_whole(7, 1));
	/* it comes, and goes, and another one comes in its place */
	guest_create(8, "net");
	world_settle(&world);
	assert_string_equal(guest_answer(7, 0), "attached");
	assert_string_equal(fake_permissions("/local/domain/8/backend/mydevice/7/0"), "n8,r7");
	assert_string_equal(fake_permissions("/local/domain/8/backend/mydevice/7/0/state"),
			    "n8,r7");
	assert_string_equal(fake_permissions(FRONTEND "/state"), "n7,r8");
	assert_string_equal(fake_read(FRONTEND "/backend-id"), "8");
	assert_string_equal(fake_read(FRONTEND "/backend"), "/local/domain/8/backend/mydevice/7/0");
	guest_destroy(8);
	world_settle(&world);
	assert_null(fake_read("/local/domain/8/backend/mydevice/7/0/state"));
	assert_non_null(strstr(guest_answer(7, 0), "error: the domain that served it is gone"));
	/* its driver has seen that, and follows */
	fake_write(FRONTEND "/state", "6");
	fake_write(FRONTEND "/ring-ref", "8");
	guest_create(9, "net");
	world_wait(&world, served_by_9, NULL);
	world_settle(&world);
	assert_string_equal(fake_read(FRONTEND "/backend"), "/local/domain/9/backend/mydevice/7/0");
	assert_string_equal(fake_permissions(FRONTEND "/state"), "n7,r9");
	assert_string_equal(fake_read(FRONTEND "/state"), "1");
	assert_null(fake_read(FRONTEND "/ring-ref"));
	assert_string_equal(guest_answer(7, 0), "attached");
	/* and over a restart of ours */
	world_kill_daemon(&world);
	world_start_daemon(&world, QUICK);
	world_settle(&world);
	assert_non_null(fake_read("/local/domain/9/backend/mydevice/7/0/state"));
	assert_true(device_is_whole(7, 1));
	/* which may end while nobody looks, and leave its tree for a while */
	world_kill_daemon(&world);
	fake_introduce(9, false);
	world_start_daemon(&world, QUICK);
	world_settle(&world);
	assert_null(fake_read("/local/domain/9/backend/mydevice/7/0/state"));
	/* domain 0 is to serve it now; a driver that does not follow gets another device */
	world_wait(&world, served_by_0, NULL);
	fake_introduce(9, true);
	guest_destroy(7);
	world_settle(&world);
	assert_null(strstr(fake_dump(), "/7"));
	/* nobody serves himself */
	set_policy(&world, "[Defaults]\nBackend=net\n");
	guest_request(9, 0, "demo");
	world_settle(&world);
	assert_non_null(strstr(guest_answer(9, 0), "the guest itself"));
	world_end(&world);
}

#define CLASSES QUICK "[Class alice_dev]\nHandshake=no\nDevID=2\nFrontendNode=hello world\n" \
	"BackendNode=size 1\n[Class bob]\nGuest=web\n"
#define ALICE_FRONTEND "/local/domain/7/device/alice_dev/2"
#define ALICE_BACKEND "/local/domain/0/backend/alice_dev/7/2"

static bool alice_is_gone(void *userdata)
{
	return !fake_read(ALICE_BACKEND) && !fake_read(ALICE_FRONTEND);
}

static void test_other_classes(void **state)
{
	struct world world;

	world_begin(&world, CLASSES);
	guest_create(7, "web");
	guest_request(7, 2, "demo");
	world_settle(&world);
	assert_non_null(strstr(fake_dump(),
		ALICE_BACKEND "= (n0,r7)\n"
		ALICE_BACKEND "/frontend=" ALICE_FRONTEND " (n0,r7)\n"
		ALICE_BACKEND "/frontend-id=7 (n0,r7)\n"
		ALICE_BACKEND "/online=1 (n0,r7)\n"
		ALICE_BACKEND "/size=1 (n0,r7)\n"
		ALICE_BACKEND "/state=1 (n0,r7)\n"));
	assert_non_null(strstr(fake_dump(),
		ALICE_FRONTEND "= (n7,r0)\n"
		ALICE_FRONTEND "/backend=" ALICE_BACKEND " (n7,r0)\n"
		ALICE_FRONTEND "/backend-id=0 (n7,r0)\n"
		ALICE_FRONTEND "/hello=world (n7,r0)\n"
		ALICE_FRONTEND "/state=1 (n7,r0)\n"));
	assert_string_equal(fake_permissions("/mydevice/7/alice_dev@alice_dev"), "n0");
	assert_non_null(fake_read("/local/domain/0/backend/bob/7/0/state"));
	/* of the same id and another class */
	assert_true(device_is_whole(7, 2));
	/* who only probes is connected as soon as it is there, the others not */
	assert_int_equal(registry_status(world.registry).metrics.devices, 3);
	assert_int_equal(registry_status(world.registry).metrics.connected, 1);
	world_kill_daemon(&world);
	world_start_daemon(&world, QUICK);
	world_settle(&world);
	assert_non_null(fake_read(ALICE_BACKEND "/state"));
	assert_int_equal(registry_status(world.registry).metrics.devices, 3);
	guest_destroy(7);
	world_settle(&world);
	assert_null(strstr(fake_dump(), "/7"));
	world_end(&world);
}

/* The guest's end goes; the driver of the other one never answers. */
static void test_class_without_handshake_is_asked_and_then_forced(void **state)
{
	struct world world;

	world_begin(&world, CLASSES);
	guest_create(7, "web");
	world_settle(&world);
	set_policy(&world, QUICK "[Class alice_dev]\nHandshake=no\nAlways=no\n");
	fake_remove(ALICE_FRONTEND);
	world_settle(&world);
	assert_string_equal(fake_read(ALICE_BACKEND "/online"), "0");
	assert_string_equal(fake_read(ALICE_BACKEND "/state"), "5");
	world_wait(&world, alice_is_gone, NULL);
	world_end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_given_without_asking),
		cmocka_unit_test(test_gifts_survive_reload_restart_and_their_guest),
		cmocka_unit_test(test_gifts_come_with_a_reload_and_count_for_nothing),
		cmocka_unit_test(test_backend_in_another_domain),
		cmocka_unit_test(test_other_classes),
		cmocka_unit_test(test_class_without_handshake_is_asked_and_then_forced),
	};

	log_open(LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
