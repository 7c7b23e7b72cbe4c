/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much waits in each direction.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_PENDING_H
#define MYD_PENDING_H

struct myd_channel;

long myd_pending(struct myd_channel *ch, unsigned int cmd, int __user *ret);

#endif /* MYD_PENDING_H */
