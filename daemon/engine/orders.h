/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carries out what an operator wants. */
#ifndef ATTACHD_ORDERS_H
#define ATTACHD_ORDERS_H

#include "engine/order.h"

struct manager;

/* Fills in the answer. */
void orders_execute(struct manager *manager, struct order *order);

#endif
