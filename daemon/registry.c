// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <pthread.h>

#include "registry.h"
#include "table.h"

struct registry {
	pthread_mutex_t lock;
	/* protected by lock */
	struct table views;		/* serial -> struct device_view */
	struct registry_status status;
};

struct registry *registry_new(void)
{
	struct registry *registry = calloc(1, sizeof(*registry));

	if (!registry)
		return NULL;
	pthread_mutex_init(&registry->lock, NULL);
	registry->status.beat_usec = monotonic_usec();
	return registry;
}

void registry_free(struct registry *registry)
{
	size_t cursor = 0;
	void *view;

	if (!registry)
		return;
	while ((view = table_next(&registry->views, &cursor)))
		free(view);
	table_done(&registry->views);
	pthread_mutex_destroy(&registry->lock);
	free(registry);
}

/* Called with lock held. */
static void count(struct registry *registry, const struct device_view *view, int by)
{
	registry->status.devices += (unsigned int)by;
	if (view->phase == PHASE_CONNECTED)
		registry->status.connected += (unsigned int)by;
}

int registry_publish(struct registry *registry, const struct device_view *view)
{
	struct device_view *known;
	int r = 0;

	pthread_mutex_lock(&registry->lock);
	known = table_get(&registry->views, view->serial);
	if (known) {
		count(registry, known, -1);
	} else {
		known = malloc(sizeof(*known));
		r = known ? table_add(&registry->views, view->serial, known) : -ENOMEM;
	}
	if (r < 0) {
		free(known);
	} else {
		*known = *view;
		count(registry, known, 1);
	}
	pthread_mutex_unlock(&registry->lock);
	return r;
}

void registry_withdraw(struct registry *registry, uint64_t serial)
{
	struct device_view *known;

	pthread_mutex_lock(&registry->lock);
	known = table_remove(&registry->views, serial);
	if (known)
		count(registry, known, -1);
	pthread_mutex_unlock(&registry->lock);
	free(known);
}

void registry_beat(struct registry *registry)
{
	pthread_mutex_lock(&registry->lock);
	registry->status.beat_usec = monotonic_usec();
	pthread_mutex_unlock(&registry->lock);
}

void registry_set_store(struct registry *registry, bool connected, bool facts_degraded)
{
	pthread_mutex_lock(&registry->lock);
	registry->status.store_connected = connected;
	registry->status.facts_degraded = facts_degraded;
	pthread_mutex_unlock(&registry->lock);
}

void registry_set_guests(struct registry *registry, unsigned int guests)
{
	pthread_mutex_lock(&registry->lock);
	registry->status.guests = guests;
	pthread_mutex_unlock(&registry->lock);
}

void registry_count_served(struct registry *registry)
{
	pthread_mutex_lock(&registry->lock);
	registry->status.served++;
	pthread_mutex_unlock(&registry->lock);
}

struct registry_status registry_status(struct registry *registry)
{
	struct registry_status status;

	pthread_mutex_lock(&registry->lock);
	status = registry->status;
	pthread_mutex_unlock(&registry->lock);
	return status;
}

int registry_for_each(struct registry *registry,
		      int (*each)(const struct device_view *view, void *userdata), void *userdata)
{
	const struct device_view *view;
	size_t cursor = 0;
	int r = 0;

	pthread_mutex_lock(&registry->lock);
	while (!r && (view = table_next(&registry->views, &cursor)))
		r = each(view, userdata);
	pthread_mutex_unlock(&registry->lock);
	return r;
}
