/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was last said of each of many things, so that it is said once: in memory,
 * since what stands in XenStore a guest may have written itself. Pure.
 */
#ifndef ATTACHD_MEMO_H
#define ATTACHD_MEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"

/* All zeroes: nothing was said. */
struct memo {
	struct table texts;
};

bool memo_has(const struct memo *memo, uint64_t about, const char *text);
/* In place of what was said before. Without memory for it, it is said again. */
void memo_set(struct memo *memo, uint64_t about, const char *text);
void memo_drop(struct memo *memo, uint64_t about);
void memo_done(struct memo *memo);

#endif
