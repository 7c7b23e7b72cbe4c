// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/domain.h"
#include "engine/queue.h"

void queue_append(struct queue *queue, struct domain *domain)
{
	if (domain->queued)
		return;
	domain->queued = true;
	domain->queue_next = NULL;
	domain->queue_prev = queue->last;
	*(queue->last ? &queue->last->queue_next : &queue->first) = domain;
	queue->last = domain;
}

void queue_prepend(struct queue *queue, struct domain *domain)
{
	queue_remove(queue, domain);
	domain->queued = true;
	domain->queue_prev = NULL;
	domain->queue_next = queue->first;
	*(queue->first ? &queue->first->queue_prev : &queue->last) = domain;
	queue->first = domain;
}

void queue_remove(struct queue *queue, struct domain *domain)
{
	if (!domain->queued)
		return;
	domain->queued = false;
	*(domain->queue_prev ? &domain->queue_prev->queue_next : &queue->first) =
		domain->queue_next;
	*(domain->queue_next ? &domain->queue_next->queue_prev : &queue->last) =
		domain->queue_prev;
}

struct domain *queue_take(struct queue *queue)
{
	struct domain *domain = queue->first;

	if (domain)
		queue_remove(queue, domain);
	return domain;
}
