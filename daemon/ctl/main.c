// SPDX-License-Identifier: GPL-2.0-or-later
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/commands.h"
#include "escape.h"

static void print_help(void)
{
	puts("Usage: mydevicectl [OPTION]... COMMAND [ARGUMENT]...\n"
	     "Look at the channels between Xen guests and this host.\n\n"
	     "Commands:");
	for (const struct command *command = commands; command->name; command++)
		printf("  %-8s %-16s %s\n", command->name, command->arguments, command->summary);
	puts("\nA guest is given by its name or domid, a channel by its name or device id.\n\n"
	     "Options:\n"
	     "  -j, --json     print JSON\n"
	     "  -h, --help     show this help\n"
	     "      --version  show the version\n\n"
	     "See mydevicectl(1).");
}

static const struct command *find_command(const char *name)
{
	for (const struct command *command = commands; command->name; command++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}

static int run(struct command_context *context, const char *name)
{
	const struct command *command = find_command(name);

	if (!command) {
		fprintf(stderr, "mydevicectl: \"%s\" is no command; see: mydevicectl --help\n",
			escape(name).text);
		return EXIT_USAGE;
	}
	if (context->argc > command->max_arguments) {
		fprintf(stderr, "mydevicectl: too many arguments; usage: mydevicectl %s %s\n",
			command->name, command->arguments);
		return EXIT_USAGE;
	}
	return command->run(context);
}

int main(int argc, char *argv[])
{
	enum {
		OPTION_VERSION = 256,
	};
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{},
	};
	struct command_context context = {};
	int option, status;

	while ((option = getopt_long(argc, argv, "jh", longs, NULL)) >= 0) {
		switch (option) {
		case 'j':
			context.json = true;
			break;
		case 'h':
			print_help();
			return EXIT_SUCCESS;
		case OPTION_VERSION:
			puts("mydevicectl " MYDEVICE_VERSION);
			return EXIT_SUCCESS;
		default:
			fputs("Try: mydevicectl --help\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind == argc) {
		fputs("mydevicectl: a command is missing; see: mydevicectl --help\n", stderr);
		return EXIT_USAGE;
	}
	context.argc = argc - optind - 1;
	context.argv = argv + optind + 1;
	status = run(&context, argv[optind]);
	/* output that did not get out is a failure */
	if (status == EXIT_SUCCESS && (fflush(stdout) || ferror(stdout))) {
		perror("mydevicectl: cannot write the output");
		return EXIT_FAILURE;
	}
	return status;
}
