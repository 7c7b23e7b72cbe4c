/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices that a guest is given without having asked: by the policy, or again. */
#ifndef ATTACHD_GIFTS_H
#define ATTACHD_GIFTS_H

#include <stdbool.h>

struct domain;

/* Sees to one of them. False if there was nothing. */
bool gifts_turn(struct domain *domain);

#endif
