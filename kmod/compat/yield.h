/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether a task that spins should leave the processor to another.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_COMPAT_YIELD_H
#define MYD_COMPAT_YIELD_H

#include <linux/sched.h>
#include <linux/thread_info.h>

/*
 * With lazy preemption, the scheduler asks for the processor by a flag that
 * need_resched() does not test, and sets the other one at the next tick only. The
 * flag is a macro wherever it exists, so no probe is needed.
 */
static inline bool myd_should_yield(void)
{
#ifdef TIF_NEED_RESCHED_LAZY
	if (test_thread_flag(TIF_NEED_RESCHED_LAZY))
		return true;
#endif
	return need_resched();
}

#endif /* MYD_COMPAT_YIELD_H */
