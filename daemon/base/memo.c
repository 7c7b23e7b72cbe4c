// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "base/memo.h"

bool memo_has(const struct memo *memo, uint64_t about, const char *text)
{
	const char *found = table_get(&memo->texts, about);

	return found && !strcmp(found, text);
}

void memo_set(struct memo *memo, uint64_t about, const char *text)
{
	char *copy;

	if (memo_has(memo, about, text))
		return;
	memo_drop(memo, about);
	copy = strdup(text);
	if (copy && table_add(&memo->texts, about, copy) < 0)
		free(copy);
}

void memo_drop(struct memo *memo, uint64_t about)
{
	free(table_remove(&memo->texts, about));
}

void memo_done(struct memo *memo)
{
	size_t cursor = 0;
	char *text;

	while ((text = table_next(&memo->texts, &cursor)))
		free(text);
	table_done(&memo->texts);
}
