/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash table from a number to a pointer. Owns nothing but itself. */
#ifndef ATTACHD_TABLE_H
#define ATTACHD_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

struct table_slot {
	uint64_t key;
	void *value;		/* NULL: free */
};

/* All zeroes is an empty table. */
struct table {
	struct table_slot *slots;
	size_t size;		/* 0 or a power of two */
	size_t used;
};

void *table_get(const struct table *table, uint64_t key);
/* key must not be in the table, value not be NULL. 0 or -ENOMEM. */
int table_add(struct table *table, uint64_t key, void *value);
/* Returns what was there, or NULL. */
void *table_remove(struct table *table, uint64_t key);
void table_done(struct table *table);

/* Until *cursor, begun at 0, reaches the end and NULL is returned. The table must not change. */
void *table_next(const struct table *table, size_t *cursor);

#endif
