/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The watches for a guest that throttle.c has removed are set again. */
#ifndef ATTACHD_REWATCH_H
#define ATTACHD_REWATCH_H

#include <stdbool.h>

struct domain;

/* Sets one of the removed watches again if it is time for that. False: there is none. */
bool rewatch_turn(struct domain *domain);

#endif
