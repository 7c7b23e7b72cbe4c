/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHIM_ASM_BARRIER_H
#define SHIM_ASM_BARRIER_H

#include "hostile.h"

#define virt_load_acquire(p) hostile_load(p)
#define virt_store_release(p, v) hostile_store(p, v)
#define virt_mb() ((void)0)

#endif
