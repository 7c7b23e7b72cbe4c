/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests that have something to be looked at, each once, in the order of their turns. */
#ifndef ATTACHD_QUEUE_H
#define ATTACHD_QUEUE_H

#include <stdbool.h>

/* A guest's place in it. All zeroes: it is not queued. */
struct queue_place {
	struct queue_place *prev, *next;
	bool queued;
};

struct queue {
	struct queue_place *first, *last;
};

/* No effect on one that is queued already. */
void queue_append(struct queue *queue, struct queue_place *place);
/* Its turn is next, wherever it was. */
void queue_prepend(struct queue *queue, struct queue_place *place);
/* No effect on one that is not queued. */
void queue_remove(struct queue *queue, struct queue_place *place);
/* NULL if there is none. */
struct queue_place *queue_take(struct queue *queue);

#endif
