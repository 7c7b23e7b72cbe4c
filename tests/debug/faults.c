// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes each memory allocation of an operation fail once, by fault injection:
 * the first in the first attempt, the second in the second, until an attempt
 * needs no more than did not fail.
 *
 *	faults module FILE [PARAMETERS]
 *		load the module; it stays loaded
 *	faults write FILE TEXT UNDO-FILE UNDO-TEXT
 *		write to a file, and write to another after each success
 *	faults files FRONT BACK [COMMAND-FILE]
 *		each call on the two ends of a channel, which are connected; and, by
 *		the commands of tests/core/mydeviceloop.c, the rings are taken away
 *
 * An attempt in which an allocation failed succeeds or returns an error; one
 * without a failure succeeds. Prints PASS or FAIL for each operation, with the
 * number of allocations. Whoever calls this searches the kernel's log and
 * kmemleak for what the attempts left behind.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "faults.h"

/* No operation takes more; a greater number means that the loop does not end. */
#define MOST	20000
/* Of a module, the last ones are those of its own: of those before, some will do. */
#define LAST	300
#define STRIDE	10

static int nth_file;
static bool failed;

void die(const char *what)
{
	printf("FAIL faults: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

/* Also those that may sleep, and those of any memory: all of them. */
static void begin(void)
{
	static const char dir[] = "/sys/kernel/debug/";
	static const char *const settings[][2] = {
		{ "failslab/ignore-gfp-wait", "N" },
		{ "failslab/verbose", "0" },
		{ "fail_page_alloc/ignore-gfp-wait", "N" },
		{ "fail_page_alloc/ignore-gfp-highmem", "N" },
		{ "fail_page_alloc/min-order", "0" },
		{ "fail_page_alloc/verbose", "0" },
	};
	char path[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		snprintf(path, sizeof(path), "%s%s", dir, settings[i][0]);
		put(path, settings[i][1]);
	}
	nth_file = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth_file < 0)
		die("/proc/thread-self/fail-nth");
	/* no page of this program's is allocated by the operation */
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		die("mlockall");
}

static void arm(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(nth_file, text, len, 0) != len)
		die("fail-nth");
}

/* How many allocations are left until one fails; 0 if one did. */
static unsigned int disarm(void)
{
	int saved = errno;
	char text[16] = "";

	if (pread(nth_file, text, sizeof(text) - 1, 0) <= 0)
		die("fail-nth");
	arm(0);
	errno = saved;
	return atoi(text);
}

/* A failure that makes the channel unusable is found by the next setup. */
/* Of @expected allocations, if that is not 0, only some of those before the last. */
static void attempt_some(const struct operation *op, unsigned int expected)
{
	unsigned int n = 1, attempts = 0, errors = 0, unlike = 0;
	bool injected = true, good = true;
	long r = 0;

	for (; n <= MOST && injected && good; n += n + LAST < expected ? STRIDE : 1) {
		attempts++;
		good = !op->setup || op->setup();
		if (!good)
			break;
		arm(n);
		r = op->run();
		injected = !disarm();
		errors += r < 0;
		if (r < 0 && r != -ENOMEM) {
			unlike++;
			printf("  %s: %s when allocation %u fails\n", op->name, strerror(-r), n);
		}
		good = (r >= 0 || injected) && (!op->undo || op->undo(r));
	}
	if (good && !injected)
		printf("PASS faults-%s (%u of %u allocations, %u errors, %u of them not ENOMEM)\n",
		       op->name, attempts - 1, n - 2, errors, unlike);
	else
		printf("FAIL faults-%s: attempt %u%s: %s\n", op->name, attempts,
		       injected ? "" : ", in which none failed", strerror(r < 0 ? -r : 0));
	failed |= !good || injected;
}

void attempt_all(const struct operation *op)
{
	attempt_some(op, 0);
}

static int module_fd;
static const char *module_name, *module_parameters;

static long load(void)
{
	return syscall(SYS_finit_module, module_fd, module_parameters, 0) ? -errno : 0;
}

static bool unload(long result)
{
	if (result < 0)
		return true;
	if (!syscall(SYS_delete_module, module_name, O_NONBLOCK))
		return true;
	printf("  %s cannot be unloaded: %s\n", module_name, strerror(errno));
	return false;
}

static void module(const char *file, const char *parameters)
{
	static char name[64], label[80];
	struct operation op = { .name = label, .run = load, .undo = unload };
	unsigned int expected;
	long r;

	snprintf(name, sizeof(name), "%s", strrchr(file, '/') ? strrchr(file, '/') + 1 : file);
	*strchrnul(name, '.') = '\0';
	snprintf(label, sizeof(label), "load-%s", name);
	module_name = name;
	module_parameters = parameters;
	module_fd = open(file, O_RDONLY | O_CLOEXEC);
	if (module_fd < 0)
		die(file);
	arm(MOST);
	r = load();
	expected = MOST - disarm();
	unload(r);
	attempt_some(&op, r ? 0 : expected);
	if (load()) {
		printf("FAIL faults-%s: not loaded at last: %s\n", label, strerror(errno));
		failed = true;
	}
}

static int write_fd, undo_fd;
static const char *write_text, *undo_text;

static long write_it(void)
{
	return pwrite(write_fd, write_text, strlen(write_text), 0) < 0 ? -errno : 0;
}

static bool unwrite(long result)
{
	if (result < 0)
		return true;
	if (pwrite(undo_fd, undo_text, strlen(undo_text), 0) >= 0)
		return true;
	printf("  undoing it: %s\n", strerror(errno));
	return false;
}

static void writing(const char *file, const char *text, const char *undo_file, const char *undo)
{
	static char label[80];
	struct operation op = { .name = label, .run = write_it, .undo = unwrite };

	snprintf(label, sizeof(label), "%s", text);
	for (char *c = label; *c; c++)
		if (*c == ' ')
			*c = '-';
	write_fd = open(file, O_WRONLY | O_CLOEXEC);
	undo_fd = open(undo_file, O_WRONLY | O_CLOEXEC);
	if (write_fd < 0 || undo_fd < 0)
		die(file);
	write_text = text;
	undo_text = undo;
	attempt_all(&op);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	begin();
	if (!strcmp(verb, "module") && (argc == 3 || argc == 4)) {
		module(argv[2], argc == 4 ? argv[3] : "");
	} else if (!strcmp(verb, "write") && argc == 6) {
		writing(argv[2], argv[3], argv[4], argv[5]);
	} else if (!strcmp(verb, "files") && (argc == 4 || argc == 5)) {
		attempt_files(argv[2], argv[3], argc == 5 ? argv[4] : NULL);
	} else {
		fputs("usage: faults module FILE [PARAMETERS]\n"
		      "       faults write FILE TEXT UNDO-FILE UNDO-TEXT\n"
		      "       faults files FRONT BACK [COMMAND-FILE]\n", stderr);
		return 2;
	}
	return failed;
}
