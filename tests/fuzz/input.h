/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a fuzzer of the daemon's parsers takes from its input. */
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define fuzz_assert(condition) \
	((condition) ? (void)0 : fuzz_failed(__FILE__, __LINE__, #condition))

_Noreturn void fuzz_failed(const char *file, int line, const char *condition);

struct input {
	const uint8_t *data;
	size_t size;
};

/* Zeroes from its end on. */
uint8_t input_byte(struct input *input);

/*
 * The next len bytes, or all that are left, in memory of exactly this size so
 * that AddressSanitizer sees a look behind them; to be freed.
 */
char *input_bytes(struct input *input, size_t len, size_t *ret_len);
/* A byte with its length, then a text; with a NUL behind it, and maybe in it. */
char *input_text(struct input *input, size_t *ret_len);
/* The same up to the first NUL. */
char *input_string(struct input *input);

/* Nothing in it can do anything to a terminal or break a line. */
bool is_plain(const char *text);

/* A name of a channel, by the words of the protocol and not by the daemon's code. */
bool is_name(const char *text, size_t len);

#endif
