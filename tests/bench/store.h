/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XenStore, for one thread of a guest. All return 0, or -1 with errno.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef BENCH_STORE_H
#define BENCH_STORE_H

#include <stdbool.h>

int store_open(void);
int store_write(const char *directory, const char *node, const char *value);
int store_remove(const char *path);
/* The number in a node; 0 if there is none. */
int store_number(const char *directory, const char *node);
int store_watch(const char *path, bool on);
/* Until something has changed below what is watched, or the time is over. */
int store_wait(int msec);

#endif
