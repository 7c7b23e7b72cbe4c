/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests of a guest: which have changed, and the answer to each. */
#ifndef ATTACHD_REQUESTS_H
#define ATTACHD_REQUESTS_H

#include <stdbool.h>

struct domain;

/* A store_watch_fn; userdata is the domain. */
void requests_on_event(const char *path, void *userdata);

/* Sees to one request, or finds out which there are. False if there was nothing. */
bool requests_turn(struct domain *domain);

/* The id under which the guest asks for a channel of this name, or -ENOENT. */
int requests_find_named(const struct domain *domain, const char *name);

#endif
