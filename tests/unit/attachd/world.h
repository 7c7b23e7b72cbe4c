/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host for the manager: XenStore in memory, guests in it, and time that passes. */
#ifndef TESTS_UNIT_ATTACHD_WORLD_H
#define TESTS_UNIT_ATTACHD_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/manager.h"
#include "model/machine.h"

struct world {
	sd_event *event;
	struct registry *registry;
	struct manager *manager;	/* NULL: the daemon is not running */
};

/* How much sooner than they are set all timers of the daemon come; 1 at first. */
extern unsigned int world_haste;

/* A policy for impatient tests. */
#define QUICK "[Defaults]\nDetachTimeoutSec=1\n"

/* An empty host with the daemon running on this policy. */
void world_begin(struct world *world, const char *policy);
/* The same, with a guest 7 "web" that has a connected channel 0 "demo". */
void world_begin_connected(struct world *world);
void world_end(struct world *world);

/* As kill -9 does: XenStore stays as it is. */
void world_kill_daemon(struct world *world);
void world_start_daemon(struct world *world, const char *policy);

/* Until the daemon has nothing more to do at once. */
void world_settle(struct world *world);
/* Until the condition holds; fails the test after some seconds. */
void world_wait(struct world *world, bool (*condition)(void *userdata), void *userdata);
void world_sleep(struct world *world, uint64_t usec);

/* As libxl does it. */
void guest_create(unsigned int domid, const char *name);
void guest_destroy(unsigned int domid);

void guest_request(unsigned int domid, unsigned int devid, const char *name);
void guest_withdraw(unsigned int domid, unsigned int devid);
const char *guest_answer(unsigned int domid, unsigned int devid);

/* As the drivers do it. */
void set_states(unsigned int domid, unsigned int devid, enum end_state frontend,
		enum end_state backend);

/* Both directories and the record are there as they should be, or none of them is. */
bool device_is_whole(unsigned int domid, unsigned int devid);
bool device_is_gone(unsigned int domid, unsigned int devid);
/* The note about a channel that domain 0 serves, or NULL. */
const char *device_note(unsigned int domid, unsigned int devid);

#endif
