/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cmocka wants to be included before it. */
#ifndef TESTS_UNIT_ATTACHD_HARNESS_H
#define TESTS_UNIT_ATTACHD_HARNESS_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#endif
