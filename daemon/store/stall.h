/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ends a connection that xenstored does not serve any more, though it serves
 * others: libxenstore waits for an answer for ever. oxenstored does that to
 * whoever wrote what a guest has a watch on, if that guest reads no events.
 */
#ifndef ATTACHD_STALL_H
#define ATTACHD_STALL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"

struct stall;

/*
 * Watches over the one connection to xenstored's socket that this process has,
 * in a thread of its own. turns: how often a call began or ended; so odd while
 * one lasts. NULL with 0 if there is none: a store that is reached through the
 * kernel.
 */
int stall_watch(const atomic_ullong *turns, struct stall **ret);
void stall_free(struct stall *stall);

/* To be called every two seconds; if it is not, the thread looks why. NULL is fine. */
void stall_postpone(struct stall *stall);

/* Has it ended the connection? NULL: no. */
bool stall_found(const struct stall *stall);

#endif
