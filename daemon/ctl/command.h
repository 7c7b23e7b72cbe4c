/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A command of mydevicectl: commands.c lists them. */
#ifndef MYDEVICECTL_COMMAND_H
#define MYDEVICECTL_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Documented in mydevicectl(1); EXIT_FAILURE is 1. */
enum {
	EXIT_USAGE = 2,
	EXIT_NO_DAEMON = 3,
	EXIT_NOT_FOUND = 4,
	EXIT_TIMED_OUT = 5,
	EXIT_NOT_ALLOWED = 6,
	EXIT_AMBIGUOUS = 7,
	EXIT_EXISTS = 8,
	EXIT_BUSY = 9,
	EXIT_NO_XENSTORE = 10,
	EXIT_NO_BACKEND = 11,
	EXIT_NO_SPACE = 12,
	EXIT_LIMIT = 13,
	EXIT_BAD_POLICY = 14,
	EXIT_NOT_SUPPORTED = 15,
	EXIT_NO_DRIVER = 16,
};

/* Options that only some commands take. */
enum {
	TAKES_CLASS = 1 << 0,
	TAKES_MODE = 1 << 1,
	TAKES_RING_SIZE = 1 << 2,
	TAKES_FORCE = 1 << 3,
	TAKES_TIMEOUT = 1 << 4,
	TAKES_FOR = 1 << 5,
	TAKES_JSON = 1 << 6,
	TAKES_OUTPUT = 1 << 7,
	TAKES_ALL = 1 << 8,
	TAKES_PID = 1 << 9,
};

struct command_context {
	bool json, force;
	bool all;			/* requests that were not granted, too */
	const char *class, *mode;	/* NULL: not given */
	const char *state;		/* what to wait for */
	const char *output;		/* a file */
	pid_t pid;			/* of the daemon; 0: not given */
	uint64_t ring_size;		/* bytes; 0: not given */
	uint64_t timeout_usec;		/* UINT64_MAX: not given */
	int argc;			/* arguments after the command's name */
	char **argv;
};

struct command {
	const char *name;
	const char *arguments;
	const char *summary;
	int min_arguments, max_arguments;
	unsigned int takes;
	int (*run)(const struct command_context *context);
};

/* Ends with an entry without a name. */
extern const struct command commands[];

int run_attach(const struct command_context *context);
int run_connect(const struct command_context *context);
int run_detach(const struct command_context *context);
int run_metrics(const struct command_context *context);
int run_monitor(const struct command_context *context);
int run_policy(const struct command_context *context);
int run_reload(const struct command_context *context);
int run_set(const struct command_context *context);
int run_wait(const struct command_context *context);

/* Says what failed; what is left is the exit status. */
int command_failed(int error, const char *why);

#endif
