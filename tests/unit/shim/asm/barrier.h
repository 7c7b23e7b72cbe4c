/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHIM_ASM_BARRIER_H
#define SHIM_ASM_BARRIER_H

#define virt_load_acquire(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define virt_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

/* An exchange, because ThreadSanitizer does not understand a bare fence. */
static inline void virt_mb(void)
{
	static _Thread_local int word;

	__atomic_exchange_n(&word, 1, __ATOMIC_SEQ_CST);
}

#endif
