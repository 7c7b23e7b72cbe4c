// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/mydevice.h>

#include "base/util.h"
#include "ctl/bridge.h"

/* No packet is larger than half the largest ring. */
#define IN_SIZE (1u << 20)
#define OUT_SIZE (64u << 10)

struct bridge {
	int channel, input, output, escape;
	char *in;			/* from the channel */
	char out[OUT_SIZE];		/* to the channel */
	size_t out_from, out_to;
	size_t out_most;		/* bytes that the channel takes at once */
	bool input_ended, told;		/* and the other end knows */
	bool peer_gone;			/* it takes nothing more, but may have left something */
	bool left;			/* by the escape */
	bool reads, writes;		/* what the channel is open for */
};

/* As much as there is; a packet channel gives one packet. */
static int take_from_channel(struct bridge *b)
{
	ssize_t n = b->reads ? read(b->channel, b->in, IN_SIZE) : 0;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (!n)
		return 1;
	for (ssize_t done = 0; done < n;) {
		ssize_t w = write(b->output, b->in + done, (size_t)(n - done));

		if (w < 0 && errno != EINTR)
			return -errno;
		done += w < 0 ? 0 : w;
	}
	return 0;
}

static int take_from_input(struct bridge *b)
{
	ssize_t n = read(b->input, b->out, sizeof(b->out));
	char *escape;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	b->input_ended = !n;
	b->out_from = 0;
	b->out_to = (size_t)n;
	escape = b->escape < 0 ? NULL : memchr(b->out, b->escape, b->out_to);
	if (escape) {
		b->left = true;
		b->out_to = (size_t)(escape - b->out);
	}
	/* read for the escape only */
	if (!b->writes)
		b->out_to = 0;
	return 0;
}

static int give_to_channel(struct bridge *b)
{
	size_t size = b->out_to - b->out_from;
	ssize_t n;

	n = write(b->channel, b->out + b->out_from, size < b->out_most ? size : b->out_most);
	if (n >= 0) {
		b->out_from += (size_t)n;
		return 0;
	}
	switch (errno) {
	case EAGAIN:
	case EINTR:
		return 0;
	case EMSGSIZE:
		/* a packet cannot be that long */
		b->out_most = (size < b->out_most ? size : b->out_most) / 2;
		return b->out_most ? 0 : -EMSGSIZE;
	case EPIPE:
		b->peer_gone = true;
		return 0;
	}
	return -errno;
}

/* What is no channel is a socket or a terminal, in tests and elsewhere. */
static void tell_end(struct bridge *b)
{
	struct mydevice_shutdown how = { .how = MYDEVICE_SHUT_WRITE };

	b->told = true;
	if (ioctl(b->channel, MYDEVICE_IOC_SHUTDOWN, &how) < 0)
		shutdown(b->channel, SHUT_WR);
}

static bool has_output(const struct bridge *b)
{
	return b->out_from < b->out_to && !b->peer_gone;
}

static int turn(struct bridge *b)
{
	bool wants_input = !has_output(b) && !b->input_ended && !b->peer_gone;
	struct pollfd fds[] = {
		{ .fd = b->channel, .events = (short)((b->reads ? POLLIN : 0) |
						      (has_output(b) ? POLLOUT : 0)) },
		{ .fd = wants_input ? b->input : -1, .events = POLLIN },
		/* once all is sent: whether who reads what comes has gone, as head does */
		{ .fd = b->told ? b->output : -1 },
	};
	int r = 0;

	if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[0].revents & ~POLLOUT)
		r = take_from_channel(b);
	if (r == 0 && has_output(b) && fds[0].revents & (POLLOUT | POLLERR | POLLHUP))
		r = give_to_channel(b);
	if (r == 0 && fds[1].revents)
		r = take_from_input(b);
	if (r == 0 && fds[2].revents)
		r = -EPIPE;
	if (b->input_ended && !b->told && !has_output(b)) {
		tell_end(b);
		/* nothing can come back */
		if (r == 0 && !b->reads)
			r = 1;
	}
	return r;
}

int bridge(int channel, int input, int output, int escape)
{
	struct bridge *b = calloc(1, sizeof(*b));
	int flags = fcntl(channel, F_GETFL);
	int r = 0;

	if (!b)
		return -ENOMEM;
	b->channel = channel;
	b->input = input;
	b->output = output;
	b->escape = escape;
	b->out_most = sizeof(b->out);
	b->reads = (flags & O_ACCMODE) != O_WRONLY;
	b->writes = (flags & O_ACCMODE) != O_RDONLY;
	b->in = malloc(IN_SIZE);
	if (!b->in)
		r = -ENOMEM;
	while (r == 0 && !(b->left && !has_output(b)))
		r = turn(b);
	free(b->in);
	free(b);
	return r < 0 ? r : 0;
}
