/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strict numbers. Pure. Text comes with its length, since what a guest wrote
 * may hold NUL bytes. Each returns 0, -EINVAL for text that is no such number
 * or -ERANGE for a number that is too large; ret is then untouched.
 */
#ifndef ATTACHD_NUMBER_H
#define ATTACHD_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* First domid that no ordinary domain has (DOMID_FIRST_RESERVED). */
#define DOMID_LIMIT 0x7ff0u

/* Digits only, no sign, no leading zero. */
int number_decimal(const char *text, size_t len, uint64_t max, uint64_t *ret);
int number_devid(const char *text, size_t len, unsigned int *ret);
int number_domid(const char *text, size_t len, unsigned int *ret);

/* For people: an optional K, M or G (powers of 1024) after the digits. */
int number_bytes(const char *text, uint64_t max, uint64_t *ret);
/* For people: yes/no, true/false, on/off, 1/0. */
int number_boolean(const char *text, bool *ret);

/* The largest power of two that is not above n; n must not be 0. */
uint64_t number_round_down_pow2(uint64_t n);

#endif
