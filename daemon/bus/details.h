/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a rule of polkit can look up about an order: all that its caller has chosen. See
 * polkit's details in mydevice-attachd(8).
 */
#ifndef ATTACHD_BUS_DETAILS_H
#define ATTACHD_BUS_DETAILS_H

#include <systemd/sd-bus.h>

#include "engine/order.h"

/* Appends an a{ss} about the order, which has been identified. 0 or -errno. */
int bus_append_details(sd_bus_message *message, const struct order *order);

#endif
