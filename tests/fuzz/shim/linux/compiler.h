/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHIM_LINUX_COMPILER_H
#define SHIM_LINUX_COMPILER_H

#include "hostile.h"

#define READ_ONCE(x) hostile_load(&(x))
#define WRITE_ONCE(x, v) hostile_store(&(x), v)
#define barrier() __asm__ volatile("" ::: "memory")

#endif
