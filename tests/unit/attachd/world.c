// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include "fake-store.h"
#include "policy/file.h"
#include "world.h"

#define WAIT_USEC (8 * USEC_PER_SEC)

unsigned int world_haste = 1;

/* Linked in place of what they wrap: see attachd.mk. */
int __real_sd_event_add_time_relative(sd_event *event, sd_event_source **ret, clockid_t clock,
				      uint64_t usec, uint64_t accuracy,
				      sd_event_time_handler_t callback, void *userdata);
int __wrap_sd_event_add_time_relative(sd_event *event, sd_event_source **ret, clockid_t clock,
				      uint64_t usec, uint64_t accuracy,
				      sd_event_time_handler_t callback, void *userdata);
int __real_sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec);
int __wrap_sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec);

int __wrap_sd_event_add_time_relative(sd_event *event, sd_event_source **ret, clockid_t clock,
				      uint64_t usec, uint64_t accuracy,
				      sd_event_time_handler_t callback, void *userdata)
{
	/* or all of them would be hastened to the same quarter of a second */
	return __real_sd_event_add_time_relative(event, ret, clock, usec / world_haste,
						 world_haste > 1 ? 1 : accuracy,
						 callback, userdata);
}

int __wrap_sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec)
{
	return __real_sd_event_source_set_time_relative(source, usec / world_haste);
}

static char *at(const char *format, ...)
{
	static char paths[8][192];
	static int next;
	char *path = paths[next++ % 8];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(paths[0]), format, args);
	va_end(args);
	return path;
}

static void no_mistakes(enum policy_fault fault, const char *file, unsigned int line,
			const char *message, void *userdata)
{
	fail_msg("%s:%u: %s", file, line, message);
}

void world_start_daemon(struct world *world, const char *policy)
{
	struct manager_options options = {
		.event = world->event,
		.registry = world->registry,
		.policy = policy_new(),
		.xenctrl = "",
	};

	assert_int_equal(policy_parse(options.policy, "policy", policy, strlen(policy),
				      no_mistakes, NULL), 0);
	assert_int_equal(manager_new(&options, &world->manager), 0);
}

void world_kill_daemon(struct world *world)
{
	manager_free(world->manager);
	world->manager = NULL;
	fake_revive();
}

void world_begin(struct world *world, const char *policy)
{
	fake_reset();
	fake_write("/local/domain/0/name", "Domain-0");
	fake_write("/local/domain/0/backend", "");
	*world = (struct world){ .registry = registry_new() };
	assert_int_equal(sd_event_new(&world->event), 0);
	world_start_daemon(world, policy);
	world_settle(world);
}

void world_end(struct world *world)
{
	manager_free(world->manager);
	registry_free(world->registry);
	sd_event_unref(world->event);
}

void world_settle(struct world *world)
{
	int r;

	do {
		r = sd_event_run(world->event, 0);
		assert_true(r >= 0);
	} while (r > 0);
}

void world_wait(struct world *world, bool (*condition)(void *userdata), void *userdata)
{
	uint64_t end = monotonic_usec() + WAIT_USEC;

	while (!condition(userdata)) {
		if (monotonic_usec() > end)
			fail_msg("waited in vain:\n%s", fake_dump());
		sd_event_run(world->event, 20 * USEC_PER_MSEC);
	}
}

void world_sleep(struct world *world, uint64_t usec)
{
	uint64_t end = monotonic_usec() + usec;

	while (monotonic_usec() < end)
		sd_event_run(world->event, 10 * USEC_PER_MSEC);
}

void guest_create(unsigned int domid, const char *name)
{
	fake_write(at("/local/domain/%u/name", domid), name);
	fake_write(at("/local/domain/%u/vm", domid),
		   at("/vm/00000000-0000-0000-0000-%012u", domid));
	fake_write(at("/local/domain/%u/device", domid), "");
	fake_write(at("/local/domain/%u/data", domid), "");
	fake_introduce(domid, true);
}

void guest_destroy(unsigned int domid)
{
	fake_remove(at("/local/domain/%u", domid));
	fake_introduce(domid, false);
}

void guest_request(unsigned int domid, unsigned int devid, const char *name)
{
	fake_write(at("/local/domain/%u/data/mydevice/%u/name", domid, devid), name);
	fake_write(at("/local/domain/%u/data/mydevice/%u/request", domid, devid), "1");
}

void guest_withdraw(unsigned int domid, unsigned int devid)
{
	fake_remove(at("/local/domain/%u/data/mydevice/%u", domid, devid));
}

const char *guest_answer(unsigned int domid, unsigned int devid)
{
	return fake_read(at("/local/domain/%u/data/mydevice/%u/status", domid, devid));
}

static void write_state(const char *path, enum end_state state)
{
	if (fake_read(path))
		fake_write(path, at("%d", state));
}

void set_states(unsigned int domid, unsigned int devid, enum end_state frontend,
		enum end_state backend)
{
	write_state(at("/local/domain/%u/device/mydevice/%u/state", domid, devid), frontend);
	write_state(at("/local/domain/0/backend/mydevice/%u/%u/state", domid, devid), backend);
}

static bool is(const char *path, const char *value)
{
	const char *found = fake_read(path);

	return found && !strcmp(found, value);
}

const char *device_note(unsigned int domid, unsigned int devid)
{
	const char *name = fake_read(at("/local/domain/0/backend/mydevice/%u/%u/name", domid,
					devid));
	const char *note = fake_read(at("/mydevice/%u/mydevice@%s", domid, name ?: ""));

	return note && strstr(note, at(" devid=%u ", devid)) ? note : NULL;
}

bool device_is_whole(unsigned int domid, unsigned int devid)
{
	const char *f = at("/local/domain/%u/device/mydevice/%u", domid, devid);
	const char *b = at("/local/domain/0/backend/mydevice/%u/%u", domid, devid);

	return is(at("%s/backend", f), b) && is(at("%s/frontend", b), f) &&
	       fake_read(at("%s/state", f)) && fake_read(at("%s/state", b)) &&
	       is(at("%s/online", b), "1") &&
	       device_note(domid, devid);
}

bool device_is_gone(unsigned int domid, unsigned int devid)
{
	return !fake_read(at("/local/domain/%u/device/mydevice/%u", domid, devid)) &&
	       !fake_read(at("/local/domain/0/backend/mydevice/%u", domid)) &&
	       !fake_read(at("/mydevice/%u", domid));
}

void world_begin_connected(struct world *world)
{
	world_begin(world, QUICK);
	guest_create(7, "web");
	guest_request(7, 0, "demo");
	world_settle(world);
	assert_true(device_is_whole(7, 0));
	set_states(7, 0, END_CONNECTED, END_CONNECTED);
	world_settle(world);
	assert_int_equal(registry_status(world->registry).metrics.connected, 1);
}
