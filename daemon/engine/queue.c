// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>

#include "engine/queue.h"

void queue_append(struct queue *queue, struct queue_place *place)
{
	if (place->queued)
		return;
	place->queued = true;
	place->next = NULL;
	place->prev = queue->last;
	*(queue->last ? &queue->last->next : &queue->first) = place;
	queue->last = place;
}

void queue_prepend(struct queue *queue, struct queue_place *place)
{
	queue_remove(queue, place);
	place->queued = true;
	place->prev = NULL;
	place->next = queue->first;
	*(queue->first ? &queue->first->prev : &queue->last) = place;
	queue->first = place;
}

void queue_remove(struct queue *queue, struct queue_place *place)
{
	if (!place->queued)
		return;
	place->queued = false;
	*(place->prev ? &place->prev->next : &queue->first) = place->next;
	*(place->next ? &place->next->prev : &queue->last) = place->prev;
}

struct queue_place *queue_take(struct queue *queue)
{
	struct queue_place *place = queue->first;

	if (place)
		queue_remove(queue, place);
	return place;
}
