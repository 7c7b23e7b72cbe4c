/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The channel that the fuzzer control is about, and the face that links it.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef FUZZ_CONTROL_H
#define FUZZ_CONTROL_H

#include "channel.h"

#define ORDER_MAX	17

extern struct myd_channel *ch;
extern bool destroyed;

/* The control page of the present link, or NULL; how often the core called it broken. */
extern struct mydevice_control *control;
extern unsigned int breaks;

/* The indices as of the last check, on this link. */
extern u32 tx_prod, tx_cons, rx_prod, rx_cons;

/* Links the channel, or takes its link away, if it can be done now. */
void op_connect(void);
void op_disconnect(void);

#endif /* FUZZ_CONTROL_H */
