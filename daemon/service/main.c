// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "policy/file.h"
#include "service/service.h"

enum {
	EXIT_USAGE = 2,
};

static const char help[] =
	"Usage: mydevice-attachd [OPTION]...\n"
	"Attach the mydevice channels that Xen guests ask for.\n\n"
	"  -c, --config=FILE      policy file, with drop-ins in FILE.d/*.conf\n"
	"                         (default " POLICY_FILE ")\n"
	"      --check[=FILE]     tell every mistake in the policy and exit\n"
	"  -l, --log-level=LEVEL  err, warning, notice, info (default) or debug\n"
	"      --xenctrl=LIBRARY  libxenctrl to ask for facts about domains;\n"
	"                         \"none\": take them from XenStore alone\n"
	"  -h, --help             show this help\n"
	"      --version          show the version\n\n"
	"See mydevice-attachd(8) and attachd.conf(5).\n";

static void print_fault(enum policy_fault fault, const char *file, unsigned int line,
			const char *message, void *userdata)
{
	unsigned int *n = userdata;

	(*n)++;
	if (line)
		printf("%s:%u: %s\n", file, line, message);
	else
		printf("%s: %s\n", file, message);
}

static int check(const char *file)
{
	_cleanup_(policy_freep) struct policy *policy = NULL;
	unsigned int n_faults = 0;
	int r;

	r = policy_load(file, print_fault, &n_faults, &policy);
	if (r == -ENOMEM)
		fprintf(stderr, "mydevice-attachd: %s\n", strerror(-r));
	if (r < 0 || n_faults)
		return EXIT_FAILURE;
	printf("%s: no mistakes, %zu sections\n", file, policy->n_sections);
	return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	enum {
		OPTION_CHECK = 256,
		OPTION_VERSION,
		OPTION_XENCTRL,
	};
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", optional_argument, NULL, OPTION_CHECK },
		{ "log-level", required_argument, NULL, 'l' },
		{ "xenctrl", required_argument, NULL, OPTION_XENCTRL },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{},
	};
	struct service_options options = { .policy_file = POLICY_FILE };
	int level = LOG_INFO, option;
	bool check_only = false;

	while ((option = getopt_long(argc, argv, "c:l:h", longs, NULL)) >= 0) {
		switch (option) {
		case 'c':
			options.policy_file = optarg;
			break;
		case OPTION_CHECK:
			check_only = true;
			if (optarg)
				options.policy_file = optarg;
			break;
		case 'l':
			if (log_level_parse(optarg, &level) < 0) {
				fprintf(stderr,
					"mydevice-attachd: --log-level=%s: expected err, warning, "
					"notice, info or debug\n",
					optarg);
				return EXIT_USAGE;
			}
			break;
		case OPTION_XENCTRL:
			options.xenctrl = strcmp(optarg, "none") ? optarg : "";
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_SUCCESS;
		case OPTION_VERSION:
			puts("mydevice-attachd " MYDEVICE_VERSION);
			return EXIT_SUCCESS;
		default:
			fputs("Try: mydevice-attachd --help\n", stderr);
			return EXIT_USAGE;
		}
	}
	/* so that "--check FILE" does what it says */
	if (check_only && optind + 1 == argc)
		options.policy_file = argv[optind++];
	if (optind != argc) {
		fprintf(stderr, "mydevice-attachd: unexpected argument: %s\n", argv[optind]);
		return EXIT_USAGE;
	}
	if (check_only)
		return check(options.policy_file);
	log_open(level);
	return service_run(&options) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
