// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads jobs, one line each, and answers each with one line of JSON. A job that
 * does not end in its time ends the program: nothing that hangs is a number.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define JOB_SECONDS	30

int failed(const char *format, ...)
{
	int error = errno;
	va_list args;

	printf("{\"error\": \"");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf(": %s\"}\n", error ? strerror(error) : "not as expected");
	return -1;
}

static uint64_t number(const char *value)
{
	return strtoull(value, NULL, 0);
}

static bool set(struct job *job, const char *key, const char *value)
{
	if (!strcmp(key, "transport"))
		job->transport = value;
	else if (!strcmp(key, "mode"))
		job->mode = value;
	else if (!strcmp(key, "path"))
		job->path = value;
	else if (!strcmp(key, "name"))
		job->name = value;
	else if (!strcmp(key, "size"))
		job->size = number(value);
	else if (!strcmp(key, "bytes"))
		job->bytes = number(value);
	else if (!strcmp(key, "count"))
		job->count = number(value);
	else if (!strcmp(key, "ring"))
		job->ring = number(value);
	else if (!strcmp(key, "devid"))
		job->devid = number(value);
	else if (!strcmp(key, "domid"))
		job->domid = number(value);
	else if (!strcmp(key, "dom0"))
		job->dom0 = number(value);
	else if (!strcmp(key, "verify"))
		job->verify = number(value);
	else
		return false;
	return true;
}

static int parse(char *line, struct job *job)
{
	char *word, *value, *rest;

	*job = (struct job){ .mode = "plain", .transport = "file", .path = "", .name = "" };
	job->word = strtok_r(line, " \n", &rest);
	if (!job->word)
		return -1;
	while ((word = strtok_r(NULL, " \n", &rest))) {
		value = strchr(word, '=');
		if (!value)
			return -1;
		*value++ = '\0';
		if (!set(job, word, value))
			return -1;
	}
	return 0;
}

static const struct {
	const char *word;
	int (*run)(const struct job *job);
} words[] = {
	{ "send", stream_send },
	{ "receive", stream_receive },
	{ "inside", stream_inside },
	{ "copy", copy_inside },
	{ "ping", roundtrip_ping },
	{ "pong", roundtrip_pong },
	{ "request", attach_request },
	{ "attach", attach_measure },
};

static int run(const struct job *job)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(job->word, words[i].word))
			continue;
		errno = 0;
		return words[i].run(job);
	}
	errno = 0;
	return failed("unknown job %s", job->word);
}

int main(void)
{
	char line[512];
	struct job job;

	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 4096);
	puts("{\"ready\": true}");
	while (fgets(line, sizeof(line), stdin)) {
		if (parse(line, &job)) {
			errno = EINVAL;
			failed("the job is not WORD KEY=VALUE...");
			continue;
		}
		alarm(JOB_SECONDS);
		run(&job);
		alarm(0);
	}
	return 0;
}
