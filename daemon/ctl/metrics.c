// SPDX-License-Identifier: GPL-2.0-or-later
/* metrics: for who asks, or as a file for node_exporter */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/command.h"

/*
 * The file to replace, or to create, behind any links. 0, or -errno; -ENOTSUP if it is anything
 * else than a file, which nobody wants replaced.
 */
static int find_file(const char *path, char **ret)
{
	struct stat st;

	if (lstat(path, &st) < 0) {
		if (errno != ENOENT)
			return -errno;
		*ret = strdup(path);
		return *ret ? 0 : -ENOMEM;
	}
	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOTSUP;
	*ret = realpath(path, NULL);
	return *ret ? 0 : -errno;
}

/* Whoever reads the file meets the old one or the new one, never a half. */
static int write_file(const char *path, const char *text)
{
	_cleanup_free_ char *file = NULL, *temporary = NULL;
	FILE *stream;
	int fd, r = find_file(path, &file);

	if (r < 0)
		return r;
	if (asprintf(&temporary, "%s.XXXXXX", file) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	fd = mkstemp(temporary);
	if (fd < 0)
		return -errno;
	stream = fdopen(fd, "w");
	if (!stream) {
		r = -errno;
		close(fd);
	} else {
		if (fputs(text, stream) < 0 || fchmod(fd, 0644) < 0)
			r = -errno;
		if (fclose(stream) && !r)
			r = -errno;
	}
	if (!r && rename(temporary, file) < 0)
		r = -errno;
	if (r)
		unlink(temporary);
	return r;
}

int run_metrics(const struct command_context *context)
{
	_cleanup_(client_closep) struct client *client = NULL;
	_cleanup_free_ char *text = NULL;
	const char *why = "";
	int r;

	r = client_open(&client, &why);
	if (r == 0)
		r = client_metrics(client, context->output ? "prometheus" : "openmetrics", &text,
				   &why);
	if (r < 0)
		return command_failed(r, why);
	if (!context->output) {
		fputs(text, stdout);
		return EXIT_SUCCESS;
	}
	r = write_file(context->output, text);
	if (r < 0) {
		fprintf(stderr, "mydevicectl: cannot write %s: %s\n", context->output,
			r == -ENOTSUP ? "it is not a regular file; without --output= the text goes "
					"to standard output" : strerror(-r));
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
