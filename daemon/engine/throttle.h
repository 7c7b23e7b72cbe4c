/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A noisy guest waits. It has so many turns in a time, by the policy, and waits for the next.
 *
 * Events of the nodes of one guest queue up before those of all others. So whoever makes
 * more than its share of them is not watched for a second. Setting a watch again fires it,
 * after which everything that it covers is read: no change is lost.
 */
#ifndef ATTACHD_THROTTLE_H
#define ATTACHD_THROTTLE_H

#include <stdbool.h>

struct domain;
struct store_watch;
struct throttle;

/* Takes a turn out of the guest's share. True: it has to wait for its next turn. */
bool throttle_turn(struct domain *domain);

/*
 * An event of a watch for guest, charged to cause: guest, or the domain that serves it. Removes
 * the watch and sets *removed if one of them is over its share.
 */
void throttle_event(struct domain *guest, struct domain *cause, struct store_watch **watch,
		    bool *removed);

/* The removed watches are set again after a second, see rewatch.h. 0 or -errno. */
int throttle_set_restore(struct domain *domain);

void throttle_done(struct throttle *throttle);

#endif
