/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How often something may happen in a second: a count that begins again when its
 * second is over. Arithmetic only.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_WINDOW_H
#define MYD_WINDOW_H

#include <linux/types.h>

/**
 * struct myd_window - what happened in the current second
 * @since: when it began, in the caller's ticks; free-running
 * @count: how often since then
 */
struct myd_window {
	unsigned long since;
	unsigned int count;
};

/*
 * Counts one at @now; true if there were fewer than @most in this second of @second
 * ticks. The difference is unsigned: a window that began at 0 ends also if the
 * clock starts shortly before it wraps, as jiffies does on 32-bit machines, and one
 * that was unused for more than half the clock's range has ended, too.
 */
static inline bool myd_window_allows(struct myd_window *window, unsigned long now,
				     unsigned long second, unsigned int most)
{
	if (now - window->since > second) {
		window->since = now;
		window->count = 0;
	}
	return window->count++ < most;
}

#endif /* MYD_WINDOW_H */
