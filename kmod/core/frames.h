/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames: many packets for one call. For small ones a run of them is copied at
 * once, through a private buffer, in which their headers cannot change any more.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_FRAMES_H
#define MYD_FRAMES_H

#include "move.h"

/* Bytes of a run, in each direction. */
#define MYD_RUN		4096u

int myd_frames_get(struct call *call, u32 used, struct piece *piece);
int myd_frames_next(struct call *call);
int myd_frames_put(struct call *call, u32 room, struct piece *piece);

#endif /* MYD_FRAMES_H */
