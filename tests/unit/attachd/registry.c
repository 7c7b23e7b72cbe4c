// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include <poll.h>

#include "view/registry.h"

static void publish(struct registry *registry, uint64_t serial, enum phase phase)
{
	struct device_view view = {
		.serial = serial,
		.key = { .class = MYDEVICE_CLASS, .guest = 7, .devid = (unsigned int)serial },
		.phase = phase,
	};

	assert_int_equal(registry_publish(registry, &view), 0);
}

static bool is_readable(struct registry *registry)
{
	struct pollfd fd = { .fd = registry_fd(registry), .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

static void expect(struct registry *registry, enum registry_change change, uint64_t serial,
		   enum phase phase)
{
	struct device_view view;

	assert_int_equal(registry_next_change(registry, &view), change);
	if (change == REGISTRY_NONE)
		return;
	assert_int_equal(view.serial, serial);
	assert_int_equal(view.phase, phase);
}

static void test_changes_are_coalesced(void **state)
{
	struct registry *registry = registry_new();

	assert_false(is_readable(registry));
	expect(registry, REGISTRY_NONE, 0, 0);
	publish(registry, 1, PHASE_WAITING);
	publish(registry, 2, PHASE_WAITING);
	publish(registry, 1, PHASE_CONNECTED);
	assert_true(is_readable(registry));
	expect(registry, REGISTRY_CHANGED, 1, PHASE_CONNECTED);
	publish(registry, 1, PHASE_CLOSING);
	expect(registry, REGISTRY_CHANGED, 2, PHASE_WAITING);
	expect(registry, REGISTRY_CHANGED, 1, PHASE_CLOSING);
	assert_true(is_readable(registry));
	expect(registry, REGISTRY_NONE, 0, 0);
	assert_false(is_readable(registry));
	publish(registry, 2, PHASE_CONNECTED);
	assert_true(is_readable(registry));
	registry_free(registry);
}

static void test_the_end_is_told_once(void **state)
{
	struct registry *registry = registry_new();

	publish(registry, 1, PHASE_CONNECTED);
	publish(registry, 2, PHASE_WAITING);
	registry_withdraw(registry, 1);
	registry_withdraw(registry, 1);
	registry_withdraw(registry, 3);
	assert_int_equal(registry_status(registry).metrics.devices, 1);
	assert_int_equal(registry_status(registry).metrics.connected, 0);
	/* the id again, for another device */
	publish(registry, 4, PHASE_WAITING);
	expect(registry, REGISTRY_GONE, 1, PHASE_CONNECTED);
	expect(registry, REGISTRY_CHANGED, 2, PHASE_WAITING);
	expect(registry, REGISTRY_CHANGED, 4, PHASE_WAITING);
	expect(registry, REGISTRY_NONE, 0, 0);
	registry_withdraw(registry, 4);
	/* who is gone and untold must not be lost with the registry */
	registry_free(registry);
}

static bool is_second(const struct device_view *view, void *userdata)
{
	return view->key.devid == 2;
}

static void test_held_while_there_is_no_store(void **state)
{
	struct registry *registry = registry_new();
	struct device_view again = {
		.serial = 11,
		.key = { .class = MYDEVICE_CLASS, .guest = 7, .devid = 1 },
		.phase = PHASE_WAITING,
	};

	for (uint64_t serial = 1; serial <= 4; serial++)
		publish(registry, serial, PHASE_CONNECTED);
	while (is_readable(registry)) {
		struct device_view view;

		registry_next_change(registry, &view);
	}
	registry_hold(registry);
	for (uint64_t serial = 1; serial <= 4; serial++)
		registry_withdraw(registry, serial);
	expect(registry, REGISTRY_NONE, 0, 0);
	assert_int_equal(registry_status(registry).metrics.connected, 4);
	/* one is found again, by another serial, and one is another */
	assert_int_equal(registry_publish(registry, &again), 0);
	expect(registry, REGISTRY_NONE, 0, 0);
	assert_int_equal(registry_status(registry).metrics.connected, 4);
	assert_int_equal(registry_publish(registry, &again), 0);
	expect(registry, REGISTRY_CHANGED, 1, PHASE_WAITING);
	again.key.devid = 4;
	again.serial = 14;
	again.record.requested_usec = 1;
	assert_int_equal(registry_publish(registry, &again), 0);
	expect(registry, REGISTRY_CHANGED, 14, PHASE_WAITING);
	assert_int_equal(registry_status(registry).metrics.devices, 5);
	registry_let_go(registry, is_second, NULL);
	assert_int_equal(registry_status(registry).metrics.devices, 3);
	for (int i = 0; i < 2; i++) {
		struct device_view view;

		assert_int_equal(registry_next_change(registry, &view), REGISTRY_GONE);
		assert_in_range(view.serial, 3, 4);
	}
	expect(registry, REGISTRY_NONE, 0, 0);
	registry_withdraw(registry, 11);
	expect(registry, REGISTRY_GONE, 1, PHASE_WAITING);
	registry_let_go(registry, NULL, NULL);
	expect(registry, REGISTRY_GONE, 2, PHASE_CONNECTED);
	assert_int_equal(registry_status(registry).metrics.devices, 1);
	registry_free(registry);
}

static bool is_any(const struct request_log *guest, void *userdata)
{
	return true;
}

static void deny(struct registry *registry, unsigned int domid)
{
	struct request_log guest = { .domid = domid, .guest = escape("web") };
	struct request_entry entry = { .devid = 1, .name = escape("secret") };

	registry_note_request(registry, &guest, &entry);
}

/* Neither the end of a guest nor another one with its domid hides what it asked for. */
static void test_requests_outlast_guests(void **state)
{
	struct registry *registry = registry_new();
	struct request_log *logs;
	size_t n;

	for (unsigned int domid = 1; domid <= REQUEST_LOG_ENDED_MAX + 2; domid++) {
		deny(registry, domid);
		if (domid % 2)
			registry_end_requests(registry, is_any, NULL);
	}
	registry_end_requests(registry, is_any, NULL);
	assert_int_equal(registry_requests(registry, &logs, &n), 0);
	assert_int_equal(n, REQUEST_LOG_ENDED_MAX);
	for (size_t i = 0; i < n; i++) {
		assert_true(logs[i].entries[0].withdrawn);
		assert_in_range(logs[i].domid, 3, REQUEST_LOG_ENDED_MAX + 2);
	}
	free(logs);
	/* another guest's is neither granted nor withdrawn for it */
	registry_grant_request(registry, 3, 1, "secret");
	assert_int_equal(registry_requests(registry, &logs, &n), 0);
	assert_int_equal(n, REQUEST_LOG_ENDED_MAX);
	free(logs);
	registry_free(registry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes_are_coalesced),
		cmocka_unit_test(test_the_end_is_told_once),
		cmocka_unit_test(test_held_while_there_is_no_store),
		cmocka_unit_test(test_requests_outlast_guests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
