/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the globs of a policy can match at all. Pure. */
#ifndef ATTACHD_GLOB_H
#define ATTACHD_GLOB_H

#include <stdbool.h>

/* Of what a glob is compared with. */
enum glob_of {
	GLOB_OF_CHANNEL,		/* name_is_safe() */
	GLOB_OF_GUEST,			/* 1 to 127 bytes of any kind */
	GLOB_OF_UUID,
};

/* Is there anything of this kind that fnmatch() matches? A longer glob than 255 is never used. */
bool glob_can_match(const char *glob, enum glob_of of);

/*
 * The first character outside of brackets that separates or quotes in other syntaxes, but is
 * part of the name here; 0 if there is none. spaces: do they count?
 */
char glob_list_char(const char *glob, bool spaces);

#endif
