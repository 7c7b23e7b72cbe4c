// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The semantics of the files, docs/PROTOCOL.md, "What a program sees":
 *
 *	semantics agent NODE
 *	semantics run --front COMMAND --back COMMAND [--control COMMAND]
 *		[--lies] [--limits] [--tools "TOOL..."] [--moment MILLISECONDS] [--slow FACTOR]
 *		[--own] [ROW...]
 *
 * Each COMMAND for an end starts an agent there, in this kernel or in another
 * domain. Every row runs from both ends, and reports PASS or FAIL. A call that should
 * wait is watched for a moment. On a slow kernel, all time limits are multiplied by
 * FACTOR. With --own only rows for the channel's mode alone run.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <uapi/linux/mydevice.h>

#include "agent.h"
#include "row.h"

struct setting setting;

static const struct row *const files[] = {
	opening_rows, session_rows, shutdown_rows, packet_rows, frame_rows, poll_rows, vector_rows,
	splice_rows, signal_rows, uring_rows, ioctl_rows, tune_rows, limit_rows, direction_rows,
	counter_rows, traffic_rows, tool_rows, other_rows, attach_rows,
};

static int failures;

void check(bool good, const char *file, int line, const char *what)
{
	if (good)
		return;
	printf("  %s:%d: %s\n", file, line, what);
	failures++;
}

long check_is(long value, long wanted, const char *file, int line, const char *what)
{
	if (value != wanted) {
		printf("  %s:%d: %s is %ld, not %ld\n", file, line, what, value, wanted);
		failures++;
	}
	return value;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* The channel says what it is; one that cannot be asked fails all. */
static bool find_setting(struct end *front, struct end *back)
{
	struct mydevice_info info = {};
	int a, b;

	in_session(front, &a, back, &b, 0);
	IS(IOCTL(front, a, MYDEVICE_IOC_INFO, info), 0);
	setting.packet = info.mode;
	setting.ring = info.tx_ring;
	ends_reset(front, back);
	return !failures && info.tx_ring;
}

static bool run_row(const struct row *row, struct end *near, struct end *far)
{
	double start = seconds();

	failures = 0;
	row->run(near, far);
	if (row->modes & LIMITS)
		CHECK(control("set back"));
	CHECK(ends_reset(near, far));
	printf("%s semantics-%s-%s (%.2f s)\n", failures ? "FAIL" : "PASS", row->name, near->name,
	       seconds() - start);
	return !failures;
}

static bool is_wanted(const struct row *row, char **names)
{
	if (!(row->modes & (setting.packet ? PACKET : STREAM)) ||
	    (setting.own && (row->modes & BOTH) == BOTH) ||
	    ((row->modes & CONTROL) && !setting.control) ||
	    ((row->modes & LIES) && !setting.lies) ||
	    ((row->modes & TOOLS) && !setting.tools) ||
	    ((row->modes & LIMITS) && !setting.limits))
		return false;
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(*names, row->name))
			return true;
	return false;
}

/* Whether at least one row was run, and none failed. */
static bool run_rows(struct end *front, struct end *back, char **names)
{
	bool good = true;
	int count = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		for (const struct row *row = files[i]; row->name; row++) {
			if (!is_wanted(row, names))
				continue;
			good &= run_row(row, front, back);
			good &= run_row(row, back, front);
			count += 2;
		}
	}
	printf("semantics: %d rows were run\n", count);
	return good && count;
}

static int usage(void)
{
	fputs("usage: semantics agent NODE\n"
	      "       semantics run --front COMMAND --back COMMAND [--control COMMAND]\n"
	      "           [--lies] [--limits] [--tools TOOLS] [--moment MILLISECONDS]\n"
	      "           [--slow FACTOR] [--own] [ROW...]\n",
	      stderr);
	return 2;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "front", required_argument, NULL, 'f' },
		{ "back", required_argument, NULL, 'b' },
		{ "control", required_argument, NULL, 'c' },
		{ "tools", required_argument, NULL, 't' },
		{ "lies", no_argument, NULL, 'l' },
		{ "limits", no_argument, NULL, 'L' },
		{ "own", no_argument, NULL, 'o' },
		{ "moment", required_argument, NULL, 'm' },
		{ "slow", required_argument, NULL, 's' },
		{}
	};
	static struct end front, back;
	const char *front_command = NULL, *back_command = NULL;
	bool good;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'f':
			front_command = optarg;
			break;
		case 'b':
			back_command = optarg;
			break;
		case 'c':
			setting.control = optarg;
			break;
		case 't':
			setting.tools = optarg;
			break;
		case 'l':
			setting.lies = true;
			break;
		case 'L':
			setting.limits = true;
			break;
		case 'o':
			setting.own = true;
			break;
		case 'm':
			end_moment = atoi(optarg);
			break;
		case 's':
			end_slow = atoi(optarg);
			break;
		default:
			return usage();
		}
	}
	if (!front_command || !back_command)
		return usage();
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	end_start(&front, "front", front_command);
	end_start(&back, "back", back_command);
	if (find_setting(&front, &back)) {
		good = run_rows(&front, &back, argv + optind);
	} else {
		puts("FAIL semantics-begins: the two ends are not in a session");
		good = false;
	}
	end_stop(&front);
	end_stop(&back);
	return good ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "agent"))
		return agent(argv[2]);
	if (argc > 2 && !strcmp(argv[1], "run"))
		return run(argc - 1, argv + 1);
	return usage();
}
