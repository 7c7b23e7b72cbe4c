/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The values of several nodes of XenStore, of which some may not be there. */
#ifndef ATTACHD_VALUES_H
#define ATTACHD_VALUES_H

#include <stddef.h>
#include <stdlib.h>

#include "model/paths.h"
#include "store/store.h"

struct value {
	char *data;			/* NULL: there is no such node */
	size_t len;
};

static inline void value_done(struct value *value)
{
	free(value->data);
	*value = (struct value){};
}

/* 0 or -errno: then there are none. */
int values_read(struct store *store, const struct path paths[], size_t n, struct value ret[]);

#endif
