/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which sections of the policy are about something that is there now. */
#ifndef ATTACHD_SECTIONS_H
#define ATTACHD_SECTIONS_H

#include <stddef.h>
#include <stdlib.h>

#include "base/escape.h"

struct manager;

struct section_use {
	struct escaped title;		/* as in: [Guest web-*] */
	char *file;
	unsigned int line;
	unsigned int guests, devices;	/* that it matches */
};

/* In the order of the files. 0 or -ENOMEM. */
int sections_list(struct manager *manager, struct section_use **ret, size_t *ret_n);

static inline void sections_free(struct section_use *sections, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(sections[i].file);
	free(sections);
}

#endif
