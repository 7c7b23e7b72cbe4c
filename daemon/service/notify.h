/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon tells its manager. sd_notify() waits if the manager does not
 * read; here the message is lost instead.
 */
#ifndef ATTACHD_NOTIFY_H
#define ATTACHD_NOTIFY_H

#include <stdbool.h>

#include "base/util.h"

/* "KEY=value" lines. False if it was lost; true if it is there, or nobody wants it. */
bool notify(const char *format, ...) _printf_(1, 2);

#endif
