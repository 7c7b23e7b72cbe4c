/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of mydevicectl. */
#ifndef MYDEVICECTL_COMMANDS_H
#define MYDEVICECTL_COMMANDS_H

#include <stdbool.h>

/* Documented in mydevicectl(1); EXIT_FAILURE is 1. */
enum {
	EXIT_USAGE = 2,
	EXIT_NO_DAEMON = 3,
	EXIT_NOT_FOUND = 4,
};

struct command_context {
	bool json;
	int argc;			/* arguments after the command's name */
	char **argv;
};

struct command {
	const char *name;
	const char *arguments;
	const char *summary;
	int max_arguments;
	int (*run)(const struct command_context *context);
};

/* Ends with an entry without a name. */
extern const struct command commands[];

#endif
