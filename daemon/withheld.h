/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operator has taken from a guest: devices that it does not get again
 * until they are attached by hand, or the guest is gone. Noted in XenStore.
 */
#ifndef ATTACHD_WITHHELD_H
#define ATTACHD_WITHHELD_H

#include <stdbool.h>

#define WITHHELD_SIZE 1024

struct domain;

/* Words, "CLASS/NAME", each with a space before it. */
struct withheld {
	char text[WITHHELD_SIZE];
};

bool withheld_has(const struct withheld *withheld, const char *class, const char *name);
/* 0, or -ENOSPC: there are too many. */
int withheld_add(struct withheld *withheld, const char *class, const char *name);
/* Whether it was there. */
bool withheld_drop(struct withheld *withheld, const char *class, const char *name);

/* What stands in XenStore for a guest: its UUID, and the words. False if it is another's. */
bool withheld_parse(struct withheld *withheld, const char *uuid, const char *text);

#endif
