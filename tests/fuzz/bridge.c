// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mydevicectl connect between a terminal and a channel, stream and packet:
 * what goes in comes out, up to the escape, whatever it is and in whatever
 * pieces it comes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/bridge.h"
#include "input.h"

/* Less than any socket takes at once, so that one thread is enough. */
#define BYTES_MAX 4096

static char got[2 * BYTES_MAX];

/* All that comes until there is no more. */
static size_t drain(int fd)
{
	size_t done = 0;
	ssize_t n;

	while ((n = recv(fd, got + done, sizeof(got) - done, MSG_DONTWAIT)) > 0)
		done += (size_t)n;
	return done;
}

static void send_pieces(struct input *input, int fd, const char *bytes, size_t len)
{
	for (size_t done = 0; done < len;) {
		size_t piece = 1 + input_byte(input);

		if (piece > len - done)
			piece = len - done;
		fuzz_assert(send(fd, bytes + done, piece, MSG_NOSIGNAL) == (ssize_t)piece);
		done += piece;
	}
}

static void check(struct input *input, int type, int escape)
{
	int channel[2], terminal[2], output[2], r;
	size_t to_len, from_len, expected, n;
	uint8_t how = input_byte(input);
	char *to = input_bytes(input, input_byte(input), &to_len);
	char *from = input_bytes(input, input_byte(input), &from_len);
	const char *found = escape < 0 ? NULL : memchr(to, escape, to_len);

	fuzz_assert(!socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, channel));
	fuzz_assert(!socketpair(AF_UNIX, SOCK_STREAM, 0, terminal));
	fuzz_assert(!socketpair(AF_UNIX, SOCK_STREAM, 0, output));
	expected = found ? (size_t)(found - to) : to_len;
	send_pieces(input, terminal[1], to, to_len);
	shutdown(terminal[1], SHUT_WR);
	send_pieces(input, channel[1], from, from_len);
	/* or else only the escape ends it */
	if (!found || how & 1)
		shutdown(channel[1], SHUT_WR);
	r = bridge(channel[0], terminal[0], output[0], escape);
	fuzz_assert(r == 0);
	n = drain(channel[1]);
	fuzz_assert(n <= expected && !memcmp(got, to, n));
	if (found && !(how & 1))
		fuzz_assert(n == expected);
	n = drain(output[1]);
	fuzz_assert(n <= from_len && !memcmp(got, from, n));
	if (!found)
		fuzz_assert(n == from_len);
	for (int i = 0; i < 2; i++) {
		close(channel[i]);
		close(terminal[i]);
		close(output[i]);
	}
	free(to);
	free(from);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	uint8_t how = input_byte(&input);

	check(&input, how & 1 ? SOCK_SEQPACKET : SOCK_STREAM,
	      how & 2 ? BRIDGE_ESCAPE : BRIDGE_NO_ESCAPE);
	return 0;
}
