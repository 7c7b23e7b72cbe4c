/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef DEBUG_FAULTS_H
#define DEBUG_FAULTS_H

#include <stdbool.h>

/**
 * struct operation - what is attempted
 * @name: its name
 * @setup: makes ready; or NULL
 * @run: the operation; a negative errno if it fails
 * @undo: after each attempt, with what it returned; or NULL
 */
struct operation {
	const char *name;
	bool (*setup)(void);
	long (*run)(void);
	bool (*undo)(long result);
};

/* Until an attempt needs no more allocations than did not fail. */
void attempt_all(const struct operation *op);
/* The calls on the two ends of a channel; and, if there is a command file, its end. */
void attempt_files(const char *front, const char *back, const char *command_file);
/* By errno. */
void die(const char *what);

#endif /* DEBUG_FAULTS_H */
