/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operator has taken from a guest: devices that it does not get again
 * until they are attached by hand, or the guest is gone. As many as there are.
 * Pure; noted in XenStore by withheld-note.c.
 */
#ifndef ATTACHD_WITHHELD_H
#define ATTACHD_WITHHELD_H

#include <stdbool.h>
#include <stddef.h>

/* Of the words in one node. */
#define WITHHELD_SIZE 1024

/* All zeroes: nothing. */
struct withheld {
	char *text;			/* words, " CLASS/NAME", or NULL */
	unsigned int n_nodes;		/* that they take in XenStore */
};

void withheld_done(struct withheld *withheld);

bool withheld_has(const struct withheld *withheld, const char *class, const char *name);
/* 0 or -ENOMEM */
int withheld_add(struct withheld *withheld, const char *class, const char *name);
/* Whether it was there. */
bool withheld_drop(struct withheld *withheld, const char *class, const char *name);

const char *withheld_words(const struct withheld *withheld);
/* How much of the words fits in one node. */
size_t withheld_part(const char *words);

/*
 * Adds what stands in a node: a guest's UUID, and words. 0, -ENOMEM, or -EBADMSG:
 * it is another guest's.
 */
int withheld_parse(struct withheld *withheld, const char *uuid, const char *text);

#endif
