// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/guest.h"
#include "engine/host.h"
#include "engine/throttle.h"

/* Events are counted in chunks, so that most of them cost no look at the clock. */
#define CHUNK 64
/* A request or a step of a handshake is a few nodes. RateLimitBurst= counts turns. */
#define EVENTS_PER_TURN 4
#define PAUSE_USEC (1 * USEC_PER_SEC)

static int on_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct throttle *throttle = userdata;

	throttle->over = sd_event_source_disable_unref(throttle->over);
	return 0;
}

static bool makes_too_many_events(struct domain *domain)
{
	struct throttle *throttle = &domain->throttle;
	unsigned int burst;

	if (throttle->over)
		return true;
	if (++throttle->n_events < CHUNK)
		return false;
	throttle->n_events = 0;
	if (!domain->rate_burst)
		return false;
	burst = domain->rate_burst / (CHUNK / EVENTS_PER_TURN) ?: 1;
	if (!rate_take(&throttle->rate, monotonic_usec(), burst,
		       domain->rate_interval_usec / burst))
		return false;
	if (sd_event_add_time_relative(domain->manager->event, &throttle->over, CLOCK_MONOTONIC,
				       PAUSE_USEC, 0, on_over, throttle) < 0)
		return false;
	domain_note_throttled(domain);
	return true;
}

bool throttle_turn(struct domain *domain)
{
	uint64_t wait = 0;

	if (domain->rate_burst)
		wait = rate_take(&domain->rate, monotonic_usec(), domain->rate_burst,
				 domain->rate_interval_usec / domain->rate_burst);
	if (!wait)
		return false;
	if (domain_pause(domain, wait) < 0)
		return false;
	domain_note_throttled(domain);
	return true;
}

static int on_restore(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct domain *domain = userdata;

	domain->throttle.restore = sd_event_source_disable_unref(domain->throttle.restore);
	domain_enqueue(domain);
	return 0;
}

int throttle_set_restore(struct domain *domain)
{
	if (domain->throttle.restore)
		return 0;
	return sd_event_add_time_relative(domain->manager->event, &domain->throttle.restore,
					  CLOCK_MONOTONIC, PAUSE_USEC, 0, on_restore, domain);
}

void throttle_event(struct domain *guest, struct domain *cause, struct store_watch **watch,
		    bool *removed)
{
	/* of a guest that is over its share, nobody else is charged for anything */
	bool over = guest->throttle.over || makes_too_many_events(cause);

	if (!over || guest->dead || throttle_set_restore(guest) < 0)
		return;
	store_unwatch(steal(watch));
	*removed = true;
}

void throttle_done(struct throttle *throttle)
{
	throttle->over = sd_event_source_disable_unref(throttle->over);
	throttle->restore = sd_event_source_disable_unref(throttle->restore);
}
