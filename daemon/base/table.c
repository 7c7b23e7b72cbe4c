// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "base/table.h"

#define SIZE_MIN 16

/* Where the search for a key begins; multiplication spreads serial numbers. */
static size_t home(const struct table *table, uint64_t key)
{
	return (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (table->size - 1);
}

static size_t find(const struct table *table, uint64_t key)
{
	size_t i = home(table, key);

	while (table->slots[i].value && table->slots[i].key != key)
		i = (i + 1) & (table->size - 1);
	return i;
}

static int grow(struct table *table)
{
	struct table larger = { .size = table->size ? table->size * 2 : SIZE_MIN };

	larger.slots = calloc(larger.size, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < table->size; i++)
		if (table->slots[i].value)
			larger.slots[find(&larger, table->slots[i].key)] = table->slots[i];
	larger.used = table->used;
	free(table->slots);
	*table = larger;
	return 0;
}

void *table_get(const struct table *table, uint64_t key)
{
	return table->size ? table->slots[find(table, key)].value : NULL;
}

int table_add(struct table *table, uint64_t key, void *value)
{
	if (table->used * 2 >= table->size && grow(table) < 0)
		return -ENOMEM;
	table->slots[find(table, key)] = (struct table_slot){ key, value };
	table->used++;
	return 0;
}

void *table_remove(struct table *table, uint64_t key)
{
	size_t mask = table->size - 1, hole, i;
	void *value;

	if (!table->size)
		return NULL;
	hole = find(table, key);
	value = table->slots[hole].value;
	if (!value)
		return NULL;
	/* move back what would no longer be found across the hole */
	for (i = (hole + 1) & mask; table->slots[i].value; i = (i + 1) & mask) {
		size_t wanted = home(table, table->slots[i].key);

		if (((i - wanted) & mask) < ((i - hole) & mask))
			continue;
		table->slots[hole] = table->slots[i];
		hole = i;
	}
	table->slots[hole] = (struct table_slot){};
	table->used--;
	return value;
}

void *table_next(const struct table *table, size_t *cursor)
{
	while (*cursor < table->size) {
		void *value = table->slots[(*cursor)++].value;

		if (value)
			return value;
	}
	return NULL;
}

void table_done(struct table *table)
{
	free(table->slots);
	*table = (struct table){};
}
