/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carries out what an operator wants. */
#ifndef ATTACHD_ORDERS_H
#define ATTACHD_ORDERS_H

#include "engine/order.h"

struct domain;
struct manager;

/* Fills in the answer. */
void orders_execute(struct manager *manager, struct order *order);

/* What an operator took from this guest before this process began. 0 or -errno. */
int orders_recall(struct domain *domain);

/* Notes a detach that was carried out without a note. 0 or -errno. */
int orders_note_again(struct domain *domain);

/* A detach that it noted but did not begin is begun, when its devices are known. 0 or -errno. */
int orders_resume(struct domain *domain);

#endif
