/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests that have something to be looked at, each once, in the order of their turns. */
#ifndef ATTACHD_QUEUE_H
#define ATTACHD_QUEUE_H

struct domain;

struct queue {
	struct domain *first, *last;
};

/* No effect on one that is queued already. */
void queue_append(struct queue *queue, struct domain *domain);
/* Its turn is next, wherever it was. */
void queue_prepend(struct queue *queue, struct domain *domain);
/* No effect on one that is not queued. */
void queue_remove(struct queue *queue, struct domain *domain);
/* NULL if there is none. */
struct domain *queue_take(struct queue *queue);

#endif
