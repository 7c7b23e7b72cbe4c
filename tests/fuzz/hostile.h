/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory shared with a peer that changes it between any two looks, as the
 * fuzzer's input says. What is shared is poisoned, so that AddressSanitizer
 * finds an access that is not a marked one.
 */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include <linux/types.h>

enum hostile_kind {
	HOSTILE_THEIRS,		/* words the peer writes: each load finds what it likes */
	HOSTILE_OURS,		/* words we write: never read back */
	HOSTILE_BYTES,		/* ring memory: copied in and out only */
};

/* The input, and how it is used up; zeroes from its end on. */
void hostile_input(const u8 *data, size_t size);
bool hostile_more(void);
u8 hostile_byte(void);
u32 hostile_word(void);

/* What is likely to matter to a check, for a peer that is often nearly right. */
void hostile_know(const u32 *truth);

void hostile_share(void *start, size_t len, enum hostile_kind kind);
void hostile_unshare_all(void);

/* Runs before each load of a shared word. */
extern void (*hostile_on_load)(const volatile u32 *word);

/* Behind READ_ONCE() and its like; memory that is not shared is just memory. */
u32 hostile_load(const volatile u32 *word);
void hostile_store(volatile u32 *word, u32 value);
void *hostile_copy(void *to, const void *from, size_t len);

#define hostile_assert(condition) \
	((condition) ? (void)0 : hostile_failed(__FILE__, __LINE__, #condition))

_Noreturn void hostile_failed(const char *file, int line, const char *condition);

#endif
