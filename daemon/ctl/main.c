// SPDX-License-Identifier: GPL-2.0-or-later
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/number.h"
#include "base/util.h"
#include "ctl/command.h"

static void print_help(void)
{
	puts("Usage: mydevicectl [OPTION]... COMMAND [ARGUMENT]...\n"
	     "The channels between Xen guests and this host.\n\n"
	     "Commands:");
	for (const struct command *command = commands; command->name; command++)
		printf("  %-8s %-23s %s\n", command->name, command->arguments, command->summary);
	puts("\nA guest is given by its name, domid or UUID, a channel by its name or device id.\n\n"
	     "Options:\n"
	     "  -j, --json            print JSON: list, status, attach, monitor, policy\n"
	     "  -a, --all             requests that were not granted, too: list, status\n"
	     "      --class=CLASS     a device of this class: attach, detach, wait, monitor, policy\n"
	     "      --mode=MODE       stream or packet: attach\n"
	     "      --ring-size=BYTES of each direction, K and M allowed: attach\n"
	     "      --force           do not wait for the drivers: detach\n"
	     "      --for=STATE       attached, connected (default) or gone: wait\n"
	     "      --timeout=SECONDS wait so long at most: detach, wait, monitor\n"
	     "      --output=FILE     into a file, for node_exporter: metrics\n"
	     "      --pid=PID         without a bus, send SIGHUP to this process: reload\n"
	     "  -h, --help            show this help\n"
	     "      --version         show the version\n\n"
	     "See mydevicectl(1).");
}

static const struct command *find_command(const char *name)
{
	for (const struct command *command = commands; command->name; command++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}

static int run(struct command_context *context, unsigned int given, const char *name)
{
	const struct command *command = find_command(name);

	if (!command) {
		fprintf(stderr, "mydevicectl: \"%s\" is no command; see: mydevicectl --help\n",
			escape(name).text);
		return EXIT_USAGE;
	}
	if (context->argc < command->min_arguments || context->argc > command->max_arguments) {
		fprintf(stderr, "mydevicectl: too %s arguments; usage: mydevicectl %s %s\n",
			context->argc < command->min_arguments ? "few" : "many", command->name,
			command->arguments);
		return EXIT_USAGE;
	}
	if (given & ~command->takes) {
		fprintf(stderr, "mydevicectl: an option does not go with %s; see: mydevicectl --help\n",
			command->name);
		return EXIT_USAGE;
	}
	return command->run(context);
}

enum {
	OPTION_VERSION = 256,
	OPTION_CLASS,
	OPTION_MODE,
	OPTION_RING_SIZE,
	OPTION_FORCE,
	OPTION_FOR,
	OPTION_TIMEOUT,
	OPTION_OUTPUT,
	OPTION_PID,
};

static const struct option longs[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "all", no_argument, NULL, 'a' },
	{ "class", required_argument, NULL, OPTION_CLASS },
	{ "mode", required_argument, NULL, OPTION_MODE },
	{ "ring-size", required_argument, NULL, OPTION_RING_SIZE },
	{ "force", no_argument, NULL, OPTION_FORCE },
	{ "for", required_argument, NULL, OPTION_FOR },
	{ "output", required_argument, NULL, OPTION_OUTPUT },
	{ "pid", required_argument, NULL, OPTION_PID },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{},
};

/* What the option is to commands; 0 if it is none of theirs, -1 if it is wrong. */
static int take_option(struct command_context *context, int option)
{
	uint64_t seconds, pid;

	switch (option) {
	case 'j':
		context->json = true;
		return TAKES_JSON;
	case 'a':
		context->all = true;
		return TAKES_ALL;
	case OPTION_CLASS:
		context->class = optarg;
		return TAKES_CLASS;
	case OPTION_MODE:
		context->mode = optarg;
		return TAKES_MODE;
	case OPTION_FORCE:
		context->force = true;
		return TAKES_FORCE;
	case OPTION_FOR:
		context->state = optarg;
		return TAKES_FOR;
	case OPTION_OUTPUT:
		context->output = optarg;
		return TAKES_OUTPUT;
	case OPTION_RING_SIZE:
		if (number_bytes(optarg, UINT32_MAX, &context->ring_size) == 0 &&
		    context->ring_size)
			return TAKES_RING_SIZE;
		fprintf(stderr, "mydevicectl: --ring-size=%s: expected a number of bytes\n",
			escape(optarg).text);
		return -1;
	case OPTION_PID:
		if (number_decimal(optarg, strlen(optarg), INT32_MAX, &pid) == 0 && pid > 1) {
			context->pid = (pid_t)pid;
			return TAKES_PID;
		}
		fprintf(stderr, "mydevicectl: --pid=%s: expected a process id\n",
			escape(optarg).text);
		return -1;
	case OPTION_TIMEOUT:
		if (number_decimal(optarg, strlen(optarg), UINT32_MAX, &seconds) == 0) {
			context->timeout_usec = seconds * USEC_PER_SEC;
			return TAKES_TIMEOUT;
		}
		fprintf(stderr, "mydevicectl: --timeout=%s: expected a number of seconds\n",
			escape(optarg).text);
		return -1;
	}
	return 0;
}

int main(int argc, char *argv[])
{
	struct command_context context = { .timeout_usec = UINT64_MAX };
	unsigned int given = 0;
	int option, status;

	while ((option = getopt_long(argc, argv, "jah", longs, NULL)) >= 0) {
		int takes = take_option(&context, option);

		if (takes < 0)
			return EXIT_USAGE;
		given |= (unsigned int)takes;
		if (option == 'h') {
			print_help();
			return EXIT_SUCCESS;
		}
		if (option == OPTION_VERSION) {
			puts("mydevicectl " MYDEVICE_VERSION);
			return EXIT_SUCCESS;
		}
		if (!takes) {
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
	status = run(&context, given, argv[optind]);
	/* output that did not get out is a failure */
	if (status == EXIT_SUCCESS && (fflush(stdout) || ferror(stdout))) {
		perror("mydevicectl: cannot write the output");
		return EXIT_FAILURE;
	}
	return status;
}
