/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes text from outside fit for a log, a terminal and a bus: printable ASCII
 * stays, everything else and the backslash become \xNN. Pure. What is too long
 * is cut and ends in "...".
 */
#ifndef ATTACHD_ESCAPE_H
#define ATTACHD_ESCAPE_H

#include <stddef.h>

#define ESCAPED_SIZE 128

struct escaped {
	char text[ESCAPED_SIZE];
};

struct escaped escape_bytes(const char *data, size_t len);
struct escaped escape(const char *text);

#endif
