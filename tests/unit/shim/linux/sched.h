/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the scheduler asks of a task; the test has the flags. */
#ifndef SHIM_LINUX_SCHED_H
#define SHIM_LINUX_SCHED_H

#include <stdbool.h>

#define TIF_NEED_RESCHED	3
#define TIF_NEED_RESCHED_LAZY	4

bool test_thread_flag(int flag);

static inline bool need_resched(void)
{
	return test_thread_flag(TIF_NEED_RESCHED);
}

#endif
