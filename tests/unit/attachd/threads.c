// SPDX-License-Identifier: GPL-2.0-or-later
/* The XenStore thread at work while the other one looks at it. */
#include "harness.h"

#include <poll.h>

#include "base/log.h"
#include "base/util.h"
#include "engine/engine.h"
#include "fake-store.h"

#define GUESTS 20
#define WAIT_MSEC 10000

static void add_guest(unsigned int domid)
{
	char path[128];

	snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
	fake_write(path, "web");
	snprintf(path, sizeof(path), "/local/domain/%u/data/mydevice/0/name", domid);
	fake_write(path, "demo");
	snprintf(path, sizeof(path), "/local/domain/%u/data/mydevice/0/request", domid);
	fake_write(path, "1");
	fake_introduce(domid, true);
}

static int count_whole(const struct device_view *view, void *userdata)
{
	unsigned int *n = userdata;

	*n += !strcmp(view->record.name, "demo") && !strcmp(view->guest.text, "web");
	return 0;
}

static void look_around(struct registry *registry, struct engine *engine)
{
	unsigned int n = 0;

	registry_for_each(registry, count_whole, &n);
	assert_int_equal(registry_status(registry).metrics.devices >= n, 1);
	engine_set_policy(engine, policy_new());
}

static unsigned int freed;

static void count_free(struct order *order)
{
	freed++;
	free(order);
}

static struct order *new_order(unsigned int guest)
{
	struct order *order = calloc(1, sizeof(*order));

	order->kind = ORDER_DETACH;
	snprintf(order->guest, sizeof(order->guest), "%u", guest);
	strcpy(order->name, "demo");
	strcpy(order->class, MYDEVICE_CLASS);
	order->free = count_free;
	return order;
}

/* Each is answered once; one for a guest that is not there too. */
static void give_orders(struct engine *engine)
{
	struct pollfd done = { .fd = engine_done_fd(engine), .events = POLLIN };
	unsigned int answered = 0, failed = 0;
	struct order *order;

	freed = 0;
	for (unsigned int guest = 1; guest <= GUESTS + 1; guest++)
		engine_send_order(engine, new_order(guest));
	while (answered < GUESTS + 1) {
		assert_int_equal(poll(&done, 1, WAIT_MSEC), 1);
		while ((order = engine_take_done(engine))) {
			failed += order->result == -ESRCH;
			answered++;
			order->free(order);
		}
	}
	assert_int_equal(failed, 1);
	assert_int_equal(freed, GUESTS + 1);
	/* nobody waits for this one */
	engine_send_order(engine, new_order(1));
}

static void drain(struct registry *registry)
{
	struct device_view view;

	while (registry_next_change(registry, &view) != REGISTRY_NONE)
		assert_string_equal(view.record.name, "demo");
}

static void test_looking_while_it_works(void **state)
{
	struct registry *registry = registry_new();
	uint64_t end = monotonic_usec() + WAIT_MSEC * USEC_PER_MSEC;
	struct engine *engine;
	struct pollfd ready = { .events = POLLIN };

	fake_reset();
	for (unsigned int domid = 1; domid <= GUESTS; domid++)
		add_guest(domid);
	assert_int_equal(engine_start(registry, policy_new(), "", &engine), 0);
	ready.fd = engine_ready_fd(engine);
	assert_int_equal(poll(&ready, 1, WAIT_MSEC), 1);
	while (registry_status(registry).metrics.devices < GUESTS) {
		assert_true(monotonic_usec() < end);
		look_around(registry, engine);
		/* looking without a pause keeps the other thread from its work */
		poll(NULL, 0, 1);
	}
	for (int round = 0; round < 200; round++)
		look_around(registry, engine);
	give_orders(engine);
	drain(registry);
	assert_int_equal(registry_status(registry).metrics.guests, GUESTS);
	assert_int_equal(engine_stop(engine), 0);
	assert_int_equal(freed, GUESTS + 2);
	assert_false(registry_status(registry).metrics.store_connected);
	assert_int_equal(registry_status(registry).metrics.devices, 0);
	registry_free(registry);
}

static void test_stopped_before_it_began(void **state)
{
	for (int round = 0; round < 50; round++) {
		struct registry *registry = registry_new();
		struct engine *engine;

		fake_reset();
		assert_int_equal(engine_start(registry, policy_new(), "", &engine), 0);
		assert_int_equal(engine_stop(engine), 0);
		registry_free(registry);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looking_while_it_works),
		cmocka_unit_test(test_stopped_before_it_began),
	};

	log_open(LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
