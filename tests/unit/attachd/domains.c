// SPDX-License-Identifier: GPL-2.0-or-later
/* How guests are met that come. */
#include "harness.h"

#include "base/log.h"
#include "fake-store.h"
#include "world.h"

static bool knows(const struct world *world, unsigned int domid)
{
	return manager_find_domain(world->manager, domid);
}

/* Without a request: what is written for that is the same for each. */
static unsigned int cost_of_coming(struct world *world, unsigned int domid)
{
	unsigned int before = fake_calls();

	guest_create(domid, "web");
	world_settle(world);
	assert_true(knows(world, domid));
	return fake_calls() - before;
}

static void test_as_dear_among_many(void **state)
{
	struct world world;
	unsigned int first;

	world_begin(&world, QUICK);
	first = cost_of_coming(&world, 1);
	for (unsigned int domid = 2; domid < 60; domid++)
		assert_int_equal(cost_of_coming(&world, domid), first);
	world_end(&world);
}

/* They began anew, or a toolstack has chosen one. */
static void test_lower_than_others(void **state)
{
	struct world world;

	world_begin(&world, QUICK);
	cost_of_coming(&world, 50);
	cost_of_coming(&world, 7);
	guest_request(7, 0, "demo");
	world_settle(&world);
	assert_true(device_is_whole(7, 0));
	cost_of_coming(&world, 51);
	world_end(&world);
}

static bool knows_5(void *userdata)
{
	return knows(userdata, 5);
}

static void test_lower_and_higher_at_once(void **state)
{
	struct world world;

	world_begin(&world, QUICK);
	cost_of_coming(&world, 9);
	guest_create(5, "web");
	guest_create(12, "db");
	world_settle(&world);
	assert_true(knows(&world, 12));
	world_haste = 50;
	world_wait(&world, knows_5, &world);
	world_haste = 1;
	world_end(&world);
}

static void test_built_for_long(void **state)
{
	struct world world;

	world_begin(&world, QUICK);
	fake_write("/local/domain/3/name", "slow");
	cost_of_coming(&world, 4);
	assert_false(knows(&world, 3));
	guest_create(3, "slow");
	world_settle(&world);
	assert_true(knows(&world, 3));
	world_end(&world);
}

/* A list that is due must not be made, nor waited for, without a store. */
static void test_no_store_after_it_came(void **state)
{
	struct world world;
	unsigned int rounds = 0;
	uint64_t end;

	world_begin(&world, QUICK);
	cost_of_coming(&world, 4);
	fake_die_at(1);
	end = monotonic_usec() + 5 * USEC_PER_SEC;
	while (monotonic_usec() < end) {
		sd_event_run(world.event, 100 * USEC_PER_MSEC);
		rounds++;
	}
	assert_in_range(rounds, 1, 500);
	fake_revive();
	world_end(&world);
}

static void test_gone_and_back(void **state)
{
	struct world world;

	world_begin_connected(&world);
	cost_of_coming(&world, 8);
	guest_destroy(7);
	world_settle(&world);
	assert_true(device_is_gone(7, 0));
	cost_of_coming(&world, 7);
	guest_request(7, 0, "demo");
	world_settle(&world);
	assert_true(device_is_whole(7, 0));
	world_end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_dear_among_many),
		cmocka_unit_test(test_lower_than_others),
		cmocka_unit_test(test_lower_and_higher_at_once),
		cmocka_unit_test(test_built_for_long),
		cmocka_unit_test(test_no_store_after_it_came),
		cmocka_unit_test(test_gone_and_back),
	};

	log_open(LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
