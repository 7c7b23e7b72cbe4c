/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread that talks to XenStore. Its calls block for as long as xenstored
 * likes, so nothing else runs on it, and nobody waits for it: what it knows is
 * in the registry, and what it is to do is sent to it.
 */
#ifndef ATTACHD_ENGINE_H
#define ATTACHD_ENGINE_H

#include "engine/order.h"
#include "policy/policy.h"
#include "view/registry.h"

struct engine;

/* The policy becomes the engine's. 0 or -errno; then it is still the caller's. */
int engine_start(struct registry *registry, struct policy *policy, const char *xenctrl,
		 struct engine **ret);

/* Readable once the first connection to XenStore is reconciled. */
int engine_ready_fd(struct engine *engine);

/* Takes the policy, in its own time. */
void engine_set_policy(struct engine *engine, struct policy *policy);

/*
 * Takes the order. Once it is carried out, engine_done_fd() is readable and
 * engine_take_done() gives it back.
 */
void engine_send_order(struct engine *engine, struct order *order);
int engine_done_fd(struct engine *engine);
/* NULL if there is none. */
struct order *engine_take_done(struct engine *engine);

/* Ends the thread, or gives up on it if it hangs in a call: then -ETIMEDOUT. */
int engine_stop(struct engine *engine);

#endif
