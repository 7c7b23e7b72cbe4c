// SPDX-License-Identifier: GPL-2.0-or-later
/* metrics: for who asks, or as a file for node_exporter */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/commands.h"

/* Whoever reads the file meets the old one or the new one, never a half. */
static int write_file(const char *path, const char *text)
{
	_cleanup_free_ char *temporary = NULL;
	FILE *stream;
	int fd, r = 0;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
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
	if (!r && rename(temporary, path) < 0)
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
			strerror(-r));
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
