// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What many rows do.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <stdio.h>
#include <stdlib.h>
#include <uapi/linux/mydevice.h>
#include <unistd.h>

#include "row.h"

int opened(struct end *end, int flags)
{
	long fd = end_open(end, flags);

	CHECK(fd >= 0);
	if (fd < 0)
		printf("  the %s cannot be opened: %s\n", end->name, strerror(-fd));
	return fd;
}

void in_session(struct end *near, int *ret_near, struct end *far, int *ret_far, int flags)
{
	struct call a, b;

	/* both at once: an answer from another domain takes its time */
	a = call_begin(near, OP_OPEN, NULL, 0, O_RDWR | flags, 0, 0, 0);
	b = call_begin(far, OP_OPEN, NULL, 0, O_RDWR | flags, 0, 0, 0);
	*ret_near = call_result(&a);
	*ret_far = call_result(&b);
	call_free(&a);
	call_free(&b);
	CHECK(*ret_near >= 0);
	CHECK(*ret_far >= 0);
	a = call_begin(near, OP_BECOMES, NULL, 0, *ret_near, POLLOUT, END_SOON, 0);
	b = call_begin(far, OP_BECOMES, NULL, 0, *ret_far, POLLOUT, END_SOON, 0);
	IS(call_result(&a), POLLOUT);
	IS(call_result(&b), POLLOUT);
	call_free(&a);
	call_free(&b);
}

void await_full(struct end *end, int fd)
{
	struct mydevice_info info = { .tx_free = 1 };

	for (int waited = 0; waited < END_SOON && info.tx_free; waited += 20) {
		usleep(20000);
		IS(IOCTL(end, fd, MYDEVICE_IOC_INFO, info), 0);
	}
	IS(info.tx_free, 0);
}

long says(struct end *end, int fd, const char *text)
{
	return IS(end_write(end, fd, text, strlen(text)), (long)strlen(text));
}

bool call_hears(struct call *call, const char *text)
{
	long n = call_result(call);
	bool same = n == (long)strlen(text) && !memcmp(call->data, text, n);

	if (!same)
		printf("  the %s read %ld: \"%.*s\", not \"%s\"\n", call->end->name, n,
		       n > 0 ? (int)n : 0, n > 0 ? (char *)call->data : "", text);
	call_free(call);
	return same;
}

bool hears(struct end *end, int fd, const char *text)
{
	struct call call = begin_read(end, fd, 256);

	return call_hears(&call, text);
}

long runs(struct end *end, const char *line, char *ret_output, size_t size)
{
	struct call call = call_begin(end, OP_RUN, line, strlen(line), 0, 0, 0, 0);
	long result = call_result(&call);

	snprintf(ret_output, size, "%s", call.data ? (char *)call.data : "");
	call_free(&call);
	return result;
}

bool control(const char *line)
{
	char *command;
	int status;

	if (asprintf(&command, "%s %s </dev/null >&2", setting.control, line) < 0)
		abort();
	status = system(command);
	if (status)
		printf("  %s: status %d\n", command, status);
	free(command);
	return !status;
}
