/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHIM_LINUX_COMPILER_H
#define SHIM_LINUX_COMPILER_H

#include "hostile.h"

/* All shared words have 32 bits: others are nobody else's, or poisoned. */
#define READ_ONCE(x) \
	__builtin_choose_expr(sizeof(x) == sizeof(u32), \
			      hostile_load((const volatile void *)&(x)), \
			      *(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) \
	__builtin_choose_expr(sizeof(x) == sizeof(u32), \
			      hostile_store((volatile void *)&(x), v), \
			      (void)(*(volatile __typeof__(x) *)&(x) = (v)))
/* A read that may race, and says so. */
#define data_race(x) (x)
#define barrier() __asm__ volatile("" ::: "memory")

#endif
