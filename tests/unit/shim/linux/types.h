/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the pure parts of kmod/core need of the kernel, for a program. */
#ifndef SHIM_LINUX_TYPES_H
#define SHIM_LINUX_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint32_t u32;

#endif
