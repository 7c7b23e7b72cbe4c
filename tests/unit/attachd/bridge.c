// SPDX-License-Identifier: GPL-2.0-or-later
/* The bridge of mydevicectl connect, between sockets and pipes. */
#include "harness.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/util.h"
#include "ctl/bridge.h"

struct ends {
	int channel, far;		/* a socket pair */
	int input, typed;		/* a pipe: typed is written to */
	int output, shown;		/* a pipe: shown is read from */
	int escape;
	int result;
	pthread_t thread;
};

static void *run(void *userdata)
{
	struct ends *e = userdata;

	e->result = bridge(e->channel, e->input, e->output, e->escape);
	close(e->channel);
	close(e->output);
	return NULL;
}

static void begin_with(struct ends *e, const int pair[2], int escape)
{
	int in[2], out[2];

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	*e = (struct ends){
		.channel = pair[0], .far = pair[1],
		.input = in[0], .typed = in[1],
		.output = out[1], .shown = out[0],
		.escape = escape,
	};
	assert_int_equal(fcntl(e->channel, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(pthread_create(&e->thread, NULL, run, e), 0);
}

static void begin(struct ends *e, int type, int escape)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, type, 0, pair), 0);
	begin_with(e, pair, escape);
}

static void end(struct ends *e)
{
	pthread_join(e->thread, NULL);
	close(e->far);
	close(e->input);
	close(e->typed);
	close(e->shown);
}

static void expect(int fd, const char *text)
{
	char found[256] = "";
	size_t n = 0;

	while (n < strlen(text)) {
		ssize_t r = read(fd, found + n, strlen(text) - n);

		assert_true(r > 0);
		n += (size_t)r;
	}
	assert_string_equal(found, text);
}

static void expect_end(int fd)
{
	char byte;

	assert_int_equal(read(fd, &byte, 1), 0);
}

static void type(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* Our input ends first: the other side is told, and still heard. */
static void test_half_close(void **state)
{
	struct ends e;

	begin(&e, SOCK_STREAM, BRIDGE_NO_ESCAPE);
	type(e.typed, "question\x1d");
	expect(e.far, "question\x1d");
	close(e.typed);
	e.typed = -1;
	expect_end(e.far);
	type(e.far, "answer");
	shutdown(e.far, SHUT_WR);
	expect(e.shown, "answer");
	expect_end(e.shown);
	end(&e);
	assert_int_equal(e.result, 0);
}

/* Both ends of ours are done with: the other side need not close first. */
static void test_nobody_reads(void **state)
{
	struct ends e;

	begin(&e, SOCK_STREAM, BRIDGE_NO_ESCAPE);
	type(e.typed, "question");
	expect(e.far, "question");
	type(e.far, "answer");
	expect(e.shown, "answer");
	close(e.shown);
	e.shown = -1;
	/* not before the input ends, too */
	type(e.typed, "more");
	expect(e.far, "more");
	close(e.typed);
	e.typed = -1;
	end(&e);
	assert_int_equal(e.result, -EPIPE);
}

static void test_other_end_closes(void **state)
{
	struct ends e;

	begin(&e, SOCK_STREAM, BRIDGE_NO_ESCAPE);
	type(e.far, "last words");
	close(e.far);
	e.far = -1;
	expect(e.shown, "last words");
	expect_end(e.shown);
	end(&e);
	assert_int_equal(e.result, 0);
}

static void test_escape(void **state)
{
	struct ends e;

	begin(&e, SOCK_STREAM, BRIDGE_ESCAPE);
	type(e.typed, "before\x1d" "behind");
	expect(e.far, "before");
	expect_end(e.far);
	end(&e);
	assert_int_equal(e.result, 0);
}

/* More than any buffer holds, in both directions at once. */
static void test_bulk(void **state)
{
	enum { SIZE = 8 << 20 };
	size_t sent = 0, got = 0;
	char *buffer = malloc(SIZE), *found = malloc(SIZE);
	struct ends e;

	for (size_t i = 0; i < SIZE; i++)
		buffer[i] = (char)(i * 31 + i / 4096);
	begin(&e, SOCK_STREAM, BRIDGE_NO_ESCAPE);
	while (got < SIZE) {
		ssize_t n;

		if (sent < SIZE) {
			n = write(e.typed, buffer + sent, SIZE - sent < 4096 ? SIZE - sent : 4096);
			assert_true(n > 0);
			sent += (size_t)n;
		}
		n = read(e.far, found + got, 4096);
		assert_true(n > 0);
		got += (size_t)n;
	}
	assert_memory_equal(buffer, found, SIZE);
	shutdown(e.far, SHUT_RDWR);
	end(&e);
	assert_int_equal(e.result, 0);
	free(buffer);
	free(found);
}

/* A channel of packets takes no more than so much at once. */
static void test_packets(void **state)
{
	char text[65536], found[65536];
	size_t got = 0;
	struct ends e;
	int size = 4096;

	memset(text, 'x', sizeof(text));
	begin(&e, SOCK_SEQPACKET, BRIDGE_NO_ESCAPE);
	assert_int_equal(setsockopt(e.channel, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	assert_int_equal(write(e.typed, text, sizeof(text)), sizeof(text));
	while (got < sizeof(text)) {
		ssize_t n = read(e.far, found, sizeof(found));

		assert_in_range(n, 1, 16384);
		got += (size_t)n;
	}
	assert_int_equal(got, sizeof(text));
	/* one packet, one piece */
	assert_int_equal(write(e.far, text, 3000), 3000);
	assert_int_equal(read(e.shown, found, sizeof(found)), 3000);
	close(e.far);
	e.far = -1;
	end(&e);
	assert_int_equal(e.result, 0);
}

/* A channel with a direction: what is typed goes nowhere, but for the escape. */
static void test_read_only(void **state)
{
	struct ends e;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	begin_with(&e, ends, BRIDGE_ESCAPE);
	type(e.typed, "nothing");
	type(e.far, "from the guest");
	expect(e.shown, "from the guest");
	type(e.typed, "\x1d");
	end(&e);
	assert_int_equal(e.result, 0);
	/* the end of the input is none of the channel's */
	assert_int_equal(pipe(ends), 0);
	begin_with(&e, ends, BRIDGE_NO_ESCAPE);
	close(e.typed);
	e.typed = -1;
	usleep(20000);
	type(e.far, "last");
	close(e.far);
	e.far = -1;
	expect(e.shown, "last");
	expect_end(e.shown);
	end(&e);
	assert_int_equal(e.result, 0);
}

/* And one that nothing comes from. */
static void test_write_only(void **state)
{
	struct ends e;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	begin_with(&e, (int[]){ ends[1], ends[0] }, BRIDGE_NO_ESCAPE);
	type(e.typed, "to the guest");
	expect(e.far, "to the guest");
	close(e.typed);
	e.typed = -1;
	expect_end(e.far);
	end(&e);
	assert_int_equal(e.result, 0);
	/* the other end has closed */
	assert_int_equal(pipe(ends), 0);
	begin_with(&e, (int[]){ ends[1], ends[0] }, BRIDGE_NO_ESCAPE);
	close(e.far);
	e.far = -1;
	end(&e);
	assert_int_equal(e.result, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_half_close),
		cmocka_unit_test(test_nobody_reads),
		cmocka_unit_test(test_other_end_closes),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_bulk),
		cmocka_unit_test(test_packets),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_write_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
