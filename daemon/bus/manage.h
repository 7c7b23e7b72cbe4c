/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders from the bus: whether the caller may give them, and the answers. */
#ifndef ATTACHD_BUS_MANAGE_H
#define ATTACHD_BUS_MANAGE_H

#include <systemd/sd-bus.h>

#include "bus/quota.h"
#include "engine/engine.h"

struct question;

struct bus_orders {
	struct engine *engine;
	struct question *questions;	/* to polkit, which has not answered */
	uint64_t last_question;
	struct quota quota, looks;	/* of orders that change something, and of others */
};

void bus_orders_init(struct bus_orders *orders, struct engine *engine);
void bus_orders_done(struct bus_orders *orders);

int bus_method_attach(sd_bus_message *call, struct bus_orders *orders, sd_bus_error *ret_error);
int bus_method_detach(sd_bus_message *call, struct bus_orders *orders, sd_bus_error *ret_error);
int bus_method_set(sd_bus_message *call, struct bus_orders *orders, sd_bus_error *ret_error);
int bus_method_policy(sd_bus_message *call, struct bus_orders *orders, sd_bus_error *ret_error);
int bus_method_sections(sd_bus_message *call, struct bus_orders *orders, sd_bus_error *ret_error);
int bus_method_find_guest(sd_bus_message *call, struct bus_orders *orders, sd_bus_error *ret_error);

/* Answers all orders that are carried out. */
void bus_answer_orders(struct bus_orders *orders);
/* The bus is to go: its questions would keep it, and it them. */
void bus_drop_questions(struct bus_orders *orders);

#endif
