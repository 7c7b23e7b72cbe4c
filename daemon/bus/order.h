/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a caller wants, as its message says it. */
#ifndef ATTACHD_BUS_ORDER_H
#define ATTACHD_BUS_ORDER_H

#include <systemd/sd-bus.h>

#include "base/util.h"
#include "engine/order.h"

/* 0 or -errno, also with ret_error set. The order holds on to the message. */
int bus_read_order(sd_bus_message *call, enum order_kind kind, sd_bus_error *ret_error,
		   struct order **ret);
void bus_order_free(struct order *order);
DEFINE_CLEANUP(struct order, bus_order_free)

#endif
